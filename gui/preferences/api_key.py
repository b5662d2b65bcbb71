"""The key that programs have to show to the API: hidden until it is asked for."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.widgets.controls import Button
from gui.widgets.labels import Line
from gui.widgets.view import View

_HIDDEN = "•" * 12


class ApiKeyRow(View):
    """Shown only while there is a key."""

    renewal_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = ""
        self._open = False
        self._label, self._text = Line(), Line()
        self._show, self._copy, self._renew = Button(), Button(), Button()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        words, buttons = QHBoxLayout(), QHBoxLayout()
        for row in (words, buttons):
            row.setSpacing(10)
            column.addLayout(row)
        words.addWidget(self._label)
        words.addWidget(self._text, 1)
        for button in (self._show, self._copy, self._renew):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._show.clicked.connect(self._toggle)
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._key))
        self._renew.clicked.connect(self.renewal_asked)
        self.retranslate()
        self.show_key("", False)

    def show_key(self, key: str, own: bool) -> None:
        """ "" for none; `own`: it was made here, so that a new one can be."""
        if key != self._key:
            self._open = False
        self._key = key
        self._renew.show_when(own)
        self.setVisible(bool(key))
        self._show_text()

    def retranslate(self) -> None:
        self._label.setText(self.tr("API key"))
        self._copy.word(self.tr("Copy the key"))
        self._renew.word(
            self.tr("New key"), self.tr("Programs that have the old key can then no longer connect.")
        )
        self._show_text()

    def _toggle(self) -> None:
        self._open = not self._open
        self._show_text()

    def _show_text(self) -> None:
        self._text.setText(self._key if self._open else _HIDDEN)
        # A screen reader reads it only when the eyes can.
        self._text.setAccessibleName(self._key if self._open else self.tr("hidden"))
        self._show.word(self.tr("Hide the key") if self._open else self.tr("Show the key"))
