"""What the page knows of endpoints elsewhere: which there are, and what is asked of one just now."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.events import Event, JobCancelled, JobFailed, JobFinished, JobId, ModelsListed, RemoteTried
from engine.jobs.desk import Desk
from engine.messages import Sentence
from engine.settings import Remote


class EndpointsModel(QObject):
    """One endpoint is tried or kept at a time. Keys pass through; none stays here."""

    changed = Signal()
    tried = Signal(object)  # tuple[str, ...]: the names of its models
    kept = Signal(str)  # address of an endpoint that is in the settings now

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._trying: JobId | None = None
        self._keeping: dict[JobId, Remote] = {}
        self._removing: set[JobId] = set()
        self.failure: Sentence | None = None  # of what was asked last

    @property
    def remotes(self) -> tuple[Remote, ...]:
        return self._desk.settings.remotes

    @property
    def is_trying(self) -> bool:
        return self._trying is not None

    # commands
    def try_it(self, url: str, key: str) -> None:
        """`tried`, or a failure."""
        self.stop()
        self._trying = self._desk.try_remote(url, key)
        self.changed.emit()

    def stop(self) -> None:
        """Nothing more is heard of a try, and an earlier failure is forgotten."""
        if self._trying is not None:
            self._desk.cancel(self._trying)
        self._trying, self.failure = None, None
        self.changed.emit()

    def keep(self, remote: Remote, key: str, instead_of: str) -> None:
        """`kept`, or a failure. `instead_of` is the address under which it was kept before."""
        self.stop()
        self._keeping[self._desk.add_remote(remote, key, instead_of)] = remote

    def remove(self, url: str) -> None:
        self.stop()
        self._removing.add(self._desk.remove_remote(url))

    # events
    def on_event(self, event: Event) -> None:
        if isinstance(event, ModelsListed):
            self._listed(event)
        elif event.job == self._trying and isinstance(event, RemoteTried):
            self.tried.emit(event.models)
        elif isinstance(event, JobFailed | JobCancelled | JobFinished):
            self._ended(event)

    def _listed(self, event: ModelsListed) -> None:
        """Whoever asked for the list: the endpoints may have changed."""
        self.changed.emit()
        if event.job in self._keeping:
            self.kept.emit(self._keeping[event.job].url)

    def _ended(self, event: JobFailed | JobCancelled | JobFinished) -> None:
        if event.job != self._trying and event.job not in self._keeping and event.job not in self._removing:
            return
        if event.job == self._trying:
            self._trying = None
        self._keeping.pop(event.job, None)
        self._removing.discard(event.job)
        if isinstance(event, JobFailed):
            self.failure = event.message
        self.changed.emit()
