"""Which part of the engine computes: what the program brings, or a pack for graphics cards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.events import Event, JobCancelled, JobFailed, JobFinished, JobId, RuntimesListed
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.widgets.controls import Button, ChoiceBox
from gui.widgets.labels import Text
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
        self._place = QLineEdit()
        self._remove, self._browse, self._fetch = Button(), Button(), Button()
        self._state, self._failure = Text("", "muted"), SentenceLabel("danger")
        self._arrange()
        self._choice.activated.connect(self._chosen)
        self._remove.clicked.connect(self._remove_chosen)
        self._browse.clicked.connect(self._ask_folder)
        self._fetch.clicked.connect(self._fetch_pressed)
        self._place.editingFinished.connect(self._save_place)
        self._place.textChanged.connect(self._word)
        bridge.event_arrived.connect(self.on_event)
        self.retranslate()

    def enter(self) -> None:
        """The page is shown; another program may have changed something."""
        self._place.setText(self._desk.settings.runtimes_from)
        self._jobs.add(self._desk.list_runtimes())

    def retranslate(self) -> None:
        self._choice.setAccessibleName(self.tr("Runtime"))
        self._place.setAccessibleName(self.tr("Where runtimes come from"))
        self._place.setPlaceholderText(self.tr("address or folder that offers runtimes"))
        self._browse.word(self.tr("Folder…"))
        self._remove.word(self.tr("Remove"))
        self._remove.setAccessibleName(self.tr("Remove this runtime"))
        self._show_runtimes()

    def on_event(self, event: Event) -> None:
        if event.job not in self._jobs:
            return
        if isinstance(event, RuntimesListed):
            self._runtimes = event.runtimes
        elif isinstance(event, JobFailed):
            self._failure.show_sentences(event.message)
        if isinstance(event, _ENDINGS):
            self._jobs.discard(event.job)
            if event.job == self._fetching:
                self._fetching = None
        self._show_runtimes()

    def _arrange(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (first, (self._choice, self._remove)),
            (second, (self._place, self._browse, self._fetch)),
        ):
            row.setSpacing(10)
            row.addWidget(widgets[0], 1)
            for widget in widgets[1:]:
                row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(first)
        column.addWidget(self._state)
        column.addLayout(second)
        column.addWidget(self._failure)

    def _show_runtimes(self) -> None:
        self._choice.clear()
        for runtime in self._runtimes:
            name = runtime.name or self.tr("Processor only (built in)")
            self._choice.addItem(self.tr("{name}, put aside").format(name=name) if runtime.aside else name)
        used = next((row for row, runtime in enumerate(self._runtimes) if runtime.in_use), -1)
        self._choice.setCurrentIndex(used)
        self._word()

    def _word(self) -> None:
        self._remove.show_when(bool(self._used and self._used.name))
        fetching = self._fetching is not None
        self._fetch.word(self.tr("Stop") if fetching else self.tr("Fetch and try"))
        self._fetch.setEnabled(fetching or bool(self._place.text().strip()))
        aside = [f"{each.name}: {translate(each.aside)}" for each in self._runtimes if each.aside]
        words = self.tr("A runtime counts from the next load of a model on.")
        self._state.setText(
            self.tr("fetching, checking and trying…") if fetching else "\n".join([words, *aside])
        )

    @property
    def _used(self) -> RuntimeOnShelf | None:
        return next((runtime for runtime in self._runtimes if runtime.in_use), None)

    def _chosen(self, row: int) -> None:
        self._begin(self._desk.use_runtime(self._runtimes[row].name))

    def _remove_chosen(self) -> None:
        if self._used is not None:
            self._begin(self._desk.remove_runtime(self._used.name))

    def _fetch_pressed(self) -> None:
        if self._fetching is not None:
            self._desk.cancel(self._fetching)
            return
        self._save_place()
        self._fetching = self._desk.add_runtime(self._place.text().strip())
        self._begin(self._fetching)

    def _begin(self, job: JobId) -> None:
        self._failure.show_sentences()
        self._jobs.add(job)
        self._word()

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder that offers runtimes"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._take_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_folder(self, folder: str) -> None:
        self._place.setText(folder)
        self._save_place()

    def _save_place(self) -> None:
        settings = replace(self._desk.settings, runtimes_from=self._place.text().strip())
        if settings != self._desk.settings:
            self._desk.change_settings(settings)
            self.changed.emit()
