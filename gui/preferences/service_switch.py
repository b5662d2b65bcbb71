"""What the switches of a lasting service share: on and off, its port, what became of it, why it failed."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.events import Event, JobFailed, JobId, LendingChanged, ServerChanged
from engine.jobs.desk import Desk
from engine.messages import Sentence
from gui.bridge import EngineBridge
from gui.widgets.controls import CheckBox, NumberBox
from gui.widgets.labels import Line, Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View

_LOWEST_PORT, _HIGHEST_PORT = 1_024, 65_535


@dataclass(frozen=True, slots=True)
class Kept:
    """Names of the settings that keep it."""

    on: str
    port: str


class ServiceSwitch(View):
    """Subclasses start and stop it, say what it is and where it is, and arrange the widgets."""

    changed = Signal()  # the settings

    def __init__(
        self,
        desk: Desk,
        bridge: EngineBridge,
        kept: Kept,
        off: ServerChanged | LendingChanged,
        parent: QWidget | None,
    ) -> None:
        """`off`: told of one that does not run. Subclasses end with `show_settings`, then `retranslate`."""
        super().__init__(parent)
        self._desk = desk
        self._kept = kept
        self._off = self._told = off
        self._job: JobId | None = None  # that switches on or off now
        self._switch = CheckBox()
        self._port_label, self._port = Line(), NumberBox(_LOWEST_PORT, _HIGHEST_PORT)
        self._port.setGroupSeparatorShown(False)
        self._port_label.setBuddy(self._port)
        self._state, self._words = Text(), Text("", "muted")
        self._failure = SentenceLabel("danger")
        self._switch.clicked.connect(self._switched)
        self._port.editingFinished.connect(self._save_port)
        bridge.event_arrived.connect(self.on_event)

    @abstractmethod
    def _begin(self) -> JobId:
        """Switches it on, or anew where it is on."""

    @abstractmethod
    def _end(self) -> JobId:
        """Switches it off."""

    @abstractmethod
    def _whereabouts(self) -> str:
        """Where others find it, in words; "" while it does not run."""

    def begin(self) -> None:
        """The window has come up: it is switched on again if it was on."""
        if getattr(self._desk.settings, self._kept.on):
            self._start()

    def show_settings(self) -> None:
        self._port.setValue(getattr(self._desk.settings, self._kept.port))
        self._switch.setChecked(getattr(self._desk.settings, self._kept.on))

    def on_event(self, event: Event) -> None:
        if isinstance(event, type(self._off)):
            self._hear(event, event.reason)  # with a reason it has ended by itself
        elif isinstance(event, JobFailed) and event.job == self._job:
            self._hear(self._off, event.message)

    def _hear(self, told: ServerChanged | LendingChanged, failure: Sentence | None) -> None:
        self._job, self._told = None, told
        if failure is not None:
            self._switch.setChecked(False)
            self._failure.show_sentences(failure)
        self._show_state()

    def _first_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._switch)
        row.addStretch(1)
        row.addWidget(self._port_label)
        row.addWidget(self._port)
        return row

    def _name(self, words: str, port: str) -> None:
        """Of the switch, and of the port where nobody sees the line beside it."""
        self._switch.setText(words)
        self._switch.setAccessibleName(words)
        self._port_label.setText(self.tr("Port"))
        self._port.setAccessibleName(port)

    def _switched(self, on: bool) -> None:
        self._save(self._kept.on, on)
        if on:
            self._start()
        else:
            self._job = self._end()
            self._show_state()

    def _start(self) -> None:
        self._follow(self._begin())

    def _follow(self, job: JobId) -> None:
        """That job is at work now; what failed before is of no interest."""
        self._failure.show_sentences()
        self._job = job
        self._show_state()

    def _save_port(self) -> None:
        if self._port.value() == getattr(self._desk.settings, self._kept.port):
            return
        self._save(self._kept.port, self._port.value())
        if self._switch.isChecked():
            self._start()

    def _save(self, name: str, value: bool | int) -> None:
        self._desk.change_settings(replace(self._desk.settings, **{name: value}))  # type: ignore[arg-type]
        self.changed.emit()

    def _show_state(self) -> None:
        words = self._whereabouts()
        if not words and self._job is not None and self._switch.isChecked():
            words = self.tr("Switching on …")
        self._state.setText(words or self.tr("Off"))
