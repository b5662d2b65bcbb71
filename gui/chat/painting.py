"""How documents, buttons and the focus are painted, and how places in documents are read."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QPainter,
    QPalette,
    QPen,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from gui.chat.look import Look
from gui.chat.rows import Action
from gui.widgets.icons import pixmap


def paint_document(
    painter: QPainter,
    document: QTextDocument,
    palette: QPalette,
    selected: tuple[int, int] | None,
    look: Look,
    clip: QRectF,
) -> None:
    """The part of a document inside `clip`; `selected` characters on the colour of selections."""
    context = QAbstractTextDocumentLayout.PaintContext()
    context.palette = palette
    context.clip = clip
    if selected is not None:
        selection = QAbstractTextDocumentLayout.Selection()
        selection.cursor = _cursor(document, *selected)
        style = QTextCharFormat()
        style.setBackground(look.selection)
        style.setForeground(look.text)
        selection.format = style
        context.selections = [selection]
    document.documentLayout().draw(painter, context)


def paint_action(painter: QPainter, action: Action, words: str, look: Look, hovered: bool) -> None:
    """A small button: icon and words."""
    if hovered or action.framed:
        painter.setPen(QPen(look.border, 1) if action.framed else Qt.PenStyle.NoPen)
        painter.setBrush(look.hover if hovered else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(action.rect, 7, 7)
    colour = look.tokens.text if action.framed or hovered else look.tokens.muted
    top = action.rect.center().y() - 8
    painter.drawPixmap(QPointF(action.rect.left() + 8, top), pixmap(action.icon, colour, 16))
    painter.setPen(look.text if action.framed or hovered else look.muted)
    painter.setFont(look.small)
    box = action.rect.adjusted(29, 0, 0, 0)
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)


def paint_focus(painter: QPainter, rect: QRectF, look: Look) -> None:
    """The ring around what the keyboard would press."""
    painter.setPen(QPen(look.accent, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 8, 8)


def word_at(document: QTextDocument, position: int) -> tuple[int, int]:
    """Begin and end of the word at a character."""
    cursor = QTextCursor(document)
    cursor.setPosition(min(position, document.characterCount() - 1))
    cursor.select(QTextCursor.SelectionType.WordUnderCursor)
    return cursor.selectionStart(), cursor.selectionEnd()


def text_between(document: QTextDocument, start: int, end: int) -> str:
    """Part of a document as plain text."""
    return _cursor(document, start, end).selection().toPlainText().replace("\u2028", "\n")


def _cursor(document: QTextDocument, start: int, end: int) -> QTextCursor:
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    return cursor
