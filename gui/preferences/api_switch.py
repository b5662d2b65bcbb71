"""The switch that lets other programs use the models: for whom, address, port, key, and why it failed."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from engine.events import Event, JobFailed, JobId, ServerChanged
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.preferences.api_key import ApiKeyRow
from gui.widgets.controls import Button, NumberBox
from gui.widgets.labels import Line, Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View

_LOWEST_PORT, _HIGHEST_PORT = 1_024, 65_535


_OFF = ServerChanged(JobId(0), "")


class ApiSwitch(View):
    """Programs on this computer, and on others if that is wanted; `deskside serve` can do more."""

    changed = Signal()  # the settings

    def __init__(self, desk: Desk, bridge: EngineBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: JobId | None = None  # that switches on or off now
        self._told = _OFF
        self._switch = QCheckBox()
        self._beyond = QCheckBox()
        self._port_label = Line()
        self._port = NumberBox(_LOWEST_PORT, _HIGHEST_PORT)
        self._port.setGroupSeparatorShown(False)
        self._port_label.setBuddy(self._port)
        self._state = Line()
        self._copy = Button()
        self._elsewhere = Text("", "muted")
        self._key = ApiKeyRow()
        self._words = Text("", "muted")
        self._failure = SentenceLabel("danger")
        self._arrange()
        self.show_settings()
        self.retranslate()
        self._switch.clicked.connect(self._switched)
        self._port.editingFinished.connect(self._save_port)
        self._beyond.clicked.connect(self._beyond_switched)
        self._key.renewal_asked.connect(self._renew)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._told.address))
        bridge.event_arrived.connect(self.on_event)

    def begin(self) -> None:
        """The window has come up: the API is switched on again if it was on."""
        if self._desk.settings.serving:
            self._start()

    def show_settings(self) -> None:
        self._port.setValue(self._desk.settings.serve_port)
        self._switch.setChecked(self._desk.settings.serving)
        self._beyond.setChecked(self._desk.settings.serve_beyond)

    def retranslate(self) -> None:
        words = self.tr("Let other programs use the models")
        self._switch.setText(words)
        self._switch.setAccessibleName(words)
        beyond = self.tr("Other computers too")
        self._beyond.setText(beyond)
        self._beyond.setAccessibleName(beyond)
        self._key.retranslate()
        self._port_label.setText(self.tr("Port"))
        self._port.setAccessibleName(self.tr("Port of the API"))
        self._copy.word(self.tr("Copy the address"))
        self._words.setText(
            self.tr(
                "Programs that speak OpenAI's protocol can then chat with them. Those on other computers need"
                " the API key, and what they send and receive is not encrypted on the way."
            )
        )
        self._show_state()

    def on_event(self, event: Event) -> None:
        match event:
            case ServerChanged(reason=reason):
                self._job = None
                self._told = event
                if reason is not None:  # it has ended by itself
                    self._switch.setChecked(False)
                    self._failure.show_sentences(reason)
                self._show_state()
            case JobFailed(job, message) if job == self._job:
                self._job = None
                self._told = _OFF
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
        column.addWidget(self._beyond)
        column.addLayout(state)
        column.addWidget(self._elsewhere)
        column.addWidget(self._key)
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

    def _beyond_switched(self, on: bool) -> None:
        self._save(serve_beyond=on)
        if self._switch.isChecked():
            self._start()

    def _renew(self) -> None:
        self._failure.show_sentences()
        self._job = self._desk.renew_api_key()

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
        told = self._told
        if told.address:
            self._state.setText(self.tr("On, at {address}").format(address=told.address))
        elif self._job is not None and self._switch.isChecked():
            self._state.setText(self.tr("Switching on …"))
        else:
            self._state.setText(self.tr("Off"))
        self._copy.show_when(bool(told.address))
        self._elsewhere.setText(
            self.tr("For other computers: {addresses}").format(addresses=", ".join(told.elsewhere))
        )
        self._elsewhere.setVisible(bool(told.elsewhere))
        self._key.show_key(told.key, told.own_key)
