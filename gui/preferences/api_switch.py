"""The switch that lets other programs use the models: state, address, port, and why it failed."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from engine.events import Event, JobFailed, JobId, ServerChanged
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.widgets.controls import Button, NumberBox
from gui.widgets.labels import Line, Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View

_LOWEST_PORT, _HIGHEST_PORT = 1_024, 65_535


class ApiSwitch(View):
    """Only programs on this computer can connect; `deskside serve` can do more."""

    changed = Signal()  # the settings

    def __init__(self, desk: Desk, bridge: EngineBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: JobId | None = None  # that switches on or off now
        self._address = ""
        self._switch = QCheckBox()
        self._port_label = Line()
        self._port = NumberBox(_LOWEST_PORT, _HIGHEST_PORT)
        self._port.setGroupSeparatorShown(False)
        self._port_label.setBuddy(self._port)
        self._state = Line()
        self._copy = Button()
        self._words = Text("", "muted")
        self._failure = SentenceLabel("danger")
        self._arrange()
        self.show_settings()
        self.retranslate()
        self._switch.clicked.connect(self._switched)
        self._port.editingFinished.connect(self._save_port)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._address))
        bridge.event_arrived.connect(self.on_event)

    def begin(self) -> None:
        """The window has come up: the API is switched on again if it was on."""
        if self._desk.settings.serving:
            self._start()

    def show_settings(self) -> None:
        self._port.setValue(self._desk.settings.serve_port)
        self._switch.setChecked(self._desk.settings.serving)

    def retranslate(self) -> None:
        words = self.tr("Let other programs use the models")
        self._switch.setText(words)
        self._switch.setAccessibleName(words)
        self._port_label.setText(self.tr("Port"))
        self._port.setAccessibleName(self.tr("Port of the API"))
        self._copy.word(self.tr("Copy the address"))
        self._words.setText(
            self.tr(
                "Programs on this computer that speak OpenAI's protocol can then chat with them. Other"
                " computers cannot; for that there is the command “deskside serve”."
            )
        )
        self._show_state()

    def on_event(self, event: Event) -> None:
        match event:
            case ServerChanged(address=address):
                self._job = None
                self._address = address
                self._show_state()
            case JobFailed(job, message) if job == self._job:
                self._job = None
                self._address = ""
                self._switch.setChecked(False)
                self._failure.show_sentences(message)
                self._show_state()
            case _:
                pass

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._switch)
        row.addStretch(1)
        row.addWidget(self._port_label)
        row.addWidget(self._port)
        state = QHBoxLayout()
        state.setSpacing(10)
        state.addWidget(self._state, 1)
        state.addWidget(self._copy)
        column.addLayout(row)
        column.addLayout(state)
        column.addWidget(self._failure)
        column.addWidget(self._words)

    def _switched(self, on: bool) -> None:
        self._save(serving=on)
        if on:
            self._start()
        else:
            self._job = self._desk.stop_serving()
            self._show_state()

    def _start(self) -> None:
        self._failure.show_sentences()
        self._job = self._desk.serve()
        self._show_state()

    def _save_port(self) -> None:
        if self._port.value() == self._desk.settings.serve_port:
            return
        self._save(serve_port=self._port.value())
        if self._switch.isChecked():
            self._start()

    def _save(self, **values: bool | int) -> None:
        self._desk.change_settings(replace(self._desk.settings, **values))  # type: ignore[arg-type]
        self.changed.emit()

    def _show_state(self) -> None:
        if self._address:
            self._state.setText(self.tr("On, at {address}").format(address=self._address))
        elif self._job is not None and self._switch.isChecked():
            self._state.setText(self.tr("Switching on …"))
        else:
            self._state.setText(self.tr("Off"))
        self._copy.show_when(bool(self._address))
