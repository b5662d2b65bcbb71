"""A model as a row of pieces, each of which is on one device whole: its layers, then its output.

llama.cpp gives the last pieces of the row to the devices beside the CPU, in runs: the first device takes
the first run. The output is the last piece, so that it goes there before any layer does.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.catalog.model import LayerBytes, LayerKind, ModelShape, Quantization
from engine.planning.memory import Weights, layer_cache_bytes
from engine.planning.plan import KvType


@dataclass(frozen=True, slots=True)
class Piece:
    """A layer, or the output. Bytes."""

    dense: int
    experts: int
    kv_cache: int
    kind: LayerKind | None  # None: not known, or the output

    def on_gpu(self, experts_on_cpu: bool) -> int:
        return self.dense + self.kv_cache + (0 if experts_on_cpu else self.experts)


def pieces_of(
    shape: ModelShape,
    quantization: Quantization,
    weights: Weights,
    kv_cache: int,
    context_length: int,
    kv_type: KvType,
    sequences: int,
    shared: bool,
) -> tuple[Piece, ...]:
    """The layers in their order, then the output. By the tensor table where it was read, else all alike."""
    count = shape.layers
    sizes = _layer_bytes(shape, quantization, weights)
    if shape.layer_kinds:
        of_kind = {
            kind: layer_cache_bytes(shape, kind, context_length, kv_type, sequences, shared)
            for kind in set(shape.layer_kinds)
        }
        caches = [of_kind[kind] for kind in shape.layer_kinds]
        caches[-1] += max(0, kv_cache - sum(caches))  # what rounding left over
    else:
        caches = list(_evenly(kv_cache, count))
    kinds = shape.layer_kinds or (None,) * count
    layers = (
        Piece(size.dense, size.experts, cache, kind)
        for size, cache, kind in zip(sizes, caches, kinds, strict=True)
    )
    return (*layers, Piece(weights.output + weights.doubled, 0, 0, None))


def _layer_bytes(shape: ModelShape, quantization: Quantization, weights: Weights) -> list[LayerBytes]:
    """Of each layer; layers for drafts count with the last, behind which they stand."""
    count, parts = shape.layers, quantization.parts
    if parts is None or len(parts.layers) < count:
        pairs = zip(_evenly(weights.dense, count), _evenly(weights.experts, count), strict=True)
        return [LayerBytes(dense, experts) for dense, experts in pairs]
    last = parts.layers[count - 1 :]
    behind = LayerBytes(sum(layer.dense for layer in last), sum(layer.experts for layer in last))
    return [*parts.layers[: count - 1], behind]


@lru_cache(4096)  # the same model is laid out again and again
def _evenly(total: int, count: int) -> tuple[int, ...]:
    ends = [total * number // count for number in range(count + 1)]
    return tuple(end - begin for begin, end in itertools.pairwise(ends))


def runs_that_fit(sizes: Sequence[int], rooms: Sequence[int], groups: Sequence[object]) -> tuple[int, ...]:
    """How many of the last pieces each device takes, as many as fit together; the first device takes the
    first of them.

    Devices come fastest first, `groups` says which are alike: a faster group is filled before the next
    one takes anything, and within a group all are filled to the same part of their room.
    """
    ends = list(itertools.accumulate(sizes, initial=0))
    least, most = 0, len(sizes)
    while least < most:  # fewer always fit where more do
        middle = (least + most + 1) // 2
        if _filled(ends, len(sizes) - middle, rooms) is None:
            most = middle - 1
        else:
            least = middle
    return _balanced(ends, len(sizes) - least, rooms, groups)


def runs_of_all(
    sizes: Sequence[int], rooms: Sequence[int], groups: Sequence[object]
) -> tuple[int, ...] | None:
    """As `runs_that_fit` for all of those pieces; None where they do not fit."""
    ends = list(itertools.accumulate(sizes, initial=0))
    return None if _filled(ends, 0, rooms) is None else _balanced(ends, 0, rooms, groups)


def runs_from_the_end(
    sizes: Sequence[int], rooms: Sequence[int], groups: Sequence[object]
) -> tuple[int, ...] | None:
    """As `runs_that_fit` for all of those pieces, but the first device takes the last of them, the next what
    stands before. None where they do not fit so."""
    return runs_of_all(list(reversed(sizes)), rooms, groups)


def _balanced(
    ends: Sequence[int], first: int, rooms: Sequence[int], groups: Sequence[object]
) -> tuple[int, ...]:
    """The pieces from `first` on, which fit."""
    full = _filled(ends, first, rooms)
    if full is None:
        raise ValueError("more than fits")
    used = [group for group, count in zip(groups, full, strict=True) if count]
    if not used:
        return full
    last = [number for number, group in enumerate(groups) if group == used[-1]]
    low, high, best = 0.0, 1.0, full
    for _ in range(12):
        part = (low + high) / 2
        tried = _filled(
            ends, first, [int(room * part) if number in last else room for number, room in enumerate(rooms)]
        )
        if tried is None or any(count for count in tried[last[-1] + 1 :]):
            low = part
        else:
            high, best = part, tried
    return best


def _filled(ends: Sequence[int], first: int, rooms: Sequence[int]) -> tuple[int, ...] | None:
    """Each device as full as whole pieces go; None where some are left over. `ends` are running sums."""
    counts, begin = [], first
    for room in rooms:
        end = max(begin, bisect_right(ends, ends[begin] + max(0, room)) - 1) if room > 0 else begin
        counts.append(end - begin)
        begin = end
    return tuple(counts) if begin == len(ends) - 1 else None
