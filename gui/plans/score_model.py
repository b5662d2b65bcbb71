"""What the models page knows of predictions: how wrong they were, and a calibration at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.events import (
    Calibrated,
    CalibrationProgressed,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    Scored,
)
from engine.jobs.desk import Desk
from engine.messages import Sentence

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.scoring import Score


class ScoreModel(QObject):
    """One calibration at a time."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._asked: JobId | None = None
        self._calibrating: JobId | None = None
        self.score: Score | None = None
        self.fraction = 0.0
        self.kept: bool | None = None  # how the last calibration ended, if it did
        self.was_cancelled = False
        self.failure: Sentence | None = None

    @property
    def is_calibrating(self) -> bool:
        return self._calibrating is not None

    # commands
    def refresh(self) -> None:
        self._asked = self._desk.score()

    def calibrate(self) -> None:
        if self.is_calibrating:
            return
        self.fraction, self.kept, self.was_cancelled, self.failure = 0.0, None, False, None
        self._calibrating = self._desk.calibrate()
        self.changed.emit()

    def cancel(self) -> None:
        if self._calibrating is not None:
            self._desk.cancel(self._calibrating)

    # events
    def on_event(self, event: Event) -> None:
        if isinstance(event, Scored) and event.job == self._asked:
            self.score = event.score
            self.changed.emit()
        elif isinstance(event, JobFailed) and event.job == self._asked:
            self.failure = event.message
            self.changed.emit()
        elif self._calibrating is not None and event.job == self._calibrating:
            self._of_calibration(event)

    def _of_calibration(self, event: Event) -> None:
        if isinstance(event, CalibrationProgressed):
            self.fraction = event.fraction
        elif isinstance(event, Calibrated):
            self.kept = event.kept
        elif isinstance(event, JobFailed):
            self.failure = event.message
        elif isinstance(event, JobCancelled):
            self.was_cancelled = True
        if isinstance(event, JobFailed | JobFinished | JobCancelled):
            self._calibrating = None
            self.refresh()
        self.changed.emit()
