"""Where everything is: an anchor that holds while heights above it are corrected. No Qt.

Only rows that come into sight are measured. The place in the transcript is kept as a row and a
distance from its top, never as a pixel count, so that a better height elsewhere moves nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

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
        self._tops: list[float] | None = None

    def reset(self) -> None:
        self._box, self._row, self._offset = 0, 0, -float(TOP)
        self._tops = None

    def heights_changed(self) -> None:
        self._tops = None

    def total(self) -> float:
        """Height of everything, in pixels."""
        return self._box_tops()[-1] + BOTTOM

    def position(self) -> float:
        """The viewport's top, from the top of everything."""
        if not self._source.box_count():
            return 0.0
        rows = self._source.box_rows(self._box)[: self._row]
        return self._box_tops()[self._box] + sum(row.height for row in rows) + self._offset

    def move_by(self, pixels: float) -> None:
        """Exact, whatever is estimated."""
        self._offset += pixels

    def jump_to(self, position: float) -> None:
        """To about that place, as far as heights are known there."""
        count = self._source.box_count()
        if not count:
            return
        tops = self._box_tops()
        box = min(max(bisect_right(tops, position) - 1, 0), count - 1)
        share = (position - tops[box]) / max(tops[box + 1] - tops[box], 1.0)
        rows = self._source.box_rows(box)
        self._tops = None
        inside = share * sum(row.height for row in rows)
        self._box, self._row, self._offset = box, 0, inside

    def show_box(self, box: int) -> None:
        """Brings the begin of a message to the top."""
        self._box, self._row, self._offset = box, 0, -float(TOP)

    def show_row(self, box: int, row: int, offset: float) -> None:
        """Brings the viewport's top to `offset` below the top of a row; above it where negative."""
        self._box, self._row, self._offset = box, row, offset

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

    def _box_tops(self) -> list[float]:
        """Top of every message, and the end of the last."""
        if self._tops is None:
            heights = map(self._source.box_height, range(self._source.box_count()))
            self._tops = list(accumulate(heights, initial=float(TOP)))
        return self._tops

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
            self._tops = None
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
