"""Paired rounds: every side does the same work in turns, until the ratios are sure enough."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.bench.engine.clock import Spent
from tests.bench.engine.ratios import paired_ratio

TURNS = 2  # of each side in one round: once first, once last


class Started(Protocol):
    """A side with its processes, warm."""

    def turn(self, number: int) -> Spent:
        """Does the work once. `number` never comes twice, so that no cache knows the question."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Side:
    name: str
    start: Callable[[], Started]


@dataclass(frozen=True, slots=True)
class Limits:
    precision: float = 0.02  # half the width of the 95 % interval, as a share of the ratio
    least: int = 4
    most: int = 20


def play(sides: Sequence[Side], limits: Limits) -> dict[str, list[Spent]]:
    """The first side is ours. One entry a round for each, at the same index.

    Every round starts its processes anew: where a process happens to lie in memory moves its speed
    by a percent or two, which more turns of the same processes would never average out.
    """
    spent: dict[str, list[Spent]] = {side.name: [] for side in sides}
    for number in range(limits.most):
        for name, total in _round(sides, number).items():
            spent[name].append(total)
        widths = _half_widths(spent, sides)
        _tell(number, widths)
        if number + 1 >= limits.least and all(width <= limits.precision for width in widths.values()):
            break
    return spent


def _round(sides: Sequence[Side], number: int) -> dict[str, Spent]:
    started: dict[str, Started] = {}
    totals = {side.name: Spent(0, 0.0, 0.0) for side in sides}
    try:
        for side in sides:
            started[side.name] = side.start()
        for turn in range(TURNS):
            names = list(started) if (number + turn) % 2 == 0 else list(reversed(started))
            for name in names:
                totals[name] += started[name].turn(number * TURNS + turn)
    finally:
        for each in started.values():
            each.close()
    return totals


def _half_widths(spent: dict[str, list[Spent]], sides: Sequence[Side]) -> dict[str, float]:
    ours = [one.per_cpu_s for one in spent[sides[0].name]]
    others = {side.name: [one.per_cpu_s for one in spent[side.name]] for side in sides[1:]}
    return {name: paired_ratio(ours, theirs).half_width for name, theirs in others.items()}


def _tell(number: int, widths: dict[str, float]) -> None:
    told = ", ".join(f"{name} +-{100 * width:.1f} %" for name, width in widths.items())
    print(f"bench:   round {number + 1}: {told}", file=sys.stderr, flush=True)
