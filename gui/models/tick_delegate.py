"""Rows with a box to tick, in the colours of the theme; a click anywhere on a row, or Space, ticks it."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.widgets.icons import pixmap
from gui.widgets.theme import ThemeSource

ROW = 28
_BOX = 16
_MARGIN = 8

Index = QModelIndex | QPersistentModelIndex


class TickDelegate(QStyledItemDelegate):
    def __init__(self, theme: ThemeSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(0, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tokens = self._theme.tokens
        state = option.state  # type: ignore[attr-defined]
        row: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.border))
            painter.drawRoundedRect(row.adjusted(2, 1, -2, -1), 6, 6)
        box = QRect(row.left() + _MARGIN, row.center().y() - _BOX // 2 + 1, _BOX, _BOX)
        self._paint_box(painter, box, is_ticked(index))
        words = row.adjusted(_MARGIN * 2 + _BOX, 0, -_MARGIN, 0)
        name = option.fontMetrics.elidedText(  # type: ignore[attr-defined]
            str(index.data()), Qt.TextElideMode.ElideMiddle, words.width()
        )
        painter.setPen(QColor(tokens.text))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), name)
        painter.restore()

    def editorEvent(
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        clicked = (
            isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonRelease
            and event.button() == Qt.MouseButton.LeftButton
        )
        if clicked or (isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space):
            state = Qt.CheckState.Unchecked if is_ticked(index) else Qt.CheckState.Checked
            return model.setData(index, state, Qt.ItemDataRole.CheckStateRole)
        return False

    def _paint_box(self, painter: QPainter, box: QRect, ticked: bool) -> None:
        tokens = self._theme.tokens
        painter.setPen(QPen(QColor(tokens.accent if ticked else tokens.muted), 1.2))
        painter.setBrush(QColor(tokens.accent if ticked else tokens.window))
        painter.drawRoundedRect(box, 4, 4)
        if ticked:
            scale = painter.device().devicePixelRatioF()
            painter.drawPixmap(box.topLeft(), pixmap("check", tokens.on_accent, _BOX, scale))


def is_ticked(index: Index) -> bool:
    return Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) is Qt.CheckState.Checked
