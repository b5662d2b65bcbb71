"""Rows: what the transcript lays out and paints, one block of a message each.

A row knows its content and its look; its height is an estimate until `measured_for` equals the
width of the column. Documents are made on demand and belong to the cache, not to the row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPalette, QPen, QTextCursor, QTextDocument

from engine.chat.blocks import (
    Block,
    CodeBlock,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Table,
    lines_of,
    plain_text,
)
from gui.chat.documents import block_document, code_document, plain_document
from gui.chat.highlight import CodeText
from gui.chat.look import Look
from gui.widgets.icons import pixmap

SLICE_LINES = 48
SLICE_CHARS = 3_000
_RADIUS = 12.0
_HEADER = 34.0  # px, bar above code


@dataclass(frozen=True, slots=True)
class Action:
    """Something in a row that can be clicked, or pressed by keyboard. `rect` in the row's coordinates."""

    # "copy_code", "thought", "summary", "copy", "details", "regenerate", "carry_on", "earlier", "later",
    # "edit"
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


class Row:
    """Base: a document inside margins, nothing else."""

    selectable = True

    def __init__(self) -> None:
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

    def make_document(self, look: Look) -> QTextDocument | None:
        return None

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


class TextRow(Row):
    """A block of an answer, or of the reasoning before it."""

    def __init__(self, block: Block, reasoning: bool) -> None:
        super().__init__()
        self.block = block
        self.reasoning = reasoning

    def same(self, other: Row) -> bool:
        return isinstance(other, TextRow) and other.reasoning == self.reasoning and other.block == self.block

    def estimate(self, look: Look, width: float) -> float:
        return _lines_of(self.block, width) * look.line + 12

    def margins(self) -> QMarginsF:
        left = (22.0 if self.reasoning else 0.0) + (18.0 if isinstance(self.block, Quote) else 0.0)
        top = 6.0
        if isinstance(self.block, Heading):
            top = 16.0
        elif (isinstance(self.block, Table) and self.block.continued) or (
            isinstance(self.block, Paragraph) and self.block.continued
        ):
            top = 0.0
        bottom = 0.0 if isinstance(self.block, Heading) else 6.0
        return QMarginsF(left, top, 1.0, bottom)

    def make_document(self, look: Look) -> QTextDocument | None:
        if isinstance(self.block, Rule):
            return None
        return block_document(self.block, look, small=self.reasoning)

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        if self.reasoning:
            painter.fillRect(QRectF(8, 0, 2, size.height()), look.border)
        if isinstance(self.block, Quote):
            left = self.margins().left() - 18
            painter.fillRect(QRectF(left, 6, 3, size.height() - 12), look.border)
        if isinstance(self.block, Rule):
            painter.fillRect(QRectF(0, size.height() / 2, size.width(), 1), look.border)

    def palette(self, look: Look) -> QPalette:
        return look.muted_palette if self.reasoning or isinstance(self.block, Quote) else look.palette

    def text(self) -> str:
        return plain_text(self.block)

    def lines(self) -> Iterator[str]:
        yield from lines_of(self.block)

    def joint(self) -> str:
        if isinstance(self.block, Paragraph) and self.block.continued:
            return ""
        return "\n" if isinstance(self.block, Table) and self.block.continued else "\n\n"


class BubbleRow(Row):
    """A piece of what the user wrote: as it is, never read as markup."""

    def __init__(self, piece: str, first: bool, last: bool) -> None:
        super().__init__()
        self.piece = piece
        self.first = first
        self.last = last

    def estimate(self, look: Look, width: float) -> float:
        around = self.margins()
        return _wrapped(self.piece, width) * look.line + around.top() + around.bottom()

    def margins(self) -> QMarginsF:
        return QMarginsF(16, 24 if self.first else 0, 44, 15 if self.last else 0)

    def make_document(self, look: Look) -> QTextDocument | None:
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


class CodeRow(Row):
    """A slice of a code block. The first has the header, the last the lower edge."""

    def __init__(self, code: CodeText, closed: bool, start: int, end: int, last: bool) -> None:
        super().__init__()
        self.code = code
        self.closed = closed
        self.start = start
        self.end = end
        self.last = last
        self._piece = code.text[start:end]

    @property
    def first(self) -> bool:
        return self.start == 0

    def _key(self) -> tuple[object, ...]:
        return self.code.language, self.closed, self.start, self.last, self._piece

    def same(self, other: Row) -> bool:
        return isinstance(other, CodeRow) and other._key() == self._key()

    def estimate(self, look: Look, width: float) -> float:
        around = self.margins()
        return _wrapped(self._piece, width) * look.code_line + around.top() + around.bottom()

    def margins(self) -> QMarginsF:
        return QMarginsF(14, _HEADER + 18 if self.first else 0, 14, 20 if self.last else 0)

    def make_document(self, look: Look) -> QTextDocument | None:
        stretches = [s for s in self.code.stretches if s[0] < self.end and s[1] > self.start]
        return code_document(self._piece.removesuffix("\n"), stretches, self.start, look)

    def extend(self, document: QTextDocument, older: Row) -> bool:
        if not isinstance(older, CodeRow) or self.closed or older.start != self.start:
            return False
        had, now = older._piece.removesuffix("\n"), self._piece.removesuffix("\n")
        if not now.startswith(had):
            return False
        cursor = QTextCursor(document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(now[len(had) :])
        return True

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        top = 8.0 if self.first else -2.0
        bottom = 8.0 if self.last else -2.0
        box = QRectF(0.5, top + 0.5, size.width() - 1, size.height() - top - bottom - 1)
        painter.save()
        painter.setClipRect(QRectF(0, 0, size.width(), size.height()), Qt.ClipOperation.IntersectClip)
        path = rounded(box, self.first, self.last, 10.0)
        painter.fillPath(path, look.code_ground)
        painter.setPen(QPen(look.border, 1))
        painter.drawPath(path)
        if self.first:
            line = 8.0 + _HEADER
            painter.drawLine(QPointF(1, line), QPointF(size.width() - 1, line))
            painter.setPen(look.muted)
            painter.setFont(look.small)
            box = QRectF(14, 8, size.width() - 140, _HEADER)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self.code.language or words.code)
        painter.restore()

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        if not self.first:
            return ()
        return (right_action("copy_code", words.copy, "copy", look, width - 8, 8 + (_HEADER - 26) / 2),)

    def text(self) -> str:
        return self._piece

    def lines(self) -> Iterator[str]:
        yield self._piece

    def joint(self) -> str:
        return "\n\n" if self.first else ""


