"""The switch that lends this computer to others: its key, its addresses, who computes here, why it failed."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from engine.events import Event, JobFailed, JobId, LendingChanged
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button, NumberBox
from gui.widgets.labels import Line, Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View

_LOWEST_PORT, _HIGHEST_PORT = 1_024, 65_535
_OFF = LendingChanged(JobId(0))


class LendingSettings(View):
    changed = Signal()  # the settings

    def __init__(self, desk: Desk, bridge: EngineBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: JobId | None = None  # that switches on or off now
        self._told = _OFF
        self._switch = QCheckBox()
        self._port_label, self._port = Line(), NumberBox(_LOWEST_PORT, _HIGHEST_PORT)
        self._port.setGroupSeparatorShown(False)
        self._port_label.setBuddy(self._port)
        self._state, self._guest = Text(), Text("", "muted")
        self._key_label, self._key = Line(), Line("", "strong")
        self._key.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy, self._renew = Button(), Button()
        self._words, self._failure = Text("", "muted"), SentenceLabel("danger")
        self._arrange()
        self.show_settings()
        self.retranslate()
        self._switch.clicked.connect(self._switched)
        self._port.editingFinished.connect(self._save_port)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._told.key))
        self._renew.clicked.connect(lambda: self._start(new_key=True))
        bridge.event_arrived.connect(self.on_event)

    def begin(self) -> None:
        """The window has come up: it is lent again if it was."""
        if self._desk.settings.lending:
            self._start()

    def show_settings(self) -> None:
        self._port.setValue(self._desk.settings.lend_port)
        self._switch.setChecked(self._desk.settings.lending)

    def retranslate(self) -> None:
        words = self.tr("Lend this computer to other ones")
        self._switch.setText(words)
        self._switch.setAccessibleName(words)
        self._port_label.setText(self.tr("Port"))
        self._port.setAccessibleName(self.tr("Port for other computers"))
        self._key_label.setText(self.tr("Pairing key"))
        self._copy.word(self.tr("Copy the pairing key"))
        self._renew.word(
            self.tr("New pairing key"), self.tr("Computers that have the old key can then no longer connect.")
        )
        self._words.setText(
            self.tr(
                "Its graphics cards, or its processor and memory, then compute for whoever has the key,"
                " encrypted on the way, as long as Deskside is open."
            )
        )
        self._show_state()

    def on_event(self, event: Event) -> None:
        match event:
            case LendingChanged(reason=reason):
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
        first, key, buttons = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (first, key, buttons):
            row.setSpacing(10)
        first.addWidget(self._switch)
        first.addStretch(1)
        first.addWidget(self._port_label)
        first.addWidget(self._port)
        key.addWidget(self._key_label)
        key.addWidget(self._key, 1)
        buttons.addWidget(self._copy)
        buttons.addWidget(self._renew)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(first)
        column.addWidget(self._state)
        column.addLayout(key)
        column.addLayout(buttons)
        for widget in (self._guest, self._failure, self._words):
            column.addWidget(widget)

    def _switched(self, on: bool) -> None:
        self._save(lending=on)
        if on:
            self._start()
        else:
            self._job = self._desk.stop_lending()
            self._show_state()

    def _start(self, new_key: bool = False) -> None:
        self._failure.show_sentences()
        self._job = self._desk.lend(new_key)
        self._show_state()

    def _save_port(self) -> None:
        if self._port.value() == self._desk.settings.lend_port:
            return
        self._save(lend_port=self._port.value())
        if self._switch.isChecked():
            self._start()

    def _save(self, **values: bool | int) -> None:
        self._desk.change_settings(replace(self._desk.settings, **values))  # type: ignore[arg-type]
        self.changed.emit()

    def _show_state(self) -> None:
        told = self._told
        on = bool(told.key)
        if on:
            devices = ", ".join(f"{name} ({format_bytes(size)})" for name, size in told.devices)
            places = " · ".join(told.addresses) or self.tr("no network")
            self._state.setText(
                self.tr("Lent: {devices}\nAddress: {places}").format(devices=devices, places=places)
            )
        elif self._job is not None and self._switch.isChecked():
            self._state.setText(self.tr("Switching on …"))
        else:
            self._state.setText(self.tr("Off"))
        self._key.setText(told.key)
        for widget in (self._key_label, self._key):
            widget.setVisible(on)
        for button in (self._copy, self._renew):
            button.show_when(on)
        self._guest.setText(self._guest_words())
        self._guest.setVisible(bool(self._guest.text()))

    def _guest_words(self) -> str:
        told, lines = self._told, []
        if told.guest:
            lines.append(self.tr("{address} computes here now.").format(address=told.guest))
        if told.refused:
            lines.append(
                self.tr("{address} was refused: it has not got the key.").format(address=told.refused)
            )
        return "\n".join(lines)
