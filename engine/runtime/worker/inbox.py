"""Reads the channel in a thread of its own, so that a cancel or the end is seen during a decode."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from engine.events import JobId
from engine.lifeline import end_now
from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.protocol import Cancel, CancelSeen, Generate, ToWorker
from engine.runtime.wire import WireError, decode_to_worker
from engine.runtime.worker.admission import Admitted, Refused
from engine.runtime.worker.outbox import Outbox
from engine.runtime.worker.parking import Fetched
from engine.runtime.worker.vision.pictures import Looked

_PROTOCOL_EXIT = 70  # EX_SOFTWARE: the program spoke nonsense
_MOST_REMEMBERED = 4096  # cancels; those of jobs that were over already are never asked for


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request, and when it came (monotonic seconds)."""

    message: Generate
    at: float


Incoming: TypeAlias = ToWorker | Arrived | Admitted | Refused | Fetched | Looked


class Inbox:
    """Messages in their order. Ends the whole process, at once, when the channel closes."""

    def __init__(self, channel: Channel, outbox: Outbox) -> None:
        self._channel = channel
        self._outbox = outbox
        self._messages: queue.SimpleQueue[Incoming] = queue.SimpleQueue()
        self._cancelled: OrderedDict[JobId, None] = OrderedDict()
        self.empty = self._messages.empty  # (): nothing to `take` without waiting; only one thread takes
        self.cancels = 0  # that have arrived
        self.interrupt: Callable[[JobId], None] | None = None  # stops a decode of that job early
        threading.Thread(target=self._read_all, name="inbox", daemon=True).start()

    def take(self, timeout_s: float | None = None) -> Incoming | None:
        """Waits for the next message; None when there was none in that time."""
        try:
            return self._messages.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def post(self, message: Incoming) -> None:
        """Of our own threads."""
        self._messages.put(message)

    def is_cancelled(self, job: JobId) -> bool:
        """Whether a cancel of that job has arrived, even if it was not taken yet."""
        return job in self._cancelled

    def any_cancelled(self, jobs: frozenset[JobId]) -> bool:
        # The jobs are few; `isdisjoint` would go through all that were ever cancelled.
        return any(job in self._cancelled for job in jobs)

    def _read_all(self) -> None:
        try:
            while True:
                self._receive(decode_to_worker(self._channel.receive()))
        except ChannelClosed:
            # The main thread may be deep in native code: nothing gentler ends it now.
            end_now()
        except WireError as error:
            os.write(2, f"worker: {error}\n".encode("utf-8", "replace"))
            os._exit(_PROTOCOL_EXIT)

    def _receive(self, message: ToWorker) -> None:
        if isinstance(message, Cancel):
            self._cancelled[message.job] = None
            self.cancels += 1  # after it can be found
            if len(self._cancelled) > _MOST_REMEMBERED:
                self._cancelled.popitem(last=False)
            self._outbox.put(CancelSeen(message.job))
        self.post(Arrived(message, time.monotonic()) if isinstance(message, Generate) else message)
        # After the message is in the queue: whoever is interrupted will find it there.
        if isinstance(message, Cancel) and self.interrupt is not None:
            self.interrupt(message.job)
