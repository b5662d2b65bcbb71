"""The private channel between the program and a worker: length-prefixed messages, nothing else.

A socket pair on POSIX, a pipe on Windows. Never stdout: native code prints there.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import struct
import sys
import threading
from typing import Any

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as _Connection
else:
    from multiprocessing.connection import Connection as _Connection

_LENGTH = struct.Struct("!i")  # in front of every message, as multiprocessing.connection has it
_READ_BYTES = 64 * 1024  # at once
LARGEST_MESSAGE = 64 * 1024 * 1024  # bytes; a long conversation is a few MiB


class ChannelClosed(Exception):
    """The other side is gone, or does not keep to the channel's form."""


class Channel:
    """One end. `send` is thread-safe; `receive` belongs to one thread."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        # The same once more, where a socket has quicker calls.
        self._socket = None if sys.platform == "win32" else _socket_of(connection)
        self._received = bytearray()  # that no message was made of yet

    @classmethod
    def adopt(cls, handle: int) -> Channel:
        """The end that was handed to this process. Raises: OSError, if it is none."""
        if sys.platform != "win32":
            os.fstat(handle)
            os.set_inheritable(handle, False)
        return cls(_Connection(handle))

    def send(self, body: bytes) -> None:
        """Blocks while the other side reads too slowly. Raises: ChannelClosed."""
        if len(body) > LARGEST_MESSAGE:
            raise ValueError(f"a message of {len(body)} bytes")
        try:
            with self._sending:
                self._connection.send_bytes(body)
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def offer(self, frames: bytes) -> int:
        """Sends as much of some `frame`s as goes without waiting. Returns how many bytes that was: the
        rest has to go before anything else (`finish`). Raises: ChannelClosed."""
        if self._socket is None:
            return 0  # a pipe, which has no such call
        try:
            with self._sending:
                return self._socket.send(frames, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def finish(self, rest: bytes) -> None:
        """Sends what `offer` left over, and waits for it. Raises: ChannelClosed."""
        if self._socket is None:
            self._send_frames(rest)
            return
        try:
            with self._sending:
                self._socket.sendall(rest)
        except OSError as error:
            raise ChannelClosed(str(error)) from error

    def _send_frames(self, frames: bytes) -> None:
        """Message by message: on Windows the pipe keeps them apart itself."""
        start = 0
        while start < len(frames):
            (length,) = _LENGTH.unpack_from(frames, start)
            start += _LENGTH.size
            self.send(frames[start : start + length])
            start += length

    def receive(self) -> bytes:
        """Waits for the next message. Raises: ChannelClosed."""
        try:
            if self._socket is None:
                return bytes(self._connection.recv_bytes(LARGEST_MESSAGE))
            if not self._received:
                arrived = self._socket.recv(_READ_BYTES)
                if arrived[: _LENGTH.size] == _LENGTH.pack(len(arrived) - _LENGTH.size):
                    return arrived[_LENGTH.size :]  # one whole message, as nearly always
                if not arrived:
                    raise EOFError
                self._received += arrived
            return self._receive_frame(self._socket)
        except (EOFError, OSError) as error:
            raise ChannelClosed(str(error)) from error

    def _receive_frame(self, source: socket.socket) -> bytes:
        """The others arrive in parts, or several at once."""
        self._receive_until(source, _LENGTH.size)
        (length,) = _LENGTH.unpack_from(self._received)
        if not 0 <= length <= LARGEST_MESSAGE:
            raise ChannelClosed(f"a message of {length} bytes")
        end = _LENGTH.size + length
        self._receive_until(source, end)
        body = bytes(self._received[_LENGTH.size : end])
        del self._received[:end]
        return body

    def _receive_until(self, source: socket.socket, size: int) -> None:
        while (missing := size - len(self._received)) > 0:
            arrived = source.recv(max(missing, _READ_BYTES))
            if not arrived:
                raise EOFError
            self._received += arrived

    def wait(self, seconds: float) -> bool:
        """True as soon as there is something to receive, the end included."""
        try:
            return bool(self._received) or bool(self._connection.poll(seconds))
        except (EOFError, OSError):
            return True  # `receive` says what it is

    def handle(self) -> int:
        """File descriptor on POSIX, handle on Windows."""
        return int(self._connection.fileno())

    def close(self) -> None:
        """Only when no thread is inside `receive` any more, or to make it end."""
        self._connection.close()
        if self._socket is not None:
            self._socket.close()


def frame(body: bytes) -> bytes:
    """A message as it travels."""
    if len(body) > LARGEST_MESSAGE:
        raise ValueError(f"a message of {len(body)} bytes")
    return _LENGTH.pack(len(body)) + body


def channel_pair() -> tuple[Channel, Channel]:
    """Both ends, neither inheritable until handed to a child on purpose."""
    ours, theirs = multiprocessing.Pipe(duplex=True)
    return Channel(ours), Channel(theirs)


def _socket_of(connection: Any) -> socket.socket:
    """Raises: OSError, when it is none."""
    found = socket.socket(fileno=os.dup(connection.fileno()))
    found.setblocking(True)  # whatever the default of this process
    return found
