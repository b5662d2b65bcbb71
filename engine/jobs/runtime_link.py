"""Brings the runtime's events to the job that waits for them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from engine.events import Emit, Event, JobCancelled, JobFailed, JobFinished, JobId


class RuntimeLink:
    """Events of a job with an inbox go there, all others (a later crash, say) straight on."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._lock = threading.Lock()
        self._inboxes: dict[JobId, queue.SimpleQueue[Event]] = {}

    def on_event(self, event: Event) -> None:
        """Given to the runtime client as its `emit`; any thread."""
        with self._lock:
            inbox = self._inboxes.get(event.job)
            if inbox is not None:
                inbox.put(event)  # under the lock: an inbox that is being closed takes nothing more
                return
        self._emit(event)

    @contextmanager
    def inbox(self, job: JobId) -> Iterator[queue.SimpleQueue[Event]]:
        """Open while the job lives; what is still in it at the end is passed on.

        Endings are not: whoever opened the inbox says how the job ended.
        """
        box: queue.SimpleQueue[Event] = queue.SimpleQueue()
        with self._lock:
            self._inboxes[job] = box
        try:
            yield box
        finally:
            with self._lock:
                del self._inboxes[job]
            while not box.empty():
                event = box.get()
                if not isinstance(event, JobFinished | JobCancelled | JobFailed):
                    self._emit(event)
