"""Paints what was found: a conversation's title in bold, below it passages with the words marked."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui.conversations.results import HIT_ROLE, Row
from gui.widgets.fonts import ui_font
from gui.widgets.icons import icon
from gui.widgets.theme import ThemeSource

_PAD = 9
_WHO = 64  # width of the column that says who wrote it
_ICON = 16
_LINES = 2
_LEFT = _PAD + _ICON + 10
_Index = QModelIndex | QPersistentModelIndex


class ResultDelegate(QStyledItemDelegate):
    """Words come from anywhere, so they are plain text. `view` is as wide as the rows are."""

    def __init__(self, theme: ThemeSource, view: QListView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        line = option.fontMetrics.height()
        row = index.data(HIT_ROLE)
        if row.message is None:
            return QSize(200, line + 2 * _PAD + 4)
        layout = self._layout(row, option.font, self._room(option, row))
        return QSize(200, round(line * min(_LINES, layout.lineCount())) + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row, tokens = index.data(HIT_ROLE), self._theme.tokens
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(1, 1, -1, -1)
        self._paint_ground(painter, option, box)
        muted = QColor(tokens.muted)
        font = ui_font(1.0, 600) if row.message is None else option.font
        layout = self._layout(row, font, self._room(option, row))
        if row.message is None:
            top = round(box.center().y() - _ICON / 2)
            icon("chat", tokens.muted, _ICON).paint(painter, round(box.left()) + _PAD, top, _ICON, _ICON)
            painter.setPen(muted)
            painter.drawText(
                box.adjusted(0, 0, -_PAD, 0),
                int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
                row.who,
            )
        else:
            painter.setPen(muted)
            place = QRectF(box.left() + _LEFT, box.top() + 6, _WHO, box.height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), row.who)
        painter.setPen(QColor(tokens.text))
        x = box.left() + _LEFT + (_WHO if row.message is not None else 0)
        y = box.center().y() - option.fontMetrics.height() / 2 if row.message is None else box.top() + 6
        for number in range(min(_LINES, layout.lineCount())):
            layout.lineAt(number).draw(painter, QPointF(x, y))
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, box: QRectF) -> None:
        tokens = self._theme.tokens
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.selected if selected else tokens.hover))
            painter.drawRoundedRect(box, 7, 7)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 1))
            painter.drawRoundedRect(box, 7, 7)

    def _room(self, option: QStyleOptionViewItem, row: Row) -> float:
        taken = _WHO if row.message is not None else option.fontMetrics.horizontalAdvance(row.who) + 20
        return max(80.0, self._view.viewport().width() - _LEFT - taken - _PAD)

    def _layout(self, row: Row, font: QFont, width: float) -> QTextLayout:
        """The words with their marks, broken into lines; what does not fit is left out by the painter."""
        words = row.words
        layout = QTextLayout(words, font)
        way = QTextOption()
        way.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(way)
        ground = QTextCharFormat()
        ground.setBackground(QColor(self._theme.tokens.hit))
        formats = []
        for start, end in row.marks:
            mark = QTextLayout.FormatRange()
            mark.start, mark.length, mark.format = _units(words, 0, start), _units(words, start, end), ground
            formats.append(mark)
        layout.setFormats(formats)
        layout.beginLayout()
        top = 0.0
        most = 1 if row.message is None else _LINES
        for _ in range(most):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(width)
            line.setPosition(QPointF(0, top))
            top += line.height()
        layout.endLayout()
        return layout


def _units(text: str, start: int, end: int) -> int:
    """How many units of Qt's strings that part has: characters beyond the first plane are two."""
    return len(text[start:end].encode("utf-16-le", "surrogatepass")) // 2
