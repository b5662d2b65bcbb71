"""The heights of all messages, and their sums: a change costs a few steps, whatever the number. No Qt."""

from __future__ import annotations

from collections.abc import Iterable


class Heights:
    """A Fenwick tree: `_sums[i]` is the sum of the `i & -i` heights that end before index `i`."""

    def __init__(self, heights: Iterable[float] = ()) -> None:
        self._heights = list(heights)
        self._sums = [0.0, *self._heights]
        for at in range(1, len(self._sums)):
            above = at + (at & -at)
            if above < len(self._sums):
                self._sums[above] += self._sums[at]

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, index: int) -> float:
        return self._heights[index]

    def set(self, index: int, height: float) -> None:
        change = height - self._heights[index]
        self._heights[index] = height
        at = index + 1
        while change and at < len(self._sums):
            self._sums[at] += change
            at += at & -at

    def before(self, index: int) -> float:
        """The sum of those before that index."""
        total = 0.0
        while index > 0:
            total += self._sums[index]
            index -= index & -index
        return total

    def find(self, position: float) -> int:
        """The last index with no more than `position` before it; -1 where there are none."""
        at = 0
        step = 1 << len(self._heights).bit_length()
        while step:
            if at + step < len(self._sums) and self._sums[at + step] <= position:
                at += step
                position -= self._sums[at]
            step >>= 1
        return min(at, len(self._heights) - 1)
