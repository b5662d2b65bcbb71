"""Several answers at once: published speeds of all together, against what is said of the machine.

Rows of reports/batches.json. Alone, pairs and batches of four up are looked at apart: with two, llama.cpp
takes other kernels, which gain a mixture of experts next to nothing.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.catalog.catalog import find
from engine.catalog.model import ModelSpec, Quantization
from engine.figures import Range
from engine.hardware.described_json import description_from_json
from engine.jobs.advising import shipped_catalog
from engine.planning.described_machine import described_machine
from engine.planning.hope import hope_of
from engine.planning.layout import demand_of
from engine.planning.machine import Machine
from engine.planning.placement import fastest
from engine.planning.plan import KvType
from engine.planning.speed import SpeedQuestion, estimate_speed
from tests.bench.engine.report import Row

REPORTS = Path(__file__).parent / "reports" / "batches.json"
SEVERAL = 4  # answers from which batches are judged
ROOM = 256  # tokens of context beyond what stands before an answer


@dataclass(frozen=True, slots=True)
class Batch:
    """One published run beside what we say of it. Tokens a second of all answers together."""

    model: str
    experts: bool
    depth: int
    at_once: int
    measured: float
    said: Range

    @property
    def error(self) -> float:
        return abs(self.said.expected / self.measured - 1)

    @property
    def inside(self) -> bool:
        return self.said.low <= self.measured <= self.said.high


def batches() -> list[Batch]:
    """All of them, in the order of the file."""
    listed = json.loads(REPORTS.read_text("utf-8"))
    machine = described_machine(description_from_json(listed["hardware"]))
    return [one for run in listed["runs"] for one in _of_run(run, listed["at_once"], machine)]


def _of_run(run: dict[str, object], widths: list[int], machine: Machine) -> Iterator[Batch]:
    spec = find(shipped_catalog(), str(run["model"]))
    size, depth, measured = run["size_gib"], run["depth"], run["tps"]
    assert isinstance(size, int | float) and isinstance(depth, int) and isinstance(measured, list)
    quantization = _quantization(str(run["quantization"]), size, spec)
    for at_once, tps in zip(widths, measured, strict=True):
        said = _said(spec, quantization, depth, at_once, machine)
        yield Batch(spec.name, spec.shape.experts > 0, depth, at_once, tps, said)


def _quantization(name: str, size_gib: float, spec: ModelSpec) -> Quantization:
    size = int(size_gib * 2**30)
    return Quantization(name, size, False, size * 8 / spec.shape.total_parameters, "")


def _said(spec: ModelSpec, quantization: Quantization, depth: int, at_once: int, machine: Machine) -> Range:
    asked = SpeedQuestion(depth=depth, streams=at_once)
    demand = demand_of(spec.shape, quantization, depth + ROOM, KvType.F16, sequences=at_once)
    return estimate_speed(fastest(demand, machine, hope_of(spec, asked)), machine, asked).generation_tps


def measure(quick: bool) -> list[Row]:
    """`quick` changes nothing: it takes a second."""
    found = batches()
    for one in found:
        said = f"{one.said.expected:7.1f} ({one.said.low:.1f} - {one.said.high:.1f})"
        mark = "" if one.inside else "  OUTSIDE"
        head = f"  {one.model:<28} {one.depth:>5} {one.at_once:>2} at once {one.measured:7.1f}"
        print(f"{head} {said} {one.said.expected / one.measured:5.2f}{mark}")
    rows = []
    for experts, name in ((False, "dense"), (True, "experts")):
        mine = [one for one in found if one.experts is experts and one.at_once >= SEVERAL]
        ratios = [one.said.expected / one.measured for one in mine]
        span = f"{min(ratios):.2f} to {max(ratios):.2f}"
        note = f"{len(mine)} runs of one machine; predicted over measured {span}"
        error = statistics.median(one.error for one in mine)
        inside = sum(one.inside for one in mine) / len(mine)
        rows += [
            Row(f"batches, {name}", "median error", error, 0.30, False, note=note),
            Row(f"batches, {name}", "inside the range", inside, 0.85, True),
        ]
    return rows
