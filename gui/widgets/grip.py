"""A handle to put a row elsewhere: by dragging it, or with the arrow keys while it has the focus."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from gui.widgets.controls import IconButton
from gui.widgets.theme import ThemeSource

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class Grip(IconButton):
    """`stepped` carries -1 or 1; `dragged` the height of the mouse on the screen, while it is held."""

    stepped = Signal(int)
    dragged = Signal(int)
    dropped = Signal()

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(theme, "grip", parent=parent)
        self._is_dragging = False
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setFixedWidth(34)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._is_dragging = event.button() is Qt.MouseButton.LeftButton

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self._is_dragging:
            self.dragged.emit(round(event.globalPosition().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._is_dragging:
            self._is_dragging = False
            self.dropped.emit()
