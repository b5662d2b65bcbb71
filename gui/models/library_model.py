"""What is known of the models on this machine beside their names: whole, changed, gone, in the trash."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.download.library_values import KnownModel, LibraryEntry, Look, Standing, TrashedModel
from engine.events import (
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    LibraryListed,
    ModelRead,
    ModelsSeen,
)
from engine.jobs.desk import Desk
from engine.messages import Sentence


class LibraryModel(QObject):
    """Everything goes by the path of a model's first file."""

    changed = Signal()  # the lists
    read = Signal(str)  # path of a model that is being verified or moved, or was
    look_changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._jobs: dict[JobId, str] = {}  # what reads, moves or deletes a model
        self._look_job: JobId | None = None
        self._take_job: JobId | None = None
        self.entries: dict[str, LibraryEntry] = {}
        self.trash: tuple[TrashedModel, ...] = ()
        self.reading: dict[str, ModelRead] = {}
        self.failures: dict[str, Sentence] = {}
        self.failure: Sentence | None = None  # of what is about no model in the list
        self.look: Look | None = None  # what other programs hold, once asked

    # commands
    def verify(self, path: str) -> None:
        self._begin(path, self._desk.verify_model(path))

    def move(self, path: str, folder: str) -> None:
        self._begin(path, self._desk.move_model(path, folder))

    def remove(self, path: str) -> None:
        self._begin(path, self._desk.remove_model(path))

    def cancel(self, path: str) -> None:
        """Ends reading or moving; a move goes on when it is asked for again."""
        for job, of in self._jobs.items():
            if of == path:
                self._desk.cancel(job)

    def fetch_again(self, path: str) -> None:
        """A download that was changed or damaged; what is right of it is kept."""
        model = self.entries[path].model
        self._desk.pull(model.repository, model.quantization)

    def restore(self, key: str) -> None:
        self._begin(key, self._desk.restore_model(key))

    def empty_trash(self) -> None:
        self._begin("", self._desk.empty_trash())

    def look_around(self, folder: str = "") -> None:
        """Asks what other programs, or a folder, hold."""
        if self._look_job is None:
            self.failure = None
            self._look_job = self._desk.look_for_models(folder)
            self.look_changed.emit()

    def take_in(self, models: tuple[KnownModel, ...]) -> None:
        """Uses them where they lie."""
        if models and self._take_job is None:
            self._take_job = self._desk.take_in(models)

    # state
    @property
    def is_looking(self) -> bool:
        return self._look_job is not None

    def is_at_work(self, path: str) -> bool:
        return path in self._jobs.values()

    @property
    def unusable(self) -> tuple[LibraryEntry, ...]:
        """What stands in the list and cannot be loaded."""
        return tuple(entry for entry in self.entries.values() if entry.standing is not Standing.READY)

    def _begin(self, path: str, job: JobId) -> None:
        self._jobs[job] = path
        self.failures.pop(path, None)
        self.failure = None
        self.read.emit(path)

    # events
    def on_event(self, event: Event) -> None:
        if isinstance(event, LibraryListed):
            self.entries = {entry.model.path: entry for entry in event.entries}
            self.trash = event.trash
            self.changed.emit()
        elif isinstance(event, ModelRead):
            self.reading[event.path] = event
            self.read.emit(event.path)
        elif isinstance(event, ModelsSeen) and event.job == self._look_job:
            self.look = event.look
        elif isinstance(event, JobFinished | JobCancelled | JobFailed):
            self._ended(event)

    def _ended(self, event: JobFinished | JobCancelled | JobFailed) -> None:
        failure = event.message if isinstance(event, JobFailed) else None
        if event.job in (self._look_job, self._take_job):
            if event.job == self._take_job:
                self._take_job = None
                self._forget_taken()
            else:
                self._look_job = None
            self.failure = failure
            self.look_changed.emit()
            return
        path = self._jobs.pop(event.job, None)
        if path is None:
            return
        self.reading.pop(path, None)
        if failure is not None and path in self.entries:
            self.failures[path] = failure
        elif failure is not None:
            self.failure = failure
            self.look_changed.emit()
        self.read.emit(path)

    def _forget_taken(self) -> None:
        if self.look is not None:
            left = tuple(model for model in self.look.found if model.path not in self.entries)
            self.look = Look(left, self.look.refused)
