"""The tensors of a prompt step in layers with a mixture of experts, as llama.cpp's graphs have them.

From src/models/qwen3moe.cpp and `build_moe_ffn` of the pinned llama.cpp. What needs no weights is computed on
the device of the layer behind it where the layer before is in main memory: so it gets the results of each
expert of that layer, and adds them up. Sizes are floats of a token.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from engine.planning.packing import Node, packed_size

SETTLED = 3  # layers, behind which another one changes nothing


class Before(Enum):
    """What is computed before the first layer of a device."""

    NOTHING = "nothing"  # the embedding is looked up
    DENSE = "dense"  # a layer in main memory without experts
    EXPERTS = "experts"  # a layer of which the experts are computed in main memory
    DEVICE = "device"  # another device's layer


@dataclass(frozen=True, slots=True)
class MixtureWidths:
    """Of one layer."""

    width: int
    queries: int  # of all heads
    keys: int
    values: int
    results: int  # of attention, all heads
    experts: int
    used: int
    expert: int
    narrowed: int  # one of so many tokens goes on from attention in the last layer


@lru_cache(4096)  # the same model is laid out again and again
def most_floats(
    widths: MixtureWidths,
    befores: tuple[Before, ...],
    counts: tuple[tuple[int, int], ...],
    ends: tuple[bool, ...],
) -> int:
    """The most of `mixture_floats`, whichever of these it will be."""
    return max(
        mixture_floats(widths, before, *count, last=last)
        for before, count, last in itertools.product(befores, counts, ends)
    )


def mixture_floats(widths: MixtureWidths, before: Before, away: int, here: int, *, last: bool) -> int:
    """What one token takes of the buffer of a device that has so many layers without their experts and behind
    them so many with them, but for masks, which all of them need. `last`: those of the model's end."""
    step = _Step(widths)
    tensor, normed = step.handed(before)
    count = min(away, SETTLED) + min(here, SETTLED)
    for number in range(count):
        ends = last and number == count - 1
        experts_here = number >= min(away, SETTLED)
        tensor = step.layer(tensor, normed, experts_here, widths.narrowed if ends else 1)
        normed = None
    if not last:
        step.made(widths.width, tensor)  # the next layer's norm
    return packed_size(step.nodes)


@dataclass(slots=True)
class _Step:
    widths: MixtureWidths
    nodes: list[Node] = field(default_factory=list)
    position: int = 0
    cells: int = 0
    wanted: int = 0

    def __post_init__(self) -> None:
        self.position = self._given(1)
        self.cells = self._given(4)  # of keys and of values, 64 bits each
        self.wanted = self._given(0)

    def made(self, size: int, *sources: int, reuses: bool = False, here: bool = True) -> int:
        self.nodes.append(Node(size, sources, here, reuses))
        return len(self.nodes) - 1

    def _given(self, size: int) -> int:
        return self.made(size, here=False)

    def handed(self, before: Before) -> tuple[int, int | None]:
        """(what the first layer begins with, the same after its norm where that comes from elsewhere)"""
        width, used = self.widths.width, self.widths.used
        match before:
            case Before.NOTHING:
                return self._given(width), None
            case Before.DEVICE:
                normed = self._given(width)
                return self._given(width), normed
            case Before.DENSE:
                return self.made(width, self._given(width), self._given(width), reuses=True), None
            case Before.EXPERTS:
                results, shares = self._given(used * width), self._given(used)
                return self._gathered(results, shares, self._given(width), 1), None

    def layer(self, tensor: int, normed: int | None, experts_here: bool, narrowed: int) -> int:
        width = self.widths.width // narrowed
        inner = self._attended(tensor, normed)
        if narrowed > 1:
            inner = self.made(width, inner, self.wanted)
            tensor = self.made(width, tensor, self.wanted)
        inner = self.made(width, inner, tensor, reuses=True)
        results, shares = self._mixed(self.made(width, inner), experts_here, narrowed)
        return self._gathered(results, shares, inner, narrowed)

    def _attended(self, tensor: int, normed: int | None) -> int:
        """Queries and keys are turned in a place of their own: what only changed its shape is not reused."""
        widths = self.widths
        normed = self.made(widths.width, tensor, reuses=True) if normed is None else normed
        normed = self.made(widths.width, normed, reuses=True)  # times the norm's weights
        queries = self.made(widths.queries, normed)
        queries = self.made(widths.queries, queries, self.position)
        values = self.made(widths.values, normed)
        keys = self.made(widths.keys, normed)
        keys = self.made(widths.keys, keys, self.position)
        self.made(0, keys, self.cells)
        self.made(0, values, self.cells)
        return self.made(widths.width, self.made(widths.results, queries))

    def _mixed(self, normed: int, experts_here: bool, narrowed: int) -> tuple[int, int]:
        """(what each expert says, by what that is multiplied)"""
        widths = self.widths
        used = widths.used // narrowed
        inner, outer = widths.used * widths.expert // narrowed, widths.used * widths.width // narrowed
        rated = self.made(widths.experts // narrowed, normed)
        order = self.made(widths.experts // narrowed, rated)
        shares = self.made(used, rated, order)
        shares = self.made(used, shares, self.made(1, shares))
        if not experts_here:
            return self.made(outer, normed, order, here=False), shares
        up = self.made(inner, normed, order)
        gate = self.made(inner, normed, order)
        return self.made(outer, self.made(inner, gate, up), order), shares

    def _gathered(self, results: int, shares: int, residual: int, narrowed: int) -> int:
        width = self.widths.width // narrowed
        results = self.made(self.widths.used * width, results, shares, reuses=True)
        added = self.made(width, *(results,) * min(self.widths.used, 2))
        for _ in range(2, self.widths.used):
            added = self.made(width, added, results, reuses=True)
        return self.made(width, added, residual, reuses=True)
