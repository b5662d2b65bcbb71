"""Calls to a node: what it has, how far away it is, and a connection to its devices."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import ssl
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import LoadError, UsageError
from engine.runtime.build import engine_build
from engine.runtime.node_words import (
    BUSY,
    DEVICE,
    ECHO,
    FACTS,
    PROTOCOL,
    Answer,
    Knock,
    NodeDevice,
    receive_answer,
    send_line,
)
from engine.runtime.pairing import GUEST, NODE, proves_itself, tls_of
from engine.runtime.relay import lively
from engine.runtime.wire import WireError

PATIENCE_S = 5.0
_ROUND_TRIPS = 20
_PIECE = 256 * 1024
_RATE_S = 0.4  # for the rate of the connection
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Distance:
    """Of a connection to a node, encryption included."""

    round_trip_s: float
    rate: float  # bytes per second


def parse_address(text: str) -> tuple[str, int]:
    """(host, port) of "HOST:PORT" or "[ADDRESS]:PORT". Raises: UsageError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
        named = True
    except ValueError:
        named = _NAME.fullmatch(host) is not None
    if not named or not port.isascii() or not port.isdecimal() or not 0 < int(port[:6]) < 65_536:
        raise UsageError.of("node_address_malformed", address=text)
    return host, int(port)


def ask_node(address: str, key: str, patience_s: float = PATIENCE_S) -> tuple[NodeDevice, ...]:
    """Its devices. Raises: UsageError, LoadError."""
    connection, answer = call_node(address, key, FACTS, patience_s)
    connection.close()
    return answer.devices


def measure_distance(address: str, key: str) -> Distance:
    """Raises: UsageError, LoadError."""
    connection, _ = call_node(address, key, ECHO)
    with contextlib.closing(connection), _said(address):
        trips = []
        for _ in range(_ROUND_TRIPS):
            began = time.perf_counter()
            _echoed(connection, b"\0")
            trips.append(time.perf_counter() - began)
        sent, began = 0, time.perf_counter()
        while time.perf_counter() - began < _RATE_S:
            _echoed(connection, bytes(_PIECE))
            sent += 2 * _PIECE
        spent = time.perf_counter() - began - sent / (2 * _PIECE) * statistics.median(trips)
    return Distance(statistics.median(trips), sent / max(spent, _RATE_S / 10))


def call_node(
    address: str, key: str, wants: str, patience_s: float = PATIENCE_S
) -> tuple[ssl.SSLSocket, Answer]:
    """A connection on which the node has answered, and will do what was wanted.

    Raises: UsageError, for an address or key that is none; LoadError, saying what is wrong.
    """
    place, context = parse_address(address), tls_of(key, GUEST)
    with _said(address):
        plain = socket.create_connection(place, patience_s)
        try:
            plain.settimeout(patience_s)
            lively(plain)
            secured = context.wrap_socket(plain)
        except BaseException:
            plain.close()
            raise
        try:
            if not proves_itself(secured, key, NODE):
                raise LoadError.of("node_wrong_key", address=address)
            send_line(secured, Knock(PROTOCOL, engine_build(), wants))
            answer = receive_answer(secured)
            _check(address, answer)
        except BaseException:
            secured.close()
            raise
    return secured, answer


def _check(address: str, answer: Answer) -> None:
    """Raises: LoadError."""
    if answer.protocol != PROTOCOL or answer.build != engine_build():
        raise LoadError.of("node_other_build", address=address)
    if answer.refused == BUSY:
        raise LoadError.of("node_busy", address=address)
    if answer.refused:
        raise LoadError.of("node_unreachable", endpoint=address, reason="it refuses")


@contextlib.contextmanager
def _said(address: str) -> Iterator[None]:
    """What may go wrong, in a sentence."""
    try:
        yield
    except ssl.SSLError as error:
        # A node ends the conversation at a certificate that it does not know, and so do we.
        stranger = isinstance(error, ssl.SSLCertVerificationError) or any(
            word in str(error.reason) for word in ("CERT", "UNKNOWN_CA", "DECRYPT_ERROR")
        )
        code = "node_wrong_key" if stranger else "node_talks_nonsense"
        raise LoadError.of(code, address=address) from error
    except TimeoutError as error:
        raise LoadError.of("node_stalls", address=address) from error
    except WireError as error:
        raise LoadError.of("node_talks_nonsense", address=address) from error
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise LoadError.of("node_unreachable", endpoint=address, reason=reason) from error


def _echoed(connection: ssl.SSLSocket, data: bytes) -> None:
    """Raises: OSError, WireError."""
    connection.sendall(data)
    left = len(data)
    while left:
        piece = connection.recv(min(left, _PIECE))
        if not piece:
            raise WireError("it hung up")
        left -= len(piece)


__all__ = ["DEVICE", "Distance", "ask_node", "call_node", "measure_distance", "parse_address"]
