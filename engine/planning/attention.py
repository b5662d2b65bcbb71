"""How long a CPU takes to look back, where it was calibrated: what it does for each position, and caches.

llama.cpp computes one head after the other over all positions, each thread a part of these. The first head of
a group that shares keys and values brings them from memory. The others find them in the core's second cache
as long as one head's fit in there. What does not, the second head brings from memory again, since a third
cache that holds no copies of the second keeps what was asked for twice; for the others it is there.

Measured with 25 shapes of heads of 64, 128 and 256 elements, 1 and 2 threads, behind 2,000 to 8,000
positions, on a Xeon with a second cache of 2 MiB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.catalog.model import ModelShape

# Work of a position that its width does not change, in elements: a dot product ends in a sum across lanes,
# and an exponential follows (measured with AVX-512: 13 ns beside 0.035 ns an element; vectors of half the
# width take twice the time an element).
POSITION_ELEMENTS_AVX512, POSITION_ELEMENTS = 366, 183
_ELEMENT_BYTES = 2  # f16
_LINE = 64
_SETS = 2048  # of a second cache, about
_USUAL_L2 = 1 << 20
_PADDING = 256  # positions; threads divide what is padded
# A row holds the keys of all heads. What is fetched ahead of one head belongs to the others in part, so that
# memory carries it in vain: a line takes 6 ns where two heads share a row, 10 to 14 where three or more do.
_DENSE_HEADS, _DENSE_SHARE = 2, 0.5
_ALL_MISSED = 4.0  # times the second cache, from which on nothing stays in it
_AGAIN_SHARE = 0.35  # of bringing it from memory: from the third cache


@dataclass(frozen=True, slots=True)
class LookBack:
    """Seconds for each element of K and V and query head, of all threads together."""

    compute_s: float  # with heads of `head`
    first_s: float  # to bring it from memory, of rows that three heads or more share
    head: int  # elements of a head's keys
    position_elements: int

    def element_s(self, width: int, kv_heads: int, sharing: float, crowding: float) -> float:
        """`width` elements of a head's keys, `kv_heads` of these in a row, `sharing` query heads on one of
        them; they fill their part of the cache `crowding` times."""
        own = 1 + self.position_elements / (2 * max(width, 1))
        compute = self.compute_s * own / (1 + self.position_elements / (2 * self.head))
        fetches = _fetches(max(sharing, 1.0), missed_share(crowding))
        return compute + _fetched_share(kv_heads) * self.first_s * fetches


def _fetched_share(kv_heads: int) -> float:
    """Time to fetch a head's part of a row, of what it takes where the row is shared by many."""
    return _DENSE_SHARE if kv_heads <= _DENSE_HEADS else 1.0


def missed_share(crowding: float) -> float:
    """Part of what one head leaves in the second cache that the next one does not find there."""
    return min(max(math.log(max(crowding, 1e-9), _ALL_MISSED), 0.0), 1.0)


def crowding(shape: ModelShape, depth: int, threads: int, l2_bytes: int) -> float:
    """How many times the keys and values of one head fill what the second cache has for them."""
    return crowding_of(
        shape.key_length, shape.value_length, shape.kv_heads, depth / max(threads, 1), l2_bytes
    )


def crowding_of(keys: int, values: int, kv_heads: int, depth: float, l2_bytes: int) -> float:
    """As above, of a thread that looks at `depth` positions. Rows of a head lie as far apart as all heads are
    wide, so that a wide power of two uses few of the cache's sets."""
    lines = max(1, -(-keys * _ELEMENT_BYTES // _LINE))
    stride = max(1, kv_heads * keys * _ELEMENT_BYTES // _LINE)
    part = min(1.0, lines / math.gcd(stride, _SETS))
    return depth * (keys + values) * _ELEMENT_BYTES / (part * (l2_bytes or _USUAL_L2))


def busiest(depth: int, threads: int) -> int:
    """Positions that all threads would compute if each had as many as the one that has most."""
    padded = -(-depth // _PADDING) * _PADDING
    return min(depth, -(-padded // max(threads, 1))) * max(threads, 1)


def parts_of(seen: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """(compute_s, first_s) behind times: (seconds of an element, readers, missed) of each measurement. By
    least squares of relative errors, as noise is in proportion to a time; it makes nothing negative."""
    weights = [1 / seconds**2 for seconds, _, _ in seen]
    fetched = [_fetches(readers, missed) for _, readers, missed in seen]
    times = [seconds for seconds, _, _ in seen]
    whole = sum(weights)
    mean_fetched = sum(w * x for w, x in zip(weights, fetched, strict=True)) / whole
    mean_time = sum(w * y for w, y in zip(weights, times, strict=True)) / whole
    apart = [x - mean_fetched for x in fetched]
    slope = sum(w * x * y for w, x, y in zip(weights, apart, times, strict=True))
    slope /= sum(w * x * x for w, x in zip(weights, apart, strict=True))
    first = min(max(slope, 0.0), mean_time / mean_fetched)
    return mean_time - first * mean_fetched, first


def _fetches(readers: float, missed: float) -> float:
    """How often a reader brings an element from memory, where `readers` share it."""
    again = max(readers - 2, 0) * _AGAIN_SHARE
    return (1 + min(readers - 1, 1) * missed + again * missed) / readers
