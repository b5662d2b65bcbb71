"""What this program connects to: the list of engine/connections, on demand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.connections import CONNECTIONS
from gui.widgets.controls import Button
from gui.widgets.labels import Text
from gui.widgets.sentences import translate
from gui.widgets.view import View


class PrivacyNotes(View):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._open = False
        self._button = Button()
        self._notes = Text("", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._notes)
        self._button.clicked.connect(self._toggle)
        self.retranslate()

    def retranslate(self) -> None:
        self._button.word(self.tr("Hide the connections") if self._open else self.tr("Show every connection"))
        self._notes.setText("\n\n".join(map(translate, CONNECTIONS)))
        self._notes.setVisible(self._open)

    def _toggle(self) -> None:
        self._open = not self._open
        self.retranslate()
