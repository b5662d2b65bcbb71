"""The only thread crossing: engine threads put events in, the GUI thread takes them out."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal

from engine.events import Event

# Bounded so that a flood of events never keeps the window from painting (measured: 256 is well).
EVENTS_PER_PASS = 256

_WAKE = QEvent.Type(QEvent.registerEventType())


class EngineBridge(QObject):
    """`emit` may be called from any thread; `event_arrived` fires on the GUI thread, in order."""

    event_arrived = Signal(object)  # engine.events.Event

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # deque.append and popleft are atomic, so no lock is held while Qt runs.
        self._queue: deque[Event] = deque()
        self._wake_pending = False
        self._closed = False

    def emit_event(self, event: Event) -> None:
        if self._closed:
            return
        self._queue.append(event)
        # Append before looking, clear before draining: an event is then never left unseen.
        if not self._wake_pending:
            self._wake_pending = True
            QCoreApplication.postEvent(self, QEvent(_WAKE))

    def close(self) -> None:
        """Later events are dropped: the window is going away."""
        self._closed = True

    def customEvent(self, event: QEvent) -> None:
        if event.type() != _WAKE:
            return
        self._wake_pending = False
        for _ in range(EVENTS_PER_PASS):
            try:
                arrived = self._queue.popleft()
            except IndexError:
                return
            self.event_arrived.emit(arrived)
        self._wake_pending = True
        QCoreApplication.postEvent(self, QEvent(_WAKE))
