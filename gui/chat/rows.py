"""Rows: what the transcript lays out and paints, one block of a message each.

A row knows its content and its look; its height is an estimate until `measured_for` equals the
width of the column. Documents are made on demand and belong to the cache, not to the row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QMarginsF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPalette, QTextDocument

from gui.chat.documents import Document
from gui.chat.look import INDENT, Look

_RADIUS = 12.0


@dataclass(frozen=True, slots=True)
class Action:
    """Something in a row that can be clicked, or pressed by keyboard. `rect` in the row's coordinates."""

    # "copy_code", "thought", "summary", "copy", "details", "regenerate", "carry_on", "earlier", "later",
    # "edit", "scroll_left", "scroll_right"
    key: str
    text: str
    icon: str
    rect: QRectF
    framed: bool = False
    bare: bool = False  # only the icon is painted


@dataclass(frozen=True, slots=True)
class Words:
    """The transcript's own words in the language of the window."""

    copy: str
    copied: str
    code: str
    edit: str
    left: str  # scrolls a wide formula
    right: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an answer a row stands. `joined`: what is before it belongs to the same block."""

    reasoning: bool = False
    depth: int = 0  # of lists around it
    quoted: bool = False
    joined: bool = False

    @property
    def left(self) -> float:
        """Pixels from the column's left edge."""
        return (22.0 if self.reasoning else 0.0) + self.depth * INDENT + (18.0 if self.quoted else 0.0)

    @property
    def muted(self) -> bool:
        return self.reasoning or self.quoted

    def paint(self, painter: QPainter, look: Look, height: float) -> None:
        """The lines beside reasoning and quotes."""
        if self.reasoning:
            painter.fillRect(QRectF(8, 0, 2, height), look.border)
        if self.quoted:
            painter.fillRect(QRectF(self.left - 18, 0, 3, height), look.border)


DIRECT = Place()


class Row:
    """Base: a document inside margins, nothing else."""

    selectable = True

    def __init__(self) -> None:
        self.shift = 0.0  # px, how far the document is scrolled to the right
        self.height = 0.0
        self.measured_for = -1.0

    def is_measured(self, width: float) -> bool:
        """False while `height` is an estimate for that width of the column."""
        return self.measured_for in (width, math.inf)

    def same(self, other: Row) -> bool:
        """True if the other row would look exactly like this one."""
        return False

    def estimate(self, look: Look, width: float) -> float:
        """A guess of the height in time that does not depend on the text."""
        raise TypeError(f"{type(self).__name__} has no estimate")

    def margins(self) -> QMarginsF:
        """Around the document."""
        return QMarginsF(0, 6, 0, 6)

    def make_document(self, look: Look) -> Document | None:
        return None

    def document_width(self, room: float) -> float:
        """Of the document that was made, in pixels, where there is `room`."""
        return room

    def extend(self, document: QTextDocument, older: Row) -> bool:
        """Makes an older row's document into this row's; False if that cannot be done."""
        return False

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        """Paints what lies behind the document."""

    def palette(self, look: Look) -> QPalette:
        return look.palette

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        return ()

    def text(self) -> str:
        """For the clipboard and for screen readers."""
        return ""

    def lines(self) -> Iterator[str]:
        """What can be found in the document, a text for each of its paragraphs."""
        yield from ()

    def joint(self) -> str:
        """What stands between this row's text and that of the row before it."""
        return "\n\n"

    def hint(self) -> str:
        """The tooltip, "" for none."""
        return ""


def right_action(
    key: str, text: str, icon: str, look: Look, right: float, top: float, framed: bool = False
) -> Action:
    """A button of 26 px (28 with a frame) whose right edge is at `right`."""
    width = look.small_metrics.horizontalAdvance(text) + 42
    return Action(key, text, icon, QRectF(right - width, top, width, 28 if framed else 26), framed)


def wrapped(text: str, width: float) -> float:
    return text.count("\n") + 1 + len(text) * 8.0 / max(width, 100.0)


def rounded(box: QRectF, top: bool, bottom: bool, radius: float = _RADIUS) -> QPainterPath:
    """A box with round corners above, below, or both."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    if top and bottom:
        path.addRoundedRect(box, radius, radius)
        return path
    whole = QRectF(box)
    if not bottom:
        whole.setBottom(box.bottom() + radius)
    if not top:
        whole.setTop(box.top() - radius)
    if top or bottom:
        rounded = QPainterPath()
        rounded.addRoundedRect(whole, radius, radius)
        path.addRect(box)
        return path.intersected(rounded)
    path.addRect(box)
    return path
