"""Which layers keep their experts on the device that holds them, where everything else of all of them fits.

Of a layer's experts a token reads a few, of the rest of it everything: so the rest lies on devices before any
experts do, and these fill what is left. Pieces are those of layers.py, the output last; each device takes a
run of them, and of its layers the last so many keep their experts.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from engine.planning.layers import runs_of_all


@dataclass(frozen=True, slots=True)
class Division:
    """By device."""

    counts: tuple[int, ...]  # pieces
    kept: tuple[int, ...]  # layers that keep their experts


@dataclass(frozen=True, slots=True)
class Parts:
    """Bytes of each piece."""

    rest: Sequence[int]  # everything but experts
    experts: Sequence[int]


def divided(parts: Parts, rooms: Sequence[int], groups: Sequence[object], most: int) -> Division | None:
    """With the experts of as many layers as fit, of no more than `most`. None where not even the rest fits.
    `rooms` and `groups` as for `layers.runs_that_fit`."""
    found = _in_turn(parts, rooms, groups, most)
    if found is not None and len(rooms) > 1 and len(set(groups)) == 1:
        return _levelled(parts, rooms, sum(found.kept), most) or found
    return found


def _in_turn(parts: Parts, rooms: Sequence[int], groups: Sequence[object], most: int) -> Division | None:
    """The last layers of all keep theirs: so the first device, which is the fastest, has layers without, and
    the others hold as few as their memory takes whole."""
    layers = len(parts.rest) - 1
    low, high = 0, min(most, layers)
    while low < high:  # fewer always fit where more do
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _runs_with(parts, rooms, groups, middle) else (low, middle - 1)
    counts = _runs_with(parts, rooms, groups, low)
    if counts is None:
        return None
    ends = list(itertools.accumulate(counts))
    kept = (
        max(0, min(end, layers) - max(end - count, layers - low))
        for end, count in zip(ends, counts, strict=True)
    )
    return Division(counts, tuple(kept))


def _runs_with(
    parts: Parts, rooms: Sequence[int], groups: Sequence[object], kept: int
) -> tuple[int, ...] | None:
    first = len(parts.rest) - 1 - kept
    sizes = [
        rest + (experts if number >= first else 0)
        for number, (rest, experts) in enumerate(zip(parts.rest, parts.experts, strict=True))
    ]
    return runs_of_all(sizes, rooms, groups)


def _levelled(parts: Parts, rooms: Sequence[int], least: int, most: int) -> Division | None:
    """Devices of one speed keep those of equally many layers each, and layers without any lie in the gaps.
    None where that keeps no more than `least`."""
    rooms = [max(0, room) for room in rooms]
    spare = sum(rooms) - sum(parts.rest)
    smallest = min((size for size in parts.experts if size), default=1)
    for number in range(min(most, len(parts.rest) - 1, max(0, spare) // smallest), least, -1):
        each, more = divmod(number, len(rooms))
        kept = tuple(each + (place >= len(rooms) - more) for place in range(len(rooms)))
        if (counts := _runs_keeping(parts, rooms, kept)) is not None:
            return Division(counts, kept)
    return None


def _runs_keeping(parts: Parts, rooms: Sequence[int], kept: Sequence[int]) -> tuple[int, ...] | None:
    """Each device has as many pieces as fit beside the experts that it keeps, but leaves layers for those
    that the devices behind it keep."""
    rest = list(itertools.accumulate(parts.rest, initial=0))
    experts = list(itertools.accumulate(parts.experts, initial=0))
    layers, begin, counts = len(parts.rest) - 1, 0, list[int]()
    for place, room in enumerate(rooms):
        later = sum(kept[place + 1 :])
        least, end = begin + kept[place], layers - later if later else layers + 1
        while end >= least and _size(rest, experts, begin, min(end, layers), end, kept[place]) > room:
            end -= 1
        if end < least:
            return None
        counts.append(end - begin)
        begin = end
    return tuple(counts) if begin == layers + 1 else None


def _size(rest: Sequence[int], experts: Sequence[int], begin: int, last: int, end: int, kept: int) -> int:
    """Of the pieces from `begin` to `end`; of the layers among them, to `last`, the last keep experts."""
    return rest[end] - rest[begin] + experts[last] - experts[max(begin, last - kept)]
