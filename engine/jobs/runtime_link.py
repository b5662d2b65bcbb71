"""Brings the runtime's events to the job that waits for them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from engine.cancellation import CancelToken
from engine.errors import Cancelled, DesksideError
from engine.events import Emit, Event, JobCancelled, JobFailed, JobFinished, JobId

_POLL_S: Final = 0.05


def events_until_end(
    inbox: queue.SimpleQueue[Event],
    token: CancelToken,
    stop: Callable[[], None],
    failure: type[DesksideError],
) -> Iterator[Event | None]:
    """A job's events until it ended; None at every pause, for what the caller does meanwhile.

    `stop` is called once, when `token` is cancelled.
    Raises: Cancelled after a stop, `failure` with the runtime's sentence when the job failed.
    """
    asked = False
    while True:
        if token.cancelled and not asked:
            stop()
            asked = True
        try:
            event = inbox.get(timeout=_POLL_S)
        except queue.Empty:
            yield None
            continue
        if isinstance(event, JobFinished):
            return
        if isinstance(event, JobCancelled):
            raise Cancelled
        if isinstance(event, JobFailed):
            raise failure(event.message)
        yield event


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
