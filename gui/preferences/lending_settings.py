"""The switch that lends this computer to others: its key, its addresses, who computes here, why it failed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.events import JobId, LendingChanged
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.preferences.service_switch import Kept, ServiceSwitch
from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button
from gui.widgets.labels import Line, Text


class LendingSettings(ServiceSwitch):
    _told: LendingChanged

    def __init__(self, desk: Desk, bridge: EngineBridge, parent: QWidget | None = None) -> None:
        super().__init__(desk, bridge, Kept("lending", "lend_port"), LendingChanged(JobId(0)), parent)
        self._guest = Text("", "muted")
        self._key_label, self._key = Line(), Line("", "strong")
        self._key.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy, self._renew = Button(), Button()
        self._arrange()
        self.show_settings()
        self.retranslate()
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._told.key))
        self._renew.clicked.connect(lambda: self._follow(desk.lend(new_key=True)))

    def retranslate(self) -> None:
        self._name(self.tr("Lend this computer to other ones"), self.tr("Port for other computers"))
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

    def _arrange(self) -> None:
        key, buttons = QHBoxLayout(), QHBoxLayout()
        for row in (key, buttons):
            row.setSpacing(10)
        key.addWidget(self._key_label)
        key.addWidget(self._key, 1)
        buttons.addWidget(self._copy)
        buttons.addWidget(self._renew)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._first_row())
        column.addWidget(self._state)
        column.addLayout(key)
        column.addLayout(buttons)
        for widget in (self._guest, self._failure, self._words):
            column.addWidget(widget)

    def _begin(self) -> JobId:
        return self._desk.lend(new_key=False)

    def _end(self) -> JobId:
        return self._desk.stop_lending()

    def _whereabouts(self) -> str:
        if not self._told.key:
            return ""
        devices = ", ".join(f"{name} ({format_bytes(size)})" for name, size in self._told.devices)
        places = " · ".join(self._told.addresses) or self.tr("no network")
        return self.tr("Lent: {devices}\nAddress: {places}").format(devices=devices, places=places)

    def _show_state(self) -> None:
        super()._show_state()
        on = bool(self._told.key)
        self._key.setText(self._told.key)
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
