"""Asks a node whether it is there and speaks our version, before llama.cpp talks to it.

llama.cpp itself ends the process where a node is not there, and waits for ever for one that is busy:
a node serves one program at a time.
"""

from __future__ import annotations

import contextlib
import socket

from engine.errors import LoadError
from engine.hardware.nodes import local_address

# ggml-rpc.h of the pinned llama.cpp
_MAJOR, _MINOR = 7, 0
_HELLO = 14
_CAPABILITIES = 24  # bytes
_PATIENCE_S = 5.0


def greet(endpoint: str, patience_s: float = _PATIENCE_S) -> None:
    """Raises: LoadError, when nobody answers there in that time, or in another version."""
    address = local_address(endpoint)
    try:
        with contextlib.closing(socket.create_connection(address, patience_s)) as connection:
            connection.settimeout(patience_s)
            connection.sendall(_message(bytes(_CAPABILITIES)))
            answer = _exactly(connection, 8 + 4 + _CAPABILITIES)
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise LoadError.of("node_unreachable", endpoint=endpoint, reason=reason) from error
    if int.from_bytes(answer[:8], "little") != 4 + _CAPABILITIES:
        raise LoadError.of("node_unreachable", endpoint=endpoint, reason="it is something else")
    major, minor, patch = answer[8:11]
    if major != _MAJOR or minor > _MINOR:
        version = f"{major}.{minor}.{patch}"
        raise LoadError.of(
            "node_other_version", endpoint=endpoint, version=version, ours=f"{_MAJOR}.{_MINOR}"
        )


def answers(endpoint: str, patience_s: float) -> bool:
    """Whether somebody listens there at all; a busy node does."""
    try:
        socket.create_connection(local_address(endpoint), patience_s).close()
    except (OSError, LoadError):
        return False
    return True


def _message(body: bytes) -> bytes:
    return bytes([_HELLO]) + len(body).to_bytes(8, "little") + body


def _exactly(connection: socket.socket, count: int) -> bytes:
    """Raises: OSError, when it ends before."""
    got = b""
    while len(got) < count:
        piece = connection.recv(count - len(got))
        if not piece:
            raise ConnectionError("it hung up")
        got += piece
    return got
