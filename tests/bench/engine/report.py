"""What was measured, against what was asked for: a table for people, JSON for programs."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.engine.clock import Spent
from tests.bench.engine.ratios import Ratio, paired_ratio


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `value` is what the target is about: a ratio, or a figure of ours alone."""

    model: str
    measure: str
    value: float
    target: float
    at_least: bool  # else at most
    unit: str = ""  # of `value`; "" for a ratio
    peer: str = ""
    ours: float | None = None  # median, in tokens per CPU-second unless `note` says else
    theirs: float | None = None
    interval: Ratio | None = None
    wall: Ratio | None = None  # the same ratio by the clock on the wall
    note: str = ""

    @property
    def met(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target


def speed_row(
    model: str, measure: str, ours: Sequence[Spent], peer: str, theirs: Sequence[Spent], target: float
) -> Row:
    """Tokens per CPU-second of ours over the peer's, round by round."""
    ratio = paired_ratio([one.per_cpu_s for one in ours], [one.per_cpu_s for one in theirs])
    return Row(
        model,
        measure,
        ratio.mean,
        target,
        at_least=True,
        peer=peer,
        ours=statistics.median(one.per_cpu_s for one in ours),
        theirs=statistics.median(one.per_cpu_s for one in theirs),
        interval=ratio,
        wall=paired_ratio([one.per_s for one in ours], [one.per_s for one in theirs]),
        note=f"wall {statistics.median(one.per_s for one in ours):.1f} tokens/s",
    )


_HEADINGS = ("model", "measure", "ours", "peer", "theirs", "result", "95 % interval", "wall", "target", "")


def table(rows: Sequence[Row]) -> str:
    lines = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]
    written = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    ]
    notes = [f"  {row.model} {row.measure}: {row.note}" for row in rows if row.note]
    return "\n".join([line.rstrip() for line in written] + ["", *dict.fromkeys(notes)])


def _cells(row: Row) -> tuple[str, ...]:
    interval = (
        f"{row.interval.low:.3f}-{row.interval.high:.3f} ({row.interval.rounds})" if row.interval else ""
    )
    bound = f"{'>=' if row.at_least else '<='} {row.target:g}"
    return (
        row.model,
        row.measure,
        _figure(row.ours),
        row.peer,
        _figure(row.theirs),
        f"{row.value:.3f}" if not row.unit else f"{row.value:.4g} {row.unit}",
        interval,
        f"{row.wall.mean:.3f}" if row.wall else "",
        bound,
        "met" if row.met else "MISSED",
    )


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [{**dataclasses.asdict(row), "met": row.met} for row in rows]
