"""Which segment arrived wrong, when the checksum of the whole says that one did.

The checksum itself does not tell. So segments are fetched again one by one (from another source, if there
is one) until one of them differs from what is in the file: that one was it, if the checksum is right now.
The order is that of suspicion; where the source knows digests of parts (`tell`) that leaves few of them.
Why nothing better is possible stands in docs/decisions/0010-a-byte-that-arrived-wrong.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

_MOST_SWAPS = 6  # of the source, so that segments are compared with another one's
_MOST_AT_ONCE = 2  # segments that are compared: what is under way when the wrong one is found is wasted
_MOST_COMPARISONS = 2  # of a segment with what its sources send


class Suspects:
    """Of one transfer."""

    def __init__(self) -> None:
        self.sources: dict[int, int] = {}  # segment: source of its last bytes
        self.swaps = 0
        self._interrupted: set[int] = set()  # segments that came in several pieces
        self._wrong: Set[int] = frozenset()
        self._right: Set[int] = frozenset()
        self._waiting: list[int] | None = None  # to compare, the next one last; None: no need so far
        self._under_way: set[int] = set()
        self._tries: dict[int, int] = {}
        self._differed = False  # a segment did, since the last checksum

    # what is known beforehand
    def came(self, segment: int, source: int) -> None:
        self.sources[segment] = source

    def interrupted(self, segment: int) -> None:
        self._interrupted.add(segment)

    def tell(self, wrong: Set[int], right: Set[int]) -> None:
        """Digests of parts: `wrong` segments lie in parts that differ, `right` ones in parts that do not."""
        self._wrong, self._right = wrong, right

    # the comparison
    @property
    def comparing(self) -> bool:
        """Whether the checksum was wrong, so that what is in the file may still change."""
        return self._waiting is not None

    @property
    def unsettled(self) -> bool:
        """Whether the checksum has to wait for segments that are being compared, or are yet to be."""
        return bool(self._under_way or (self._waiting and not self._differed))

    def is_compared(self, segment: int) -> bool:
        """Whether a segment is being fetched again, to be compared with what was there."""
        return segment in self._under_way

    def again(self, segments: int, source: int) -> bool:
        """The checksum is wrong. False when there is nothing left to compare. `source` is at work now."""
        self._differed = False
        if self._waiting is None:
            self._waiting = sorted(range(segments), key=lambda one: self._rank(one, source), reverse=True)
        return bool(self._waiting)

    def _rank(self, segment: int, source: int) -> tuple[bool, bool, bool, bool, int]:
        """What digests say counts first; then those that came from other sources than the one at work, so
        that it can be asked; then those that came in pieces; then from the front on."""
        same = self.sources.get(segment) == source
        return (
            segment not in self._wrong,
            segment in self._right,
            same,
            segment not in self._interrupted,
            segment,
        )

    def wants_other_than(self, source: int) -> bool:
        """Whether the next one had better be compared with what another source sends."""
        if not self._waiting or self._differed or self.swaps >= _MOST_SWAPS:
            return False
        return self.sources.get(self._waiting[-1], source) == source

    def take(self) -> int | None:
        """The next segment to fetch again; None while there is none."""
        if not self._waiting or self._differed or len(self._under_way) >= _MOST_AT_ONCE:
            return None
        if self._waiting[-1] not in self._wrong and self._under_way & self._wrong:
            return None  # most likely it is one of these
        return self._taken(self._waiting)

    def take_all(self) -> Iterator[int]:
        while self._waiting:
            yield self._taken(self._waiting)

    def _taken(self, waiting: list[int]) -> int:
        segment = waiting.pop()
        self._under_way.add(segment)
        self._tries[segment] = self._tries.get(segment, 0) + 1
        return segment

    def compared(self, segment: int, same: bool) -> None:
        """A segment came again, and is what was there before, or not."""
        self._under_way.discard(segment)
        if not same:
            self._differed = True
            if self._tries[segment] < _MOST_COMPARISONS and self._waiting is not None:
                self._waiting.insert(0, segment)  # in case it is this one that is wrong
