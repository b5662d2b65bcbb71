"""Reads the channel in a thread of its own, so that a cancel or the end is seen during a decode."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator

from engine.events import JobId
from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.protocol import Cancel, CancelSeen, ToWorker
from engine.runtime.wire import WireError, decode_to_worker
from engine.runtime.worker.outbox import Outbox

_ORDERLY_EXIT = 0
_PROTOCOL_EXIT = 70  # EX_SOFTWARE: the program spoke nonsense


class Inbox:
    """Messages in their order. Ends the whole process, at once, when the channel closes."""

    def __init__(self, channel: Channel, outbox: Outbox) -> None:
        self._channel = channel
        self._outbox = outbox
        self._messages: queue.SimpleQueue[ToWorker] = queue.SimpleQueue()
        self._cancelled: set[JobId] = set()
        self.interrupt: Callable[[JobId], None] | None = None  # stops a decode of that job early
        threading.Thread(target=self._read_all, name="inbox", daemon=True).start()

    def take(self) -> ToWorker:
        """Waits for the next message."""
        return self._messages.get()

    def waiting(self) -> Iterator[ToWorker]:
        """What is there already; never waits."""
        while True:
            try:
                yield self._messages.get_nowait()
            except queue.Empty:
                return

    def is_cancelled(self, job: JobId) -> bool:
        """Whether a cancel of that job has arrived, even if it was not taken yet."""
        return job in self._cancelled

    def _read_all(self) -> None:
        try:
            while True:
                self._receive(decode_to_worker(self._channel.receive()))
        except ChannelClosed:
            # The main thread may be deep in native code: nothing gentler ends it now.
            os._exit(_ORDERLY_EXIT)
        except WireError as error:
            os.write(2, f"worker: {error}\n".encode("utf-8", "replace"))
            os._exit(_PROTOCOL_EXIT)

    def _receive(self, message: ToWorker) -> None:
        if isinstance(message, Cancel):
            self._cancelled.add(message.job)
            self._outbox.put(CancelSeen(message.job))
        self._messages.put(message)
        # After the message is in the queue: whoever is interrupted will find it there.
        if isinstance(message, Cancel) and self.interrupt is not None:
            self.interrupt(message.job)
