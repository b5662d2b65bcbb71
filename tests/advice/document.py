"""Writes docs/advice.md from what the program advises, and tells whether the file says so still.

python -m tests.advice            writes docs/advice.md
python -m tests.advice --check    exit code 1, and the first difference, where it is out of date
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.cli.output import range_text
from engine.hardware.described_json import description_from_json
from engine.jobs.advising import shipped_catalog
from engine.messages import english
from engine.planning.described_machine import described_machine, report_of
from engine.planning.loss import loss_of
from engine.planning.machine import Machine
from engine.planning.plan import Aim, Purpose, RunPlan, Tier, Verdict, Wish
from engine.planning.recommend import ranked_plans, recommend_on
from engine.planning.wording import size_text
from tests.bench.truth.reported import FOLDER, answer, reports

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "advice.md"
MACHINES = Path(__file__).parent / "machines.json"
# Figures move a little with every better formula; what is advised does not.
TOLERANCE = 0.15
SHOWN = 4
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_TIERS = {
    Tier.STARTER: "below the guide's budgets",
    Tier.CPU: "the guide's 5,000 CNY: processor",
    Tier.ONE_GPU: "the guide's 20,000 CNY: one GPU",
    Tier.SEVERAL_GPUS: "the guide's 60,000 CNY: several GPUs",
}
_VERDICTS = {Verdict.RUNS_WELL: "runs well", Verdict.SLOW: "slow", Verdict.WILL_NOT_RUN: "will not run"}
_HEAD = """# Advice for known machines

Made by `python -m tests.advice` from what the program advises, so that it stays true:
`tests/unit/test_advice_document.py` compares (figures may move by 15 % before it is made anew).
Speeds are estimated tokens a second; *loss* is perplexity above 16 bits, of Llama-3-8B (llama.cpp,
tools/quantize), with a tilde where it is of the nearest type. Published runs are rows of
`tests/bench/truth/reports/speed.json`, predicted from what their publishers say of the machine, with
their engine and build. The machines themselves: `tests/advice/machines.json`.

"The guide" is a widely copied one on running DeepSeek-R1-0528 at home, for 5,000, 20,000 or 60,000 CNY.
`deskside plan` says where it misleads, with sources.
"""


def document() -> str:
    """The whole text."""
    machines = json.loads(MACHINES.read_text("utf-8"))["machines"]
    return "\n".join([_HEAD, *(line for machine in machines for line in _section(machine))])


def difference(written: str, made: str) -> str | None:
    """Where a written document and a fresh one say different things; None where they agree."""
    ours, theirs = written.splitlines(), made.splitlines()
    for number, (old, new) in enumerate(zip(ours, theirs, strict=False), 1):
        if _NUMBER.sub("#", old) != _NUMBER.sub("#", new) or not _near(old, new):
            return f"line {number}: {old!r} is {new!r} now"
    return None if len(ours) == len(theirs) else "its length"


def _near(old: str, new: str) -> bool:
    pairs = zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True)
    values = [(float(one.replace(",", "")), float(other.replace(",", ""))) for one, other in pairs]
    return all(abs(one - other) <= max(TOLERANCE * max(one, other), 0.11) for one, other in values)


def _section(machine: dict[str, Any]) -> Iterator[str]:
    described = description_from_json(machine["hardware"])
    seen = described_machine(described)
    first = recommend_on(report_of(described), seen, shipped_catalog())
    yield f"\n## {machine['title']}\n"
    yield f"Placed at {_TIERS[first.tier]}.\n"
    yield "| for chat, better answers first | memory | context | tokens/s | loss | |"
    yield "| --- | --- | --- | --- | --- | --- |"
    yield from map(_row, first.plans[:SHOWN])
    yield f"{_row(first.flagship)}\n"
    yield f"{'; '.join(_others(seen))}.\n"
    if first.flagship.remedy:
        yield f"The 671B: {english(first.flagship.remedy)}\n"
    yield f"{machine['why']}\n"
    yield from _published(machine["reports"])


def _others(seen: Machine) -> Iterator[str]:
    """What is first for the other purposes and wishes."""
    specs = [spec for spec in shipped_catalog() if spec.quantizations]
    for aim in (Aim(purpose, wish) for purpose in Purpose for wish in Wish):
        plans = ranked_plans(seen, specs, aim) if aim != Aim() else ()
        for plan in plans[:1]:
            speed, verdict = range_text(plan.speed.generation_tps), _VERDICTS[plan.verdict]
            yield f"{_aim_text(aim)}: {plan.model.title} {plan.quantization.name} ({speed}, {verdict})"


def _row(plan: RunPlan) -> str:
    loss = loss_of(plan.quantization)
    lost = "none" if loss.native else f"{'' if loss.measured else '~'}+{loss.increase:g}"
    return (
        f"| {plan.model.title} {plan.quantization.name} | {size_text(plan.memory.reserved)} | "
        f"{plan.context_length:,} {plan.kv_type} | {range_text(plan.speed.generation_tps)} | {lost} | "
        f"{_VERDICTS[plan.verdict]} |"
    )


def _aim_text(aim: Aim) -> str:
    purposes = {Purpose.CHAT: "chat", Purpose.CODE: "code", Purpose.LONG: "long documents"}
    return f"{purposes[aim.purpose]}, {'quicker' if aim.wish is Wish.SPEED else 'better'}"


def _published(numbers: list[int]) -> Iterator[str]:
    rows = {row["id"]: row for row in json.loads((FOLDER / "speed.json").read_text("utf-8"))["reports"]}
    known = {report.id: report for report in reports()}
    yield "| published run | tokens/s | predicted | source |"
    yield "| --- | --- | --- | --- |"
    for number in numbers:
        report, row = known[number], rows[number]
        said = answer(report).said
        predicted = range_text(said) if said else "asked back"
        yield (
            f"| {report.model} {report.quantization}, {row['engine']}, {row['reported']} | "
            f"{report.generation_tps:g} | {predicted} | {row['source']} |"
        )
