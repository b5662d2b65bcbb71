"""Other computers whose devices are used: which there are, and one more."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.events import Event, JobCancelled, JobFailed, JobFinished, JobId, NodesListed
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.preferences.node_row import NodeRow
from gui.widgets.controls import Button
from gui.widgets.labels import Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.tab_order import holds_focus
from gui.widgets.view import LINE_TOP, View

_ENDINGS = (JobFinished, JobCancelled, JobFailed)
_ADDRESS_WIDTH = 190


class NodeSettings(View):
    rebuilt = Signal()  # there are other rows

    def __init__(self, desk: Desk, bridge: EngineBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._jobs: set[JobId] = set()
        self._adding: JobId | None = None
        self._rows: dict[str, NodeRow] = {}
        self._address, self._key, self._add = QLineEdit(), QLineEdit(), Button()
        self._none, self._words, self._failure = Text("", "muted"), Text("", "muted"), SentenceLabel("danger")
        self._list = QVBoxLayout()
        self._arrange()
        self._address.textChanged.connect(self._word)
        self._key.textChanged.connect(self._word)
        self._address.returnPressed.connect(self._key.setFocus)
        self._key.returnPressed.connect(self._add_pressed)
        self._add.clicked.connect(self._add_pressed)
        bridge.event_arrived.connect(self.on_event)
        self.retranslate()

    def enter(self) -> None:
        """The page is shown: each machine is asked whether it is there."""
        self._jobs.add(self._desk.list_nodes())

    def retranslate(self) -> None:
        self._address.setAccessibleName(self.tr("Address of the other computer"))
        self._address.setPlaceholderText("192.168.1.20:7341")
        self._key.setAccessibleName(self.tr("Pairing key"))
        self._key.setPlaceholderText(self.tr("pairing key, as shown there"))
        self._none.setText(self.tr("No other computer is used."))
        self._words.setText(
            self.tr(
                "Models that are too large for this computer are spread over those that lend themselves:"
                " switch that on there, as below or with “deskside worker”, and copy address and key. Each"
                " token has to travel, so a model that fits here mostly stays here."
            )
        )
        self._word()

    def on_event(self, event: Event) -> None:
        if event.job not in self._jobs:
            return
        if isinstance(event, NodesListed):
            self._show(event)
        elif isinstance(event, JobFailed):
            self._failure.show_sentences(event.message)
        if isinstance(event, _ENDINGS):
            self._jobs.discard(event.job)
            if event.job == self._adding:
                self._adding = None
                self._word()

    def _show(self, listed: NodesListed) -> None:
        if self._adding == listed.job:  # it was kept
            self._adding = None
            self._address.clear()
            self._key.clear()
        addresses = [node.address for node in listed.nodes]
        for address in [known for known in self._rows if known not in addresses]:
            row = self._rows.pop(address)
            if holds_focus((row,)):
                self._address.setFocus()
            row.hide()
            row.deleteLater()
        for node in listed.nodes:
            if node.address in self._rows:
                self._rows[node.address].show_node(node)
                continue
            row = self._rows[node.address] = NodeRow(node)
            row.try_asked.connect(self._try)
            row.removal_asked.connect(self._remove)
            self._list.addWidget(row)
        self._none.setVisible(not self._rows)
        self.rebuilt.emit()

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(10)
        self._address.setFixedWidth(_ADDRESS_WIDTH)
        row.addWidget(self._address)
        row.addWidget(self._key, 1)
        row.addWidget(self._add)
        self._list.setSpacing(4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, LINE_TOP, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._none)
        column.addLayout(self._list)
        column.addLayout(row)
        column.addWidget(self._failure)
        column.addWidget(self._words)

    def _word(self) -> None:
        adding = self._adding is not None
        self._add.word(self.tr("Asking …") if adding else self.tr("Add"))
        self._add.setAccessibleName(self.tr("Add this computer"))
        given = bool(self._address.text().strip() and self._key.text().strip())
        self._add.setEnabled(given and not adding)

    def _add_pressed(self) -> None:
        if not self._add.isEnabled():
            return
        self._adding = self._desk.add_node(self._address.text().strip(), self._key.text().strip())
        self._begin(self._adding)
        self._word()

    def _try(self, address: str) -> None:
        self._begin(self._desk.renew_node(address))

    def _remove(self, address: str) -> None:
        self._begin(self._desk.remove_node(address))

    def _begin(self, job: JobId) -> None:
        self._failure.show_sentences()
        self._jobs.add(job)
