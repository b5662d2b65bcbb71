"""A machine that was added: what it has, how far it is, whether it is there, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.widgets.bytes_text import format_bytes, format_rate
from gui.widgets.controls import Button
from gui.widgets.labels import ElidedLine, Line, Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.node_board import NodeSeen


class NodeRow(View):
    """The signals carry its address."""

    try_asked = Signal(str)
    removal_asked = Signal(str)

    def __init__(self, node: NodeSeen, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._node = node
        self._address, self._state = ElidedLine("", "strong"), Line()
        self._facts, self._failure = Text("", "muted"), SentenceLabel("danger")
        self._try, self._remove = Button(), Button()
        head, column = QHBoxLayout(), QVBoxLayout(self)
        head.setSpacing(10)
        head.addWidget(self._address, 1)
        for widget in (self._state, self._try, self._remove):
            head.addWidget(widget)
        column.setContentsMargins(0, 2, 0, 6)
        column.setSpacing(3)
        column.addLayout(head)
        column.addWidget(self._facts)
        column.addWidget(self._failure)
        self._try.clicked.connect(lambda: self.try_asked.emit(self._node.address))
        self._remove.clicked.connect(lambda: self.removal_asked.emit(self._node.address))
        self.retranslate()

    def show_node(self, node: NodeSeen) -> None:
        self._node = node
        self.retranslate()

    def retranslate(self) -> None:
        node = self._node
        self._address.setText(node.address)
        self._try.word(self.tr("Try"), self.tr("Asks it what it has, and how far it is, again."))
        self._try.setAccessibleName(self.tr("Try {address}").format(address=node.address))
        self._remove.word(self.tr("Remove"))
        self._remove.setAccessibleName(self.tr("Remove {address}").format(address=node.address))
        self._state.setText(self._state_words())
        self._state.set_kind("good" if node.there else "warning" if node.there is False else "muted")
        self._facts.setText(self._fact_words())
        self._failure.show_sentences(*((node.reason,) if node.reason else ()))

    def _state_words(self) -> str:
        if self._node.there is None:
            return self.tr("is being asked …")
        return self.tr("ready") if self._node.there else self.tr("not usable")

    def _fact_words(self) -> str:
        node = self._node
        devices = []
        for device in node.devices:
            memory = format_bytes(device.memory_bytes)
            rate = format_rate(device.bandwidth) if device.bandwidth else self.tr("speed not known")
            devices.append(f"{device.name} · {memory} · {rate}")
        away = self.tr("{time} ms away, at {rate}").format(
            time=f"{1000 * node.round_trip_s:.1f}", rate=format_rate(node.rate)
        )
        return "\n".join([*devices, away])
