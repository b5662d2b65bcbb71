"""How documents, buttons and the focus are painted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QPainter,
    QPalette,
    QPen,
    QTextCharFormat,
    QTextDocument,
)

from gui.chat.look import Look
from gui.chat.reading import cursor_over
from gui.chat.rows import Action
from gui.widgets.icons import pixmap

Ground = tuple[int, int, QColor]  # first character, the one after the last, colour behind them


def paint_document(
    painter: QPainter,
    document: QTextDocument,
    palette: QPalette,
    grounds: Sequence[Ground],
    look: Look,
    clip: QRectF,
) -> None:
    """The part of a document inside `clip`, with some of its characters on other grounds."""
    context = QAbstractTextDocumentLayout.PaintContext()
    context.palette = palette
    context.clip = clip
    if grounds:
        context.selections = [_on_ground(document, ground, look) for ground in grounds]
    document.documentLayout().draw(painter, context)


def _on_ground(document: QTextDocument, ground: Ground, look: Look) -> QAbstractTextDocumentLayout.Selection:
    start, end, colour = ground
    made = QAbstractTextDocumentLayout.Selection()
    made.cursor = cursor_over(document, start, end)
    style = QTextCharFormat()
    style.setBackground(colour)
    style.setForeground(look.text)
    made.format = style
    return made


def paint_action(painter: QPainter, action: Action, words: str, look: Look, hovered: bool) -> None:
    """A small button: icon and words."""
    if hovered or action.framed:
        painter.setPen(QPen(look.border, 1) if action.framed else Qt.PenStyle.NoPen)
        painter.setBrush(look.hover if hovered else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(action.rect, 7, 7)
    colour = look.tokens.text if action.framed or hovered else look.tokens.muted
    top = action.rect.center().y() - 8
    left = action.rect.center().x() - 8 if action.bare else action.rect.left() + 8
    painter.drawPixmap(QPointF(left, top), pixmap(action.icon, colour, 16))
    if action.bare:
        return
    painter.setPen(look.text if action.framed or hovered else look.muted)
    painter.setFont(look.small)
    box = action.rect.adjusted(29, 0, 0, 0)
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)


def paint_focus(painter: QPainter, rect: QRectF, look: Look) -> None:
    """The ring around what the keyboard would press."""
    painter.setPen(QPen(look.accent, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 8, 8)
