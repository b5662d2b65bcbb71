"""One attached client, as the host sees it.

Whoever has something to tell writes it himself as long as that does not block: handing it to another
thread would cost more than the message. What does not go at once waits in a queue of bounded size: a
client that reads slowly delays nobody, and one that does not read at all is dropped, which cancels
what it asked for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from engine.events import JobId, TokenDelta
from engine.host.protocol import PROTOCOL, VERSION, FromHost, Greet, ToHost, decode_to_host, encode_from_host
from engine.host.sockets import sever
from engine.runtime.channel import Channel, ChannelClosed, frame
from engine.runtime.wire import WireError, encode_piece

log = logging.getLogger(__name__)

MOST_WAITING_BYTES: Final = 64 << 20
STALL_LIMIT_S: Final = 10.0  # without any progress while something waits
GREETING_LIMIT_S: Final = 10.0


class Session:
    """`send` and `send_piece` may be called from any thread and never wait."""

    def __init__(
        self,
        channel: Channel,
        on_message: Callable[[Session, ToHost], None],
        on_end: Callable[[Session], None],
    ) -> None:
        """Both are called from the session's own thread; a greeting is the first message, and
        `on_end` the last call."""
        self._channel = channel
        self._on_message = on_message
        self._on_end = on_end
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._writing_since: float | None = None  # monotonic; the sender has been at one message since
        self._ended = False
        self.same_version = False
        self.jobs: dict[JobId, JobId] = {}  # the pool's: host-wide ids of open jobs, by the client's own
        self._reader = threading.Thread(target=self._read_all, name="client-reader", daemon=True)
        self._sender = threading.Thread(target=self._write_all, name="client-sender", daemon=True)

    def start(self) -> None:
        self._sender.start()
        self._reader.start()

    def send(self, message: FromHost) -> None:
        self._send(encode_from_host(message))

    def send_piece(self, job: JobId, piece: TokenDelta) -> None:
        """As `send`, under the client's job: what is said most often by far."""
        if piece.logprobs:
            self.send(replace(piece, job=job))
        else:
            self._send(encode_piece(job, piece.text, piece.reasoning, piece.tokens))

    def _send(self, message: bytes) -> None:
        body = frame(message)
        with self._lock:
            if self._ended:
                return
            if not self._waiting:
                body = self._offer(body)
            if body:
                self._waiting.append(body)
                self._waiting_bytes += len(body)
                self._changed.notify()
            too_much = self._waiting_bytes > MOST_WAITING_BYTES
        if too_much:
            self.drop("it reads too slowly")

    def _offer(self, body: bytes) -> bytes:
        """Sends what goes without waiting; returns the rest."""
        try:
            return body[self._channel.offer(body) :]
        except ChannelClosed:
            return b""  # the reader sees it too, and ends the session

    def drop(self, reason: str = "") -> None:
        """Ends the session at once; `on_end` follows from its own thread. `reason` is logged."""
        with self._changed:
            if self._ended:
                return
            self._ended = True
            self._changed.notify_all()
        if reason:
            log.warning("a client was dropped: %s", reason)
        sever(self._channel)

    def drop_if_stalled(self) -> None:
        since = self._writing_since
        if since is not None and time.monotonic() - since > STALL_LIMIT_S:
            self.drop(f"it has read nothing for {STALL_LIMIT_S:.0f} s")

    def flush(self, seconds: float) -> None:
        """Waits until all is sent, at most that long."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or not self._waiting_bytes, seconds)

    # the session's threads
    def _read_all(self) -> None:
        try:
            self._greet()
            while True:
                self._on_message(self, decode_to_host(self._channel.receive()))
        except ChannelClosed:
            self.drop()
        except WireError as error:
            self.drop(f"it talks nonsense ({error})")
        finally:
            self.drop("its thread failed")
            self._sender.join()
            self._channel.close()
            self._on_end(self)

    def _greet(self) -> None:
        if not self._channel.wait(GREETING_LIMIT_S):
            raise WireError("no greeting")
        greeting = decode_to_host(self._channel.receive())
        if not isinstance(greeting, Greet):
            raise WireError("no greeting")
        self.same_version = (greeting.version, greeting.protocol) == (VERSION, PROTOCOL)
        self._on_message(self, greeting)

    def _write_all(self) -> None:
        while (body := self._next()) is not None:
            self._writing_since = time.monotonic()
            try:
                self._channel.finish(body)
            except ChannelClosed:
                self.drop()
                return
            self._writing_since = None
            with self._changed:
                self._waiting.popleft()
                self._waiting_bytes -= len(body)
                if not self._waiting:
                    self._changed.notify_all()

    def _next(self) -> bytes | None:
        """The oldest that waits; it stays there until it is sent, so that nothing overtakes it."""
        with self._changed:
            while not self._waiting and not self._ended:
                self._changed.wait()
            return None if self._ended else self._waiting[0]
