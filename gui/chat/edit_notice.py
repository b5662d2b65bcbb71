"""The line above the composer while a question is edited."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.widgets.controls import Button
from gui.widgets.labels import Text
from gui.widgets.view import View


class EditNotice(View):
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message_id: int | None = None  # of the question that is edited
        self.words = Text("", "muted")
        self.cancel = Button("flat")
        self.cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        self.hide()
        self.retranslate()

    def show_edit(self, message_id: int | None) -> None:
        """That question is edited; None when none is any more."""
        self.message_id = message_id
        self.setVisible(message_id is not None)

    def retranslate(self) -> None:
        self.words.setText(self.tr("Editing a question. What you send becomes another version of it."))
        self.cancel.word(self.tr("Cancel (Esc)"))
