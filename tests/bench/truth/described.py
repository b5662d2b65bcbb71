"""Described machines: published speeds against what is said of the machine as its report describes it.

Rows of reports/speed.json, by family. A row whose description leaves too much open is answered with a
question, and counted as asked, not as right or wrong. Those of reports/others.json follow (others.py).
llmfit, where pip finds it, is asked about the same rows through a profile of the same machine.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from engine.hardware.described_json import description_from_json
from engine.planning.described_machine import described_machine
from engine.planning.machine import Machine
from engine.planning.sharpen import Observation, sharpen
from engine.planning.speed_inputs import time_of
from tests.bench.engine.report import Row
from tests.bench.truth import others
from tests.bench.truth.llmfit import Llmfit
from tests.bench.truth.reported import Answer, Report, answer, plan_of, reports

TARGETS = (("dense", 0.10, 0.85, 1.6), ("671b", 0.30, 0.75, 2.5))  # error, share inside, width


def measure(quick: bool) -> list[Row]:
    answers = [answer(report) for report in reports()]
    for one in answers:
        print(one.line)
    peer = None if quick else Llmfit.find()
    rows = []
    for family, error, share, width in TARGETS:
        mine = [one for one in answers if one.report.family == family and not one.questions]
        asked = [one for one in answers if one.report.family == family and one.questions]
        rows += _family_rows(family, mine, len(asked), error, share, width, peer)
        for publisher, missed in _by_publisher(mine).items():
            print(f"  {family} {publisher}: median error {missed:.0%}")
    rows.append(_learning_row(answers))
    return rows + others.measure()


def _family_rows(
    family: str,
    mine: Sequence[Answer],
    asked: int,
    error: float,
    share: float,
    width: float,
    peer: Llmfit | None,
) -> list[Row]:
    missed = statistics.median(one.error for one in mine)
    inside = sum(one.inside and one.width <= width * 1.001 for one in mine) / len(mine)
    note = f"{len(mine)} answered, {asked} asked back; error without each publisher: {_left_out(mine)}"
    theirs, count = _peer_error(mine, peer)
    peer_name = f"llmfit ({count})" if theirs is not None else ""
    return [
        Row(family, "median error", missed, error, False, "", peer_name, missed, theirs, note=note),
        Row(family, f"inside a factor {width:g}", inside, share, True),
    ]


def _peer_error(mine: Sequence[Answer], peer: Llmfit | None) -> tuple[float | None, int]:
    """(median error over the rows it answers, how many they are)."""
    if peer is None:
        return None, 0
    errors = []
    for one in mine:
        machine = described_machine(description_from_json(one.report.hardware))
        name = one.report.quantization or ""
        memory = plan_of(one.report, machine).memory
        inside = sum(size for _, size in memory.vram) or any(gpu.unified for gpu in machine.gpus)
        path = ("gpu" if memory.ram < memory.weights // 4 else "cpu_offload") if inside else "cpu_only"
        said = peer.generation_tps(machine, path, one.report.model, name, max(2048, one.report.depth))
        if said is not None:
            errors.append(abs(said / one.report.generation_tps - 1))
    return (statistics.median(errors) if errors else None), len(errors)


def _by_publisher(answers: Sequence[Answer]) -> dict[str, float]:
    names = sorted({one.report.publisher for one in answers})
    return {
        name: statistics.median(one.error for one in answers if one.report.publisher == name)
        for name in names
    }


def _left_out(answers: Sequence[Answer]) -> str:
    """The error on each publisher when one factor on time is fitted to all the others: what the table
    itself could have taught, and no more."""
    parts = []
    for name in sorted({one.report.publisher for one in answers}):
        others = [one for one in answers if one.report.publisher != name]
        own = [one for one in answers if one.report.publisher == name]
        if not others:
            continue
        factor = math.exp(statistics.median(math.log(_ratio(one)) for one in others))
        errors = [abs(1 / (_ratio(one) / factor) - 1) for one in own]
        parts.append(f"{name} {statistics.median(errors):.0%} ({len(own)})")
    return ", ".join(parts)


def _ratio(one: Answer) -> float:
    """Measured over predicted."""
    assert one.said is not None
    return one.report.generation_tps / one.said.expected


def _learning_row(answers: Sequence[Answer]) -> Row:
    """One measured run corrects the others of the same machine: the error after over before, where
    before was above 8 %; both of the same rows."""
    before, after = [], []
    usable = [one for one in answers if one.said is not None and one.report.family != "tensor-parallel"]
    for one in usable:
        for other in usable:
            if one is other or _box(one.report) != _box(other.report):
                continue
            machine = described_machine(description_from_json(one.report.hardware))
            taught = sharpen(machine, [_observed(one, machine)])
            said = plan_of(other.report, taught).speed.generation_tps.expected
            before.append(other.error)
            after.append(abs(said / other.report.generation_tps - 1))
    if not before:
        return Row("one run", "error after it", 0.0, 0.08, False, note="no two rows of one machine")
    target = max(0.08, statistics.median(before) / 3)
    note = f"{len(before)} pairs of rows of one machine; before: {statistics.median(before):.0%}"
    return Row("one run", "error after it", statistics.median(after), target, False, note=note)


def _box(report: Report) -> dict[str, Any]:
    """The machine without its engine."""
    return {name: part for name, part in report.hardware.items() if name != "engine"}


def _observed(one: Answer, machine: Machine) -> Observation:
    inputs = plan_of(one.report, machine).speed.inputs
    assert inputs is not None
    return Observation(time_of(inputs), one.report.streams / one.report.generation_tps)
