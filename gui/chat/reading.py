"""What stands where in a document. A formula is one character there, and reads as its source."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QRectF
from PySide6.QtGui import QTextBlock, QTextCursor, QTextDocument

from gui.chat.documents import SOURCE
from gui.chat.search import folded, places

_OBJECT = "\ufffc"  # stands for a picture


def word_at(document: QTextDocument, position: int) -> tuple[int, int]:
    """Begin and end of the word, or the formula, at a character."""
    if document.characterAt(position) == _OBJECT:
        return position, position + 1
    cursor = QTextCursor(document)
    cursor.setPosition(min(position, document.characterCount() - 1))
    cursor.select(QTextCursor.SelectionType.WordUnderCursor)
    return cursor.selectionStart(), cursor.selectionEnd()


def hits_in(document: QTextDocument, needle: str) -> list[tuple[int, int]]:
    """Begin and end of everywhere that a folded needle stands in a document."""
    found: list[tuple[int, int]] = []
    block = document.begin()
    while block.isValid():
        pieces = list(_pieces(block))
        text = "".join(text for text, _ in pieces)
        for at in places(folded(text), needle):
            start, _ = _place(pieces, at)
            _, end = _place(pieces, at + len(needle) - 1)
            found.append((block.position() + start, block.position() + end))
        block = block.next()
    return found


def line_at(document: QTextDocument, position: int) -> QRectF:
    """Where the line with that character is."""
    block = document.findBlock(position)
    around = document.documentLayout().blockBoundingRect(block)
    line = block.layout().lineForTextPosition(position - block.position())
    if not line.isValid():
        return around
    return line.rect().translated(around.topLeft())


def text_between(document: QTextDocument, start: int, end: int) -> str:
    """Part of a document as plain text."""
    text = cursor_over(document, start, end).selection().toPlainText().replace("\u2028", "\n")
    if _OBJECT not in text:
        return text
    sources = iter(source_at(document, at) for at in range(start, end) if document.characterAt(at) == _OBJECT)
    return "".join(next(sources, "") if letter == _OBJECT else letter for letter in text)


def line_of(document: QTextDocument, position: int) -> str:
    """The paragraph at a character."""
    return "".join(text for text, _ in _pieces(document.findBlock(position)))


def source_at(document: QTextDocument, position: int) -> str:
    """The source of the formula that is that character."""
    cursor = QTextCursor(document)
    cursor.setPosition(position + 1)
    return cursor.charFormat().stringProperty(SOURCE)


def cursor_over(document: QTextDocument, start: int, end: int) -> QTextCursor:
    """With those characters selected."""
    cursor = QTextCursor(document)
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    return cursor


def _pieces(block: QTextBlock) -> Iterator[tuple[str, int]]:
    """The texts of a paragraph, each with how many characters it has in the document."""
    text = block.text()
    rest = 0
    at = text.find(_OBJECT)
    while at >= 0:
        yield text[rest:at], _units(text[rest:at])
        place = block.position() + _units(text[:at])
        yield source_at(block.document(), place), 1
        rest = at + 1
        at = text.find(_OBJECT, rest)
    yield text[rest:], _units(text[rest:])


def _place(pieces: list[tuple[str, int]], at: int) -> tuple[int, int]:
    """Begin and end, in the document, of a character of the joined texts."""
    place = 0
    for text, units in pieces:
        if at < len(text):
            if units == 1 and len(text) > 1:
                return place, place + 1
            # Qt counts letters beyond U+FFFF, such as emoji, twice.
            begin = place + _units(text[:at])
            return begin, begin + _units(text[at])
        at -= len(text)
        place += units
    return place, place


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
