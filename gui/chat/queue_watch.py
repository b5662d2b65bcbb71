"""While an answer waits without a word, the engine is asked how many wait."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from engine.events import EngineSeen, Event, JobCancelled, JobFailed, JobFinished, JobId
from engine.jobs.desk import Desk

EVERY_MS: Final = 1000  # a short wait is never asked about


class QueueWatch(QObject):
    """`place` is where the answer stands in the queue at most: the queue is served in order, so that
    whoever came later only makes it look longer. 0 while unknown, or out of the queue."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._model = ""
        self._asked: JobId | None = None
        self.place = 0
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._ask)

    def follow(self, model: str) -> None:
        """The name of the model whose answer is waited for; "" when none is."""
        if model == self._model:
            return
        self._model = model
        self.place = 0
        if model:
            self._timer.start()
        else:
            self._timer.stop()

    def on_event(self, event: Event) -> None:
        if event.job != self._asked:
            return
        if isinstance(event, EngineSeen) and self._model:
            waiting = sum(seen.waiting for seen in event.status.models if seen.model.name == self._model)
            place = min(waiting, self.place) if self.place else waiting
            if place != self.place:
                self.place = place
                self.changed.emit()
        elif isinstance(event, JobFinished | JobFailed | JobCancelled):
            self._asked = None

    def _ask(self) -> None:
        if self._asked is None:
            self._asked = self._desk.look()
