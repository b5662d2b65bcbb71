"""Rows of words: blocks of an answer, and what the user wrote."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QMarginsF, QRectF
from PySide6.QtGui import QPainter, QPalette

from engine.chat.blocks import (
    Block,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Table,
    lines_of,
    neutral,
    plain_text,
)
from gui.chat.documents import Document, block_document, plain_document
from gui.chat.look import Look
from gui.chat.rows import Action, Place, Row, Words, rounded, wrapped

SLICE_LINES = 48
SLICE_CHARS = 3_000


class TextRow(Row):
    """A block of an answer, or of the reasoning before it."""

    def __init__(self, block: Block, place: Place) -> None:
        super().__init__()
        self.block = block
        self.place = place

    def same(self, other: Row) -> bool:
        return isinstance(other, TextRow) and other.place == self.place and other.block == self.block

    def estimate(self, look: Look, width: float) -> float:
        return _lines_of(self.block, width) * look.line + 12

    def margins(self) -> QMarginsF:
        top = 6.0
        if isinstance(self.block, Heading):
            top = 16.0
        elif isinstance(self.block, Table | Paragraph) and self.block.continued:
            top = 0.0
        bottom = 0.0 if isinstance(self.block, Heading) else 6.0
        return QMarginsF(self.place.left, top, 1.0, bottom)

    def make_document(self, look: Look) -> Document | None:
        if isinstance(self.block, Rule):
            return None
        return block_document(self.block, look, self.place.reasoning, self.place.muted)

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        self.place.paint(painter, look, size.height())
        if isinstance(self.block, Rule):
            painter.fillRect(QRectF(0, size.height() / 2, size.width(), 1), look.border)

    def palette(self, look: Look) -> QPalette:
        return look.muted_palette if self.place.muted else look.palette

    def text(self) -> str:
        return plain_text(self.block)

    def lines(self) -> Iterator[str]:
        yield from lines_of(self.block)

    def joint(self) -> str:
        if isinstance(self.block, Paragraph) and self.block.continued:
            return ""
        near = self.place.joined or (isinstance(self.block, Table) and self.block.continued)
        return "\n" if near else "\n\n"


class BubbleRow(Row):
    """A piece of what the user wrote: as it is, never read as markup."""

    def __init__(self, piece: str, first: bool, last: bool) -> None:
        super().__init__()
        self.piece = piece
        self.first = first
        self.last = last

    def estimate(self, look: Look, width: float) -> float:
        around = self.margins()
        return wrapped(self.piece, width) * look.line + around.top() + around.bottom()

    def margins(self) -> QMarginsF:
        return QMarginsF(16, 24 if self.first else 0, 44, 15 if self.last else 0)

    def make_document(self, look: Look) -> Document | None:
        return plain_document(self.piece.removesuffix("\n"), look)

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        top = 12.0 if self.first else 0.0
        box = QRectF(0, top, size.width(), size.height() - top - (8 if self.last else 0))
        painter.fillPath(rounded(box, self.first, self.last), look.bubble)

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        if not self.first:
            return ()
        return (Action("edit", words.edit, "edit", QRectF(width - 38, 21, 30, 28), bare=True),)

    def text(self) -> str:
        return self.piece

    def lines(self) -> Iterator[str]:
        yield self.piece

    def joint(self) -> str:
        return "\n\n" if self.first else ""


def bubble_rows(text: str) -> Iterator[Row]:
    """The rows that show what the user wrote."""
    text = neutral(text)
    for start, end in slices(text):
        yield BubbleRow(text[start:end], start == 0, end == len(text))


def slices(text: str) -> Iterator[tuple[int, int]]:
    """Cuts a text into pieces of few lines and characters; at least one, maybe empty.

    Each cut depends only on what is before it, so the pieces of a growing text stay."""
    start = 0
    while True:
        end = start
        for _ in range(SLICE_LINES):
            found = text.find("\n", end, start + SLICE_CHARS)
            if found < 0:
                end = start + SLICE_CHARS
                break
            end = found + 1
        end = min(end, len(text))
        yield start, end
        if end == len(text):
            return
        start = end


def _lines_of(block: Block, width: float) -> float:
    """About how many lines a block takes; looks at no more than a few items."""
    if isinstance(block, Table):
        return 2.0 * (len(block.rows) + 1)
    if isinstance(block, ListBlock):
        return 1.3 * len(block.items)
    if isinstance(block, Quote):
        return 1.5 * len(block.blocks)
    if isinstance(block, Paragraph | Heading):
        return wrapped("".join(span.text for span in block.spans[:40]), width)
    return 1.0
