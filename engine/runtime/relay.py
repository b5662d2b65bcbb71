"""Passes bytes between a plain connection on loopback and an encrypted one, both ways, in one thread.

An encrypted connection must not be used by two threads at once, so one thread waits for both sides.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import sys
import time

_PIECE = 256 * 1024
_KEEPALIVE = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 25_000))


def lively(connection: socket.socket) -> None:
    """Small messages go at once, and a machine that is switched off is noticed within half a minute."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE if sys.platform == "linux" else ():
        connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class Silence:
    """How long a side has said nothing since it was told something. Of one thread; others may ask."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def told(self) -> None:
        self._since = time.monotonic()

    def heard(self) -> None:
        self._since = None


def relay(plain: socket.socket, secured: ssl.SSLSocket, silence: Silence | None = None) -> bool:
    """Until one of them ends. Whether that was the encrypted one, whose `silence` is told; neither is
    closed."""
    plain.setblocking(False)
    secured.setblocking(False)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with selectors.DefaultSelector() as selector:
        passing = _Relay(plain, secured, selector, silence or Silence())
        with contextlib.suppress(OSError):
            passing.run()
        return passing.last is secured


def hang_up(*connections: socket.socket) -> None:
    """Whoever waits at the other end learns of it at once."""
    for one in connections:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


class _Relay:
    """What was read from one side waits here until the other one has taken it."""

    def __init__(
        self,
        plain: socket.socket,
        secured: ssl.SSLSocket,
        selector: selectors.BaseSelector,
        silence: Silence,
    ) -> None:
        self._plain, self._secured, self._selector = plain, secured, selector
        self._silence = silence
        self._outward = memoryview(b"")  # for the encrypted side
        self._inward = memoryview(b"")
        self.last: socket.socket = plain  # that something was done with
        self._masks = {plain: selectors.EVENT_READ, secured: selectors.EVENT_READ}
        for one, mask in self._masks.items():
            selector.register(one, mask)

    def run(self) -> None:
        """Raises: OSError, when a side breaks off."""
        while self._pass_on():
            if not self._secured.pending() or self._inward:
                self._wait()

    def _pass_on(self) -> bool:
        """As much as goes without waiting. False when a side has ended."""
        if self._inward:
            self.last = self._plain
            self._inward = self._inward[_sent(self._plain, self._inward) :]
        if self._outward:
            self.last = self._secured
            self._outward = self._outward[_sent(self._secured, self._outward) :]
            self._silence.told()
        for source, inward in ((self._secured, True), (self._plain, False)):
            if self._inward if inward else self._outward:
                continue
            self.last = source
            piece = _received(source)
            if piece == b"":
                return False
            if piece is not None and inward:
                self._inward = memoryview(piece)
                self._silence.heard()
            elif piece is not None:
                self._outward = memoryview(piece)
        return True

    def _wait(self) -> None:
        read, write = selectors.EVENT_READ, selectors.EVENT_WRITE
        # The encrypted side may have to read before it can write: it is always listened to, unless what
        # came from it has not gone on yet.
        self._watch(self._plain, write * bool(self._inward) | read * (not self._outward))
        self._watch(self._secured, write * bool(self._outward) | read * (not self._inward))
        self._selector.select()

    def _watch(self, one: socket.socket, mask: int) -> None:
        if self._masks[one] == mask:
            return
        if not self._masks[one]:
            self._selector.register(one, mask)
        elif not mask:
            self._selector.unregister(one)
        else:
            self._selector.modify(one, mask)
        self._masks[one] = mask


def _sent(target: socket.socket, data: memoryview) -> int:
    try:
        return target.send(data)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return 0


def _received(source: socket.socket) -> bytes | None:
    """Empty at the end, None when there is nothing yet."""
    try:
        return source.recv(_PIECE)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None
