"""The switch that lets other programs use the models: for whom, address, port, key, and why it failed."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.events import JobId, ServerChanged
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.preferences.api_key import ApiKeyRow
from gui.preferences.service_switch import Kept, ServiceSwitch
from gui.widgets.controls import Button, CheckBox
from gui.widgets.labels import Text
from gui.widgets.rows import beside


class ApiSwitch(ServiceSwitch):
    """Programs on this computer, and on others if that is wanted; `deskside serve` can do more."""

    _told: ServerChanged

    def __init__(self, desk: Desk, bridge: EngineBridge, parent: QWidget | None = None) -> None:
        super().__init__(desk, bridge, Kept("serving", "serve_port"), ServerChanged(JobId(0), ""), parent)
        self._beyond = CheckBox()
        self._copy = Button()
        self._elsewhere = Text("", "muted")
        self._key = ApiKeyRow()
        self._arrange()
        self.show_settings()
        self.retranslate()
        self._beyond.clicked.connect(self._beyond_switched)
        self._key.renewal_asked.connect(lambda: self._follow(desk.renew_api_key()))
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._told.address))

    def show_settings(self) -> None:
        super().show_settings()
        self._beyond.setChecked(self._desk.settings.serve_beyond)

    def retranslate(self) -> None:
        self._name(self.tr("Let other programs use the models"), self.tr("Port of the API"))
        beyond = self.tr("Other computers too")
        self._beyond.setText(beyond)
        self._beyond.setAccessibleName(beyond)
        self._key.retranslate()
        self._copy.word(self.tr("Copy the address"))
        self._words.setText(
            self.tr(
                "Programs that speak OpenAI's protocol can then chat with them. Those on other computers need"
                " the API key, and what they send and receive is not encrypted on the way."
            )
        )
        self._show_state()

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        state = beside(self._state, self._copy, gap=10)
        column.addLayout(self._first_row())
        column.addWidget(self._beyond)
        column.addLayout(state)
        for widget in (self._elsewhere, self._key, self._failure, self._words):
            column.addWidget(widget)

    def _begin(self) -> JobId:
        return self._desk.serve()

    def _end(self) -> JobId:
        return self._desk.stop_serving()

    def _beyond_switched(self, on: bool) -> None:
        self._save("serve_beyond", on)
        if self._switch.isChecked():
            self._start()

    def _whereabouts(self) -> str:
        address = self._told.address
        return self.tr("On, at {address}").format(address=address) if address else ""

    def _show_state(self) -> None:
        super()._show_state()
        self._copy.show_when(bool(self._told.address))
        self._elsewhere.setText(
            self.tr("For other computers: {addresses}").format(addresses=", ".join(self._told.elsewhere))
        )
        self._elsewhere.setVisible(bool(self._told.elsewhere))
        self._key.show_key(self._told.key, self._told.own_key)
