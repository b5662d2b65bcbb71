"""What is selected: two spots in the transcript and everything between them. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

Spot = tuple[int, int, int]  # message, row in it, character in the row


@dataclass(slots=True)
class Selection:
    """`anchor` is where it began, `cursor` where it goes to; equal when nothing is selected."""

    anchor: Spot = (0, 0, 0)
    cursor: Spot = (0, 0, 0)

    @property
    def empty(self) -> bool:
        return self.anchor == self.cursor

    @property
    def start(self) -> Spot:
        return min(self.anchor, self.cursor)

    @property
    def end(self) -> Spot:
        return max(self.anchor, self.cursor)

    def clear(self) -> None:
        self.anchor = self.cursor

    def part(self, box: int, row: int, length: int) -> tuple[int, int] | None:
        """The selected characters (from, to) of a row with `length` characters."""
        first, last = self.start, self.end
        if self.empty or not first[:2] <= (box, row) <= last[:2]:
            return None
        begin = first[2] if (box, row) == first[:2] else 0
        end = last[2] if (box, row) == last[:2] else length
        return min(begin, length), min(end, length)
