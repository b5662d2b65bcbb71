"""Writes the channel, without ever making a decode wait for a slow reader.

Whoever has something to say writes it himself as long as that does not block: handing it to another
thread would cost more than the message. What does not go at once is left to a thread of our own, and so
is everything until the reader has caught up; pieces of one answer are joined then, so that what waits is
bounded by the answers themselves.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import replace

from engine.events import JobId, TokenDelta
from engine.runtime.channel import Channel, ChannelClosed, frame
from engine.runtime.protocol import FromWorker, PromptProgress
from engine.runtime.wire import encode, encode_piece

_PAUSE_S = 0.04  # between pieces of an answer: below what an eye sees; waking a reader costs something
_LONG_PAUSE_S = 0.06  # where more than so many tokens came in one: nobody reads them one by one
_MANY_TOKENS = 3
_JOINED = (TokenDelta, PromptProgress)


class Outbox:
    """Thread-safe. Nothing here waits."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting: list[FromWorker] = []
        self._last_of: dict[JobId, int] = {}  # index in `_waiting` of a job's last delta or progress
        # When pieces of answers are to be handed on again, in monotonic seconds. What is urgent in between
        # does not put it off.
        self.due = 0.0
        self._rest = b""  # of what did not go at once
        self._blocked = False  # the thread is writing, or about to
        threading.Thread(target=self._catch_up, name="outbox", daemon=True).start()

    def put(self, message: FromWorker) -> None:
        """In order, at once; what can be joined to a waiting message of the same job is."""
        with self._lock:
            if not self._join(message):
                self._append(message)
            self._write()

    def flush(self, pieces: Sequence[TokenDelta], now: float) -> None:
        """Writes pieces of answers that were not put."""
        if not pieces:
            return
        many = any(piece.tokens > _MANY_TOKENS for piece in pieces)
        self.due = now + (_LONG_PAUSE_S if many else _PAUSE_S)
        with self._lock:
            for piece in pieces:
                # As long as nothing waits there is nothing to join it to.
                if not self._waiting or not self._join(piece):
                    self._append(piece)
            self._write()

    def _append(self, message: FromWorker) -> None:
        self._waiting.append(message)
        if isinstance(message, _JOINED):
            self._last_of[message.job] = len(self._waiting) - 1

    def _join(self, message: FromWorker) -> bool:
        if not isinstance(message, _JOINED) or message.job not in self._last_of:
            return False
        index = self._last_of[message.job]
        last = self._waiting[index]
        if (
            isinstance(message, TokenDelta)
            and isinstance(last, TokenDelta)
            and last.reasoning == message.reasoning
        ):
            self._waiting[index] = replace(
                last,
                text=last.text + message.text,
                tokens=last.tokens + message.tokens,
                logprobs=last.logprobs + message.logprobs,
            )
            return True
        if isinstance(message, PromptProgress) and isinstance(last, PromptProgress):
            self._waiting[index] = message
            return True
        return False

    def _write(self) -> None:
        """Under the lock. As much as goes without waiting."""
        if self._blocked:
            return  # the thread takes this too
        frames = self._take()
        try:
            self._rest = frames[self._channel.offer(frames) :]
        except ChannelClosed:
            os._exit(0)  # nobody listens any more; see inbox.py
        if self._rest:
            self._blocked = True
            self._changed.notify()

    def _take(self) -> bytes:
        """Under the lock."""
        taken, self._waiting = self._waiting, []
        self._last_of.clear()
        return b"".join([frame(_encoded(message)) for message in taken])

    def _catch_up(self) -> None:
        try:
            while True:
                with self._changed:
                    while not self._blocked:
                        self._changed.wait()
                    rest = self._rest
                self._channel.finish(rest)
                with self._changed:
                    self._rest = self._take()
                    self._blocked = bool(self._rest)
        except ChannelClosed:
            os._exit(0)


def _encoded(message: FromWorker) -> bytes:
    if type(message) is not TokenDelta or message.logprobs:
        return encode(message)
    return encode_piece(message.job, message.text, message.reasoning, message.tokens)
