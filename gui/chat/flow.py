"""Where everything is: an anchor that holds while heights above it are corrected. No Qt.

Only rows that come into sight are measured. The place in the transcript is kept as a row and a
distance from its top, never as a pixel count, so that a better height elsewhere moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from gui.chat.heights import Heights
from gui.chat.look import BOTTOM, TOP
from gui.chat.rows import Row


class Source(Protocol):
    """The messages, as the flow needs them."""

    def box_count(self) -> int: ...

    def box_height(self, box: int) -> float:
        """Estimated or measured, in pixels."""

    def box_rows(self, box: int) -> list[Row]:
        """Unfolds the message if need be."""

    def measure(self, box: int, row: Row) -> float:
        """The exact height of a row."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row in sight; `y` is its top in the viewport."""

    box: int
    index: int
    row: Row
    y: float


class Flow:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._box = 0
        self._row = 0
        self._offset = -float(TOP)  # of the viewport's top below the anchor row's top
        self._known: Heights | None = None
        self._changed: set[int] = set()  # messages whose height is another one than `_known` says

    def reset(self) -> None:
        """To the begin, of whatever messages there are now."""
        self.go_home()
        self._known = None

    def go_home(self) -> None:
        self._box, self._row, self._offset = 0, 0, -float(TOP)

    def heights_changed(self) -> None:
        """Of all messages, or their number."""
        self._known = None

    def height_changed(self, box: int) -> None:
        self._changed.add(box)

    def total(self) -> float:
        """Height of everything, in pixels."""
        heights = self._heights()
        return TOP + heights.before(len(heights)) + BOTTOM

    def position(self) -> float:
        """The viewport's top, from the top of everything."""
        if not self._source.box_count():
            return 0.0
        rows = self._source.box_rows(self._box)[: self._row]
        return self._top(self._box) + sum(row.height for row in rows) + self._offset

    def move_by(self, pixels: float) -> None:
        """Exact, whatever is estimated."""
        self._offset += pixels

    def jump_to(self, position: float) -> None:
        """To about that place, as far as heights are known there."""
        if not self._source.box_count():
            return
        heights = self._heights()
        box = max(heights.find(position - TOP), 0)
        share = (position - self._top(box)) / max(heights[box], 1.0)
        rows = self._source.box_rows(box)
        inside = share * sum(row.height for row in rows)
        self._box, self._row, self._offset = box, 0, float(round(inside))

    def show_box(self, box: int) -> None:
        """Brings the begin of a message to the top."""
        self._box, self._row, self._offset = box, 0, -float(TOP)

    def show_row(self, box: int, row: int, offset: float) -> None:
        """Brings the viewport's top to `offset` below the top of a row; above it where negative."""
        self._box, self._row, self._offset = box, row, float(round(offset))

    def settle(self, view_height: float, at_end: bool) -> list[Placed]:
        """Measures what is in sight and says where it is; `at_end` keeps the end in sight."""
        if not self._source.box_count():
            return []
        self._clamp_anchor()
        if at_end:
            self._hang_from_end(view_height)
        self._normalise()
        placed, end = self._walk_down(view_height)
        if end < view_height - BOTTOM:
            self._hang_from_end(view_height)
            placed, _ = self._walk_down(view_height)
        return placed

    def beyond(self, placed: Placed, downwards: bool) -> Iterator[tuple[int, Row]]:
        """The rows after or before one, nearest first, with their messages."""
        around = self._downwards if downwards else self._upwards
        index = placed.index + 1 if downwards else placed.index
        for box, _, row in around(placed.box, index):
            yield box, row

    def from_box(self, box: int, downwards: bool) -> Iterator[tuple[int, Row]]:
        """The rows from a message on, or those before it, nearest first, with their messages."""
        for number, _, row in self._downwards(box, 0) if downwards else self._upwards(box, 0):
            yield number, row

    def _top(self, box: int) -> float:
        return TOP + self._heights().before(box)

    def _heights(self) -> Heights:
        if self._known is None or len(self._known) != self._source.box_count():
            self._known = Heights(map(self._source.box_height, range(self._source.box_count())))
        else:
            for box in self._changed:
                self._known.set(box, self._source.box_height(box))
        self._changed.clear()
        return self._known

    def _clamp_anchor(self) -> None:
        """Rows may have gone since the last time."""
        self._box = min(self._box, self._source.box_count() - 1)
        self._row = min(self._row, max(len(self._source.box_rows(self._box)) - 1, 0))

    def _normalise(self) -> None:
        """Makes the anchor the row at the viewport's top."""
        while self._offset < 0:
            before = next(self._upwards(self._box, self._row), None)
            if before is None:
                self._offset = max(self._offset, -float(TOP))
                break
            self._box, self._row, row = before
            self._offset += self._height(self._box, row)
        for box, index, row in self._downwards(self._box, self._row):
            self._box, self._row = box, index
            height = self._height(box, row)
            if self._offset < height:
                break
            self._offset -= height

    def _walk_down(self, view_height: float) -> tuple[list[Placed], float]:
        placed: list[Placed] = []
        y = -self._offset
        for box, index, row in self._downwards(self._box, self._row):
            if y >= view_height:
                break
            placed.append(Placed(box, index, row, y))
            y += self._height(box, row)
        return placed, y

    def _hang_from_end(self, view_height: float) -> None:
        below = float(BOTTOM)
        last = self._source.box_count() - 1
        for box, index, row in self._upwards(last, len(self._source.box_rows(last))):
            below += self._height(box, row)
            self._box, self._row = box, index
            if below >= view_height:
                break
        self._offset = max(below - view_height, -float(TOP))

    def _height(self, box: int, row: Row) -> float:
        before = row.height
        height = self._source.measure(box, row)
        if height != before:
            self._changed.add(box)
        return height

    def _downwards(self, box: int, index: int) -> Iterator[tuple[int, int, Row]]:
        for number in range(box, self._source.box_count()):
            rows = self._source.box_rows(number)
            for at in range(index if number == box else 0, len(rows)):
                yield number, at, rows[at]

    def _upwards(self, box: int, index: int) -> Iterator[tuple[int, int, Row]]:
        """Rows before that one, nearest first."""
        for number in range(box, -1, -1):
            rows = self._source.box_rows(number)
            for at in range((index if number == box else len(rows)) - 1, -1, -1):
                yield number, at, rows[at]
