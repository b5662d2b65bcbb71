"""Writes the channel in a thread of its own, so that a slow reader never stalls a decode.

Deltas of one answer that wait to be written are joined: at most one write in 15 ms, but the
first of every answer goes at once. What waits is bounded by the answers themselves.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

from engine.events import JobId
from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.protocol import Delta, Failed, Finished, FromWorker, PromptProgress
from engine.runtime.wire import encode

_PAUSE_S = 0.015  # below what an eye sees, above what waking a reader costs


class Outbox:
    """`put` never waits."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._changed = threading.Condition()
        self._waiting: list[FromWorker] = []
        self._last_of: dict[JobId, int] = {}  # index in `_waiting` of a job's last delta or progress
        self._streaming: set[JobId] = set()  # answers whose first delta was put
        self._urgent = False
        threading.Thread(target=self._write_all, name="outbox", daemon=True).start()

    def put(self, message: FromWorker) -> None:
        """In order; what can be joined to a waiting message of the same job is."""
        with self._changed:
            if not self._join(message):
                self._append(message)
            if self._is_urgent(message):
                self._urgent = True
            self._changed.notify()

    def _append(self, message: FromWorker) -> None:
        self._waiting.append(message)
        if isinstance(message, Delta | PromptProgress):
            self._last_of[message.job] = len(self._waiting) - 1

    def _join(self, message: FromWorker) -> bool:
        if not isinstance(message, Delta | PromptProgress) or message.job not in self._last_of:
            return False
        index = self._last_of[message.job]
        last = self._waiting[index]
        if isinstance(message, Delta) and isinstance(last, Delta) and last.reasoning == message.reasoning:
            text, tokens = last.text + message.text, last.tokens + message.tokens
            self._waiting[index] = replace(last, text=text, tokens=tokens)
            return True
        if isinstance(message, PromptProgress) and isinstance(last, PromptProgress):
            self._waiting[index] = message
            return True
        return False

    def _is_urgent(self, message: FromWorker) -> bool:
        if isinstance(message, Finished | Failed):
            self._streaming.discard(message.job)
        if not isinstance(message, Delta):
            return True
        first = message.job not in self._streaming
        self._streaming.add(message.job)
        return first

    def _take(self, not_before: float) -> list[FromWorker]:
        with self._changed:
            while not self._waiting:
                self._changed.wait()
            while not self._urgent and (left := not_before - time.monotonic()) > 0:
                self._changed.wait(left)
            taken, self._waiting = self._waiting, []
            self._last_of.clear()
            self._urgent = False
            return taken

    def _write_all(self) -> None:
        not_before = 0.0
        try:
            while True:
                for message in self._take(not_before):
                    self._channel.send(encode(message))
                not_before = time.monotonic() + _PAUSE_S
        except ChannelClosed:
            os._exit(0)  # nobody listens any more; see inbox.py
