"""What a search on the hub knows: words, results, and which of them were looked at closely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.events import Event, JobCancelled, JobFailed, JobFinished, JobId, ModelPlanned, ModelsFound
from engine.jobs.desk import Desk
from engine.messages import Sentence
from engine.planning.plan import RunPlan

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.searching import SearchResult


class SearchModel(QObject):
    """One search at a time; a new one ends the one before."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: JobId | None = None
        self._looks: dict[JobId, str] = {}  # repositories whose headers are being read
        self.results: tuple[SearchResult, ...] = ()
        self.plans: dict[str, RunPlan] = {}  # from headers, by repository
        self.failures: dict[str, Sentence] = {}
        self.failure: Sentence | None = None
        self.has_searched = False

    @property
    def is_searching(self) -> bool:
        return self._job is not None

    def is_looking_at(self, repository: str) -> bool:
        return repository in self._looks.values()

    def plan_of(self, result: SearchResult) -> RunPlan | None:
        """The exact one where there is one."""
        return self.plans.get(result.model.repository, result.plan)

    # commands
    def search(self, words: str) -> None:
        if not words.strip():
            return
        self.cancel()
        self.results, self.failure, self.plans, self.failures = (), None, {}, {}
        self._job = self._desk.search(words.strip())
        self.changed.emit()

    def cancel(self) -> None:
        """Ends the search and every look at a header."""
        for job in (*self._looks, *([self._job] if self._job is not None else [])):
            self._desk.cancel(job)
        self._job = None
        self._looks.clear()
        self.changed.emit()

    def look_at(self, result: SearchResult) -> None:
        """Reads its header, for an exact verdict."""
        repository = result.model.repository
        if self.is_looking_at(repository):
            return
        quantization = result.plan.quantization.name if result.plan else ""
        self._looks[self._desk.plan_elsewhere(repository, quantization)] = repository
        self.failures.pop(repository, None)
        self.changed.emit()

    # events
    def on_event(self, event: Event) -> None:
        if event.job is not None and event.job == self._job:
            self._of_search(event)
        elif event.job in self._looks:
            self._of_look(event)

    def _of_search(self, event: Event) -> None:
        if isinstance(event, ModelsFound):
            self.results = event.results
            self.has_searched = True
        elif isinstance(event, JobFailed):
            self.failure = event.message
        if isinstance(event, JobFailed | JobFinished | JobCancelled):
            self._job = None
        self.changed.emit()

    def _of_look(self, event: Event) -> None:
        repository = self._looks[event.job]
        if isinstance(event, ModelPlanned):
            self.plans[repository] = event.plan
        elif isinstance(event, JobFailed):
            self.failures[repository] = event.message
        if isinstance(event, JobFailed | JobFinished | JobCancelled):
            del self._looks[event.job]
        self.changed.emit()
