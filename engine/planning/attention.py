"""How long a CPU takes to look back, where it was calibrated: what it does for each position, and caches.

llama.cpp computes one head after the other over all positions, each thread a part of these. The first head of
a group that shares keys and values brings them from memory; the others find them in the core's second cache,
as long as one head's fit in there.
"""

from __future__ import annotations

import math
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
# Pieces of this size come as fast from the third cache as from the second (measured: heads of 256).
_STREAMED_BYTES, _SCATTERED_BYTES = 512, 128
_PADDING = 256  # positions; threads divide what is padded
# Rows of one head that lie so far apart are not fetched ahead: strides up to 2 KiB are what the first cache
# foresees (Intel's optimization manual, hardware prefetch). To bring them from memory takes twice as long
# (measured: 0.9 to 1.2 times as long again, 8 heads of 128 and of 256, shared by 2 and 4, 1 and 2 threads).
_UNFORESEEN_BYTES, _UNFORESEEN = 2048, 2.0


@dataclass(frozen=True, slots=True)
class LookBack:
    """Seconds for each element of K and V and query head, of all threads together."""

    compute_s: float  # with heads of `head`
    first_s: float  # to bring it from memory
    again_s: float  # to bring it again where it did not stay in the second cache
    head: int  # elements of a head's keys
    position_elements: int

    def element_s(self, width: int, sharing: float, crowding: float, row_bytes: int) -> float:
        """`width` elements of a head's keys, `sharing` query heads on one of them; these fill their part of
        the cache `crowding` times, and lie `row_bytes` apart."""
        own = 1 + self.position_elements / (2 * max(width, 1))
        compute = self.compute_s * own / (1 + self.position_elements / (2 * self.head))
        missed = min(
            max(math.log2(max(crowding, 1e-9)), 0.0), 1.0
        )  # all of it, once they are twice too large
        piece = width * _ELEMENT_BYTES
        missed *= min(max((_STREAMED_BYTES - piece) / (_STREAMED_BYTES - _SCATTERED_BYTES), 0.0), 1.0)
        sharing = max(sharing, 1.0)
        first_s = self.first_s * (_UNFORESEEN if row_bytes >= _UNFORESEEN_BYTES else 1.0)
        return compute + (first_s + (sharing - 1) * missed * self.again_s) / sharing


def crowding(shape: ModelShape, depth: int, threads: int, l2_bytes: int) -> float:
    """How many times the keys and values of one head fill what the second cache has for them. Rows of a head
    lie as far apart as all heads are wide, so that a wide power of two uses few of the cache's sets."""
    lines = max(1, -(-shape.key_length * _ELEMENT_BYTES // _LINE))
    stride = max(1, row_bytes(shape) // _LINE)
    part = min(1.0, lines / math.gcd(stride, _SETS))
    held = depth / max(threads, 1) * (shape.key_length + shape.value_length) * _ELEMENT_BYTES
    return held / (part * (l2_bytes or _USUAL_L2))


def row_bytes(shape: ModelShape) -> int:
    """From one position's keys to the next one's."""
    return shape.kv_heads * shape.key_length * _ELEMENT_BYTES


def busiest(depth: int, threads: int) -> int:
    """Positions that all threads would compute if each had as many as the one that has most."""
    padded = -(-depth // _PADDING) * _PADDING
    return min(depth, -(-padded // max(threads, 1))) * max(threads, 1)


def parts_of(near: float, deep: float, alone: float, sharing: int) -> tuple[float, float, float]:
    """(compute_s, first_s, again_s) behind times an element: of heads of which `sharing` share keys and
    values, near, where caches hold them, and deep; and deep of heads that share none. Noise makes nothing
    negative."""
    compute = min(near, deep)
    first = min(max(alone - compute, 0.0), (deep - compute) * sharing)
    again = (deep - compute - first / sharing) * sharing / (sharing - 1)
    return compute, first, again
