"""Rows of formulas of their own: in the middle, and scrolled sideways where the column is too narrow."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QMarginsF, QRectF
from PySide6.QtGui import QPainter, QPalette

from engine.chat.blocks import Maths
from gui.chat.documents import Document, formula_document
from gui.chat.look import Look
from gui.chat.rows import Action, Place, Row, Words

_BUTTON = 28.0  # px


class MathsRow(Row):
    """Too wide, it gets two buttons below, which the keyboard reaches too."""

    def __init__(self, block: Maths, place: Place) -> None:
        super().__init__()
        self.block = block
        self.place = place
        self._natural = 0.0  # px, width of the formula; 0 while it is shown as its source
        self._room = 0.0

    def same(self, other: Row) -> bool:
        return isinstance(other, MathsRow) and (other.block, other.place) == (self.block, self.place)

    def estimate(self, look: Look, width: float) -> float:
        return 24.0 + 2 * look.line

    @property
    def wide(self) -> bool:
        return self._natural > self._room > 0

    @property
    def furthest(self) -> float:
        """The largest `shift`."""
        return max(self._natural - self._room, 0.0)

    def margins(self) -> QMarginsF:
        return QMarginsF(self.place.left, 8, 1, 8 + (_BUTTON + 4 if self.wide else 0))

    def make_document(self, look: Look) -> Document | None:
        document, self._natural = formula_document(self.block, look, self.place.muted)
        return document

    def document_width(self, room: float) -> float:
        self._room = room
        self.shift = min(self.shift, self.furthest)
        return max(room, self._natural)

    def scroll(self, rooms: float) -> bool:
        """By that many widths of what is seen; False where it is at that end already."""
        before = self.shift
        self.shift = min(max(self.shift + rooms * self._room, 0.0), self.furthest)
        return self.shift != before

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        self.place.paint(painter, look, size.height())
        if self.wide:
            length = size.width() - self.place.left - 2 * _BUTTON - 8
            track = QRectF(self.place.left, size.height() - 22, length, 3)
            part = QRectF(track)
            part.setWidth(track.width() * self._room / self._natural)
            part.translate(track.width() * self.shift / self._natural, 0)
            painter.fillRect(track, look.border)
            painter.fillRect(part, look.muted)

    def palette(self, look: Look) -> QPalette:
        return look.muted_palette if self.place.muted else look.palette

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        if not self.wide:
            return ()
        top = self.height - _BUTTON - 6
        both = (("scroll_left", words.left, "left", 2), ("scroll_right", words.right, "right", 1))
        return tuple(
            Action(key, text, icon, QRectF(width - place * _BUTTON, top, _BUTTON, 26), bare=True)
            for key, text, icon, place in both
        )

    def text(self) -> str:
        return self.block.text

    def lines(self) -> Iterator[str]:
        yield self.block.text

    def joint(self) -> str:
        return "\n" if self.place.joined else "\n\n"
