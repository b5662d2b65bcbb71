"""What a node and its guest say to each other before devices are spoken to: one line each, checked."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import cast

from engine.runtime.wire import Codec, WireError

PROTOCOL = 2
FACTS, DEVICE, ECHO = "facts", "device", "echo"  # what a guest may want
BUSY, OTHER_BUILD = "busy", "other_build"  # why a node refuses
_LONGEST = 16 * 1024  # bytes of a line
_MOST_DEVICES = 64


@dataclass(frozen=True, slots=True)
class NodeDevice:
    """What a node computes on. Sizes in bytes, rates in bytes per second."""

    name: str
    memory_bytes: int  # that a model may take
    bandwidth: float  # of that memory, or of weights through a processor; 0: not known
    operations: float = 0.0  # a second, of a processor that reads a prompt; 0: a graphics card


@dataclass(frozen=True, slots=True)
class Knock:
    """A guest's first line."""

    protocol: int
    build: str  # which llama.cpp: what it sends must be understood to the last byte
    wants: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A node's line. Refused where `refused` says why; then `devices` is empty."""

    protocol: int
    build: str
    refused: str
    devices: tuple[NodeDevice, ...]


_CODEC = Codec((Knock, Answer))


def send_line(connection: socket.socket, message: Knock | Answer) -> None:
    """Raises: OSError."""
    connection.sendall(_CODEC.encode(message) + b"\n")


def receive_knock(connection: ssl.SSLSocket) -> Knock:
    """Raises: WireError, OSError."""
    found = _CODEC.decode(_line(connection))
    if not isinstance(found, Knock):
        raise WireError("not a knock")
    return found


def receive_answer(connection: ssl.SSLSocket) -> Answer:
    """Raises: WireError, also for devices that there cannot be; OSError."""
    found = cast(Answer, _CODEC.decode(_line(connection)))
    if not isinstance(found, Answer) or len(found.devices) > _MOST_DEVICES:
        raise WireError("not an answer")
    for device in found.devices:
        if not 0 <= device.memory_bytes < 1 << 50 or not 0 <= device.bandwidth < 1e15:
            raise WireError("a device that there cannot be")
        if device.operations and not 1e6 <= device.operations < 1e18:
            raise WireError("a processor that there cannot be")
        if not device.name.isprintable() or len(device.name) > 200:
            raise WireError("a name that there cannot be")
    return found


def _line(connection: ssl.SSLSocket) -> bytes:
    """Byte by byte, since what follows belongs to somebody else. Raises: WireError, OSError."""
    line = bytearray()
    while len(line) < _LONGEST:
        byte = connection.recv(1)
        if not byte:
            raise WireError("it hung up")
        if byte == b"\n":
            return bytes(line)
        line += byte
    raise WireError("a line without an end")
