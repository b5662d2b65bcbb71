"""Paints one conversation or folder of the side bar: rounded, calm, with the colours of the theme."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from gui.conversations.tree import FOLDER_ROLE
from gui.widgets.icons import icon
from gui.widgets.theme import ThemeSource

_HEIGHT = 34
_ICON = 16


class ConversationDelegate(QStyledItemDelegate):
    """Titles come from people and models, so they are drawn as plain text, shortened at the end."""

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, _HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens = self._theme.tokens
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(1, 1, -1, -1)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        if selected or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.selected if selected else tokens.hover))
            painter.drawRoundedRect(box, 7, 7)
        if focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 1))
            painter.drawRoundedRect(box, 7, 7)
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        if index.data(FOLDER_ROLE) is not None:
            opened = bool(option.state & QStyle.StateFlag.State_Open)
            picture = icon("chevron" if opened else "right", tokens.muted, _ICON)
        if isinstance(picture, QIcon):
            top = round(box.center().y() - _ICON / 2)
            picture.paint(painter, round(box.left()) + 9, top, _ICON, _ICON)
        words = box.adjusted(9 + _ICON + 10, 0, -8, 0)
        text = index.data(Qt.ItemDataRole.DisplayRole)
        shown = option.fontMetrics.elidedText(text, Qt.TextElideMode.ElideRight, round(words.width()))
        painter.setFont(option.font)
        painter.setPen(QColor(tokens.text))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.restore()
