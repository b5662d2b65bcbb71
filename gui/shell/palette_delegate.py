"""Paints one entry of the command palette: its words, and its keys at the end."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui.widgets.fonts import ui_font
from gui.widgets.theme import ThemeSource

_PAD = 10


class PaletteDelegate(QStyledItemDelegate):
    HEIGHT = 32

    def __init__(self, theme: ThemeSource, keys_role: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._keys_role = keys_role

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, self.HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens = self._theme.tokens
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(1, 1, -1, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.selected))
            painter.drawRoundedRect(box, 7, 7)
        inner = box.adjusted(_PAD, 0, -_PAD, 0)
        keys = index.data(self._keys_role) or ""
        painter.setFont(ui_font(0.86))
        painter.setPen(QColor(tokens.muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, keys)
        room = inner.width() - QFontMetricsF(painter.font()).horizontalAdvance(keys) - 16
        painter.setFont(ui_font())
        painter.setPen(QColor(tokens.text))
        words = QFontMetricsF(painter.font()).elidedText(index.data(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, words)
        painter.restore()
