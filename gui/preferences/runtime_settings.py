"""Which part of the engine computes: what the program brings, or a pack for graphics cards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.events import (
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    RuntimeProgressed,
    RuntimesListed,
)
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.widgets.controls import Button, ChoiceBox
from gui.widgets.labels import Text
from gui.widgets.rows import beside
from gui.widgets.runtime_source import RuntimeSource
from gui.widgets.sentences import SentenceLabel, translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.runtimes import RuntimeOnShelf

_ENDINGS = (JobFinished, JobCancelled, JobFailed)


class RuntimeSettings(View):
    changed = Signal()  # the settings

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._jobs: set[JobId] = set()
        self._fetching: JobId | None = None
        self._runtimes: tuple[RuntimeOnShelf, ...] = ()
        self._choice = ChoiceBox(theme)
        self._back, self._remove = Button(), Button()
        self._source = RuntimeSource()
        self._state, self._failure = Text("", "muted"), SentenceLabel("danger")
        self._arrange()
        self._choice.activated.connect(self._chosen)
        self._back.clicked.connect(lambda: self._begin(self._desk.roll_back_runtime()))
        self._remove.clicked.connect(self._remove_chosen)
        self._source.wanted.connect(self._fetch)
        self._source.stopped.connect(self._stop)
        self._source.edited.connect(self._save_place)
        bridge.event_arrived.connect(self.on_event)
        self.retranslate()

    def enter(self) -> None:
        """The page is shown; another program may have changed something."""
        self._source.show_place(self._desk.settings.runtimes_from)
        self._jobs.add(self._desk.list_runtimes())

    def retranslate(self) -> None:
        self._choice.setAccessibleName(self.tr("Runtime"))
        self._remove.word(self.tr("Remove"))
        self._remove.setAccessibleName(self.tr("Remove this runtime"))
        self._show_runtimes()

    def on_event(self, event: Event) -> None:
        if event.job not in self._jobs:
            return
        if isinstance(event, RuntimeProgressed):
            if event.job == self._fetching:
                self._source.show_fetching(True, event.progress.done_bytes, event.progress.total_bytes)
            return
        if isinstance(event, RuntimesListed):
            self._runtimes = event.runtimes
            self._source.show_published(event.published)
        elif isinstance(event, JobFailed):
            self._failure.show_sentences(event.message)
        if isinstance(event, _ENDINGS):
            self._jobs.discard(event.job)
            if event.job == self._fetching:
                self._fetching = None
                self._source.show_fetching(False)
        self._show_runtimes()

    def _arrange(self) -> None:
        row = beside(self._choice, self._back, self._remove, gap=10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._state)
        column.addWidget(self._source)
        column.addWidget(self._failure)

    def _show_runtimes(self) -> None:
        self._choice.clear()
        for runtime in self._runtimes:
            name = self._name_of(runtime)
            self._choice.addItem(self.tr("{name}, put aside").format(name=name) if runtime.aside else name)
        used = next((row for row, runtime in enumerate(self._runtimes) if runtime.in_use), -1)
        self._choice.setCurrentIndex(used)
        before = next((runtime for runtime in self._runtimes if runtime.before), None)
        hint = self.tr("Go back to {name}").format(name=self._name_of(before)) if before is not None else ""
        self._back.word(self.tr("Go back"), hint)
        self._back.show_when(before is not None)
        self._remove.show_when(bool(self._used and self._used.name))
        aside = [f"{each.name}: {translate(each.aside)}" for each in self._runtimes if each.aside]
        words = self.tr("A runtime counts from the next load of a model on.")
        self._state.setText("\n".join([words, *aside]))

    def _name_of(self, runtime: RuntimeOnShelf) -> str:
        return runtime.name or self.tr("Processor only (built in)")

    @property
    def _used(self) -> RuntimeOnShelf | None:
        return next((runtime for runtime in self._runtimes if runtime.in_use), None)

    def _chosen(self, row: int) -> None:
        self._begin(self._desk.use_runtime(self._runtimes[row].name))

    def _remove_chosen(self) -> None:
        if self._used is not None:
            self._begin(self._desk.remove_runtime(self._used.name))

    def _fetch(self, place: str) -> None:
        self._fetching = self._desk.add_runtime(place)
        self._source.show_fetching(True)
        self._begin(self._fetching)

    def _stop(self) -> None:
        if self._fetching is not None:
            self._desk.cancel(self._fetching)

    def _begin(self, job: JobId) -> None:
        self._failure.show_sentences()
        self._jobs.add(job)

    def _save_place(self, place: str) -> None:
        settings = replace(self._desk.settings, runtimes_from=place)
        if settings != self._desk.settings:
            self._desk.change_settings(settings)
            self.changed.emit()
