"""Files on their way to the composer: asked of the engine, which reads them, or says why it cannot. Images
are made as small as they need to be, in a thread of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from engine.catalog.image_rule import ImageRule
from engine.chat.attachments import AttachedFile
from engine.chat.image_parts import size_in
from engine.events import Event, FileRead, JobCancelled, JobFailed, JobFinished, JobId, ModelLoaded
from engine.jobs.desk import Desk
from engine.messages import Sentence, sentence
from gui.chat.file_chips import FileChip, FileChips
from gui.chat.thumbnails import Beside, small, thumbnail, written

_MOST = 20  # with one message


class Attaching(QObject):
    failed = Signal()  # see `failures`
    _made = Signal(object, object, object)  # chip, AttachedFile or None, QImage

    def __init__(self, desk: Desk, chips: FileChips, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._chips = chips
        self._jobs: dict[JobId, FileChip] = {}
        self._beside = Beside()
        self._model = ""  # path of the one in use
        self._rules: dict[str, ImageRule | None] = {}  # of the models that were loaded
        self.failures: tuple[Sentence, ...] = ()  # of the files that were given last
        self._made.connect(self._show)

    def take(self, paths: Iterable[str]) -> None:
        self.forget_failures()
        for path in paths:
            if len(self._chips.chips) < _MOST:
                chip = self._chips.add(Path(path).name or path)
                self._jobs[self._desk.attach(path)] = chip

    def take_image(self, image: QImage) -> None:
        """Of the clipboard."""
        self.forget_failures()
        if len(self._chips.chips) < _MOST:
            name = self.tr("Pasted image")
            chip = self._chips.add(name)
            self._do(chip, lambda: AttachedFile(name, "", image=written(image, name)))

    def give_back(self, file: AttachedFile) -> None:
        """Of a message that could not be sent."""
        chip = self._chips.add(file.name)
        if file.image:
            self._do(chip, lambda: file)
        else:
            self._chips.show_file(chip, file)

    def show_model(self, path: str) -> None:
        """The model in use, which tells what images take once it is loaded."""
        self._model = path
        self._chips.show_rule(self._rules.get(path))

    def forget_failures(self) -> None:
        if self.failures:
            self.failures = ()
            self.failed.emit()

    def on_event(self, event: Event) -> None:
        if isinstance(event, ModelLoaded):
            self._rules[event.model.path] = event.facts.image_rule
            self.show_model(self._model)
        chip = self._jobs.get(event.job)
        if chip is None:
            return
        if isinstance(event, FileRead):
            file = event.file
            if file.image:
                self._do(chip, lambda: replace(file, image=small(file.image)))
            else:
                self._chips.show_file(chip, file)
        elif isinstance(event, JobFailed | JobCancelled | JobFinished):
            del self._jobs[event.job]
            if isinstance(event, JobFailed):
                self._fail(chip, event.message)

    def _do(self, chip: FileChip, make: Callable[[], AttachedFile]) -> None:
        """Beside the window's thread."""

        def work() -> None:
            file = make()
            file = replace(file, size=size_in(file.image))
            picture = thumbnail(file.image)
            if shiboken6.isValid(self):
                self._made.emit(chip, file if file.image else None, picture)

        self._beside.do(work)

    def _show(self, chip: FileChip, file: AttachedFile | None, picture: QImage) -> None:
        if not shiboken6.isValid(chip):
            return  # left out meanwhile
        if file is None:
            self._fail(chip, sentence("image_unknown"))
        else:
            self._chips.show_file(chip, file, picture)

    def _fail(self, chip: FileChip, why: Sentence) -> None:
        self.failures = (*self.failures, why)
        self._chips.take_out(chip)
        self.failed.emit()