class ThoughtRow(Row):
    """The folded reasoning: one line that opens and closes it."""

    selectable = False
    key = "thought"
    icon = "brain"

    def __init__(self, title: str, opened: bool) -> None:
        super().__init__()
        self.title = title
        self.opened = opened
        self.measured_for = math.inf  # the same at every width
        self.height = 50.0

    def same(self, other: Row) -> bool:
        alike = type(other) is type(self)
        return alike and isinstance(other, ThoughtRow) and other._state() == self._state()

    def _state(self) -> tuple[str, bool]:
        return self.title, self.opened

    def estimate(self, look: Look, width: float) -> float:
        return self.height

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        box = QRectF(0, 6, size.width(), 36)
        painter.fillPath(rounded(box, True, True, 10.0), look.field)
        painter.drawPixmap(QPointF(12, 15), pixmap(self.icon, look.tokens.accent, 18))
        painter.setPen(look.muted)
        painter.setFont(look.small)
        painter.drawText(QRectF(40, 6, size.width() - 80, 36), Qt.AlignmentFlag.AlignVCenter, self.title)
        painter.save()
        painter.translate(size.width() - 22, 24)
        painter.rotate(0 if self.opened else -90)
        painter.drawPixmap(QPointF(-9, -9), pixmap("chevron", look.tokens.muted, 18))
        painter.restore()

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        return (Action(self.key, self.title, "", QRectF(0, 6, width, 36)),)

    def text(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True)
class FooterWords:
    """What stands under an answer. `state` is empty for a complete one."""

    state: str
    speed: str
    hint: str  # the tooltip of the speed
    buttons: tuple[tuple[str, str, str], ...]  # (key, words, icon)
    carry_on: str  # words of that button; "" without one


class FooterRow(Row):
    """The quiet line under an answer: speed and buttons; how it ended, if not as it should."""

    selectable = False

    def __init__(self, words: FooterWords) -> None:
        super().__init__()
        self.words = words
        self.measured_for = math.inf
        self.height = 44.0 + (40.0 if words.state else 0.0)

    def same(self, other: Row) -> bool:
        return isinstance(other, FooterRow) and other.words == self.words

    def estimate(self, look: Look, width: float) -> float:
        return self.height

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        painter.setFont(look.small)
        middle = Qt.AlignmentFlag.AlignVCenter
        if self.words.state:
            painter.drawPixmap(QPointF(0, 13), pixmap("warning", look.tokens.warning, 18))
            painter.setPen(look.warning)
            painter.drawText(QRectF(26, 6, size.width() - 180, 32), middle, self.words.state)
        painter.setPen(look.muted)
        buttons = self.actions(look, size.width(), words)[-len(self.words.buttons) :]
        room = min(button.rect.left() for button in buttons) - 8
        speed = look.small_metrics.elidedText(self.words.speed, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(0, self.height - 40, room, 30), middle, speed)

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        made = []
        if self.words.carry_on:
            made.append(right_action("carry_on", self.words.carry_on, "play", look, width, 8, framed=True))
        right = width
        for key, text, icon in reversed(self.words.buttons):
            action = right_action(key, text, icon, look, right, self.height - 38)
            right = action.rect.left() - 4
            made.append(action)
        made[-len(self.words.buttons) :] = reversed(made[-len(self.words.buttons) :])
        return tuple(made)

    def hint(self) -> str:
        return self.words.hint

    def text(self) -> str:
        return " ".join(part for part in (self.words.state, self.words.speed) if part)


def right_action(
    key: str, text: str, icon: str, look: Look, right: float, top: float, framed: bool = False
) -> Action:
    """A button of 26 px (28 with a frame) whose right edge is at `right`."""
    width = look.small_metrics.horizontalAdvance(text) + 42
    return Action(key, text, icon, QRectF(right - width, top, width, 28 if framed else 26), framed)


def rows_of(block: Block, reasoning: bool) -> Iterator[Row]:
    """The rows that show one block."""
    if not isinstance(block, CodeBlock):
        yield TextRow(block, reasoning)
        return
    code = CodeText(block.language, block.text, block.closed)
    for start, end in slices(block.text):
        yield CodeRow(code, block.closed, start, end, end == len(block.text))


def bubble_rows(text: str) -> Iterator[Row]:
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
        return _wrapped("".join(span.text for span in block.spans[:40]), width)
    return 1.0


def _wrapped(text: str, width: float) -> float:
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
