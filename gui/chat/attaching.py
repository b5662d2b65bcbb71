"""Files on their way to the composer: asked of the engine, which reads them, or says why it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.events import Event, FileRead, JobCancelled, JobFailed, JobFinished, JobId
from engine.jobs.desk import Desk
from engine.messages import Sentence
from gui.chat.file_chips import FileChip, FileChips

_MOST = 20  # with one message


class Attaching(QObject):
    failed = Signal()  # see `failures`

    def __init__(self, desk: Desk, chips: FileChips, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._chips = chips
        self._jobs: dict[JobId, FileChip] = {}
        self.failures: tuple[Sentence, ...] = ()  # of the files that were given last

    def take(self, paths: Iterable[str]) -> None:
        self.forget_failures()
        for path in paths:
            if len(self._chips.chips) < _MOST:
                chip = self._chips.add(Path(path).name or path)
                self._jobs[self._desk.attach(path)] = chip

    def forget_failures(self) -> None:
        if self.failures:
            self.failures = ()
            self.failed.emit()

    def on_event(self, event: Event) -> None:
        chip = self._jobs.get(event.job)
        if chip is None:
            return
        if isinstance(event, FileRead):
            self._chips.show_file(chip, event.file)
        elif isinstance(event, JobFailed | JobCancelled | JobFinished):
            del self._jobs[event.job]
            if isinstance(event, JobFailed):
                self.failures = (*self.failures, event.message)
                self._chips.take_out(chip)
                self.failed.emit()
