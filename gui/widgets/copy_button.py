"""A button that copies a text and says that it did."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from gui.widgets.controls import IconButton
from gui.widgets.theme import ThemeSource

_SAID_MS = 2000


class CopyButton(IconButton):
    """`text` is asked for when the button is pressed."""

    def __init__(self, theme: ThemeSource, text: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(theme, "copy", "", parent)
        self._text = text
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAID_MS)
        self._timer.timeout.connect(self._word)
        self.clicked.connect(self._copy)
        self._word()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._word()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text())
        self.word(self.tr("Copied"))
        self._timer.start()

    def _word(self) -> None:
        self.word(self.tr("Copy report"))
