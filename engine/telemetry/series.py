"""A curve in the making: the last readings of one figure, in a ring of fixed size."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator


class Series:
    """At most `capacity` pairs of (time, value), oldest first; the oldest makes way for a new one.

    Times are seconds of any one clock and never go back: a reading older than the newest, or
    one that is not a finite number, is left out. Not thread-safe.
    """

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError("a series holds at least one reading")
        self._times = array("d", bytes(8 * capacity))
        self._values = array("d", bytes(8 * capacity))
        self._capacity = capacity
        self._start = 0
        self._count = 0

    def append(self, at: float, value: float) -> None:
        if not (math.isfinite(at) and math.isfinite(value)) or (self._count and at < self.newest_at):
            return
        place = (self._start + self._count) % self._capacity
        self._times[place], self._values[place] = at, value
        if self._count < self._capacity:
            self._count += 1
        else:
            self._start = (self._start + 1) % self._capacity

    def clear(self) -> None:
        self._start = self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[float, float]]:
        for index in range(self._count):
            place = (self._start + index) % self._capacity
            yield self._times[place], self._values[place]

    @property
    def newest_at(self) -> float:
        """Time of the newest reading, 0 without one."""
        return self._times[(self._start + self._count - 1) % self._capacity] if self._count else 0.0

    @property
    def newest(self) -> float:
        """Value of the newest reading, 0 without one."""
        return self._values[(self._start + self._count - 1) % self._capacity] if self._count else 0.0

    def largest(self) -> float:
        """The largest value that is held, 0 without one."""
        return max((value for _, value in self), default=0.0)
