"""Published runs, and what we say of the machines that their reports describe.

Rows of reports/*.json. A row whose description leaves too much open is answered with a question.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.catalog.catalog import find
from engine.catalog.model import ModelShape, ModelSpec, Quantization
from engine.figures import Range
from engine.hardware.described_json import description_from_json
from engine.jobs.advising import shipped_catalog
from engine.planning.described_machine import described_machine
from engine.planning.machine import Machine
from engine.planning.placement import plan_on
from engine.planning.plan import RunPlan
from engine.planning.speed import SpeedQuestion
from engine.settings import EVERY_LAYER

FOLDER = Path(__file__).parent / "reports"
QUESTIONS = ("plan_ask_", "plan_engine_unknown_speed")


@dataclass(frozen=True, slots=True)
class Report:
    """One published run."""

    id: int
    family: str  # "dense", "671b", "experts", "split", "tensor-parallel"
    model: str
    quantization: str | None
    size_gib: float | None
    depth: int
    streams: int
    generation_tps: float
    prompt_tps: float | None
    publisher: str
    reported: str
    hardware: dict[str, Any]
    held_out: bool = False  # left aside while constants were chosen
    experts_in_ram: bool = False  # it says that no experts were on cards

    @property
    def chip(self) -> str:
        """What computes: the first card, or the processor."""
        gpus = self.hardware.get("gpus")
        if not gpus:
            return str(self.hardware.get("cpu", {}).get("model", "")) or "a processor"
        back_end = gpus[0].get("backend", "")
        several = sum(gpu.get("count", 1) for gpu in gpus)
        return " ".join([f"{several}x"] * (several > 1) + [gpus[0]["name"]] + [back_end] * bool(back_end))


@dataclass(frozen=True, slots=True)
class Answer:
    """What we say to one report."""

    report: Report
    said: Range | None
    questions: tuple[str, ...]  # codes; none: it is answered
    prompt: Range | None = None

    @property
    def error(self) -> float:
        assert self.said is not None
        return abs(self.said.expected / self.report.generation_tps - 1)

    @property
    def inside(self) -> bool:
        return self.said is not None and self.said.low <= self.report.generation_tps <= self.said.high

    @property
    def width(self) -> float:
        assert self.said is not None
        return self.said.high / self.said.low

    @property
    def prompt_error(self) -> float | None:
        """None where the report tells no speed of prompts."""
        told = self.report.prompt_tps
        return abs(self.prompt.expected / told - 1) if self.prompt and told else None

    @property
    def line(self) -> str:
        """For people."""
        report = self.report
        head = f"  {report.id:>4} {report.family:<15} {report.generation_tps:>8.1f}"
        if self.said is None or self.questions:
            said = "" if self.said is None else f" ({self.said.low:.1f} - {self.said.high:.1f})"
            return f"{head}  asked: {', '.join(self.questions)}{said}"
        mark = "" if self.inside else "  OUTSIDE"
        said = f"{self.said.expected:>7.1f} ({self.said.low:.1f} - {self.said.high:.1f})"
        return f"{head}  {said} {self.error:>5.0%}{mark}"


def reports(name: str = "speed.json") -> list[Report]:
    fields = set(Report.__dataclass_fields__)
    return [Report(**{key: row[key] for key in fields & set(row)}) for row in _file(name)["reports"]]


def answer(report: Report) -> Answer:
    machine = described_machine(description_from_json(report.hardware))
    if report.quantization is None:
        return Answer(report, None, ("quantization",))
    plan = plan_of(report, machine)
    codes = tuple(reason.code for reason in plan.reasons if reason.code.startswith(QUESTIONS))
    return Answer(report, plan.speed.generation_tps, codes, plan.speed.prompt_tps)


def plan_of(report: Report, machine: Machine) -> RunPlan:
    spec, quantization = model_of(report)
    asked = SpeedQuestion(depth=report.depth, streams=report.streams)
    context = min(max(4096, report.depth + 1024), 65_536)
    experts = EVERY_LAYER if report.experts_in_ram else None
    return plan_on(machine, spec, quantization, context, asked=asked, experts_in_ram=experts)


def model_of(report: Report) -> tuple[ModelSpec, Quantization]:
    """The catalogue's entry, or one of the size that the report gives."""
    shape = _file("others.json")["shapes"].get(report.model)
    spec = _bare(report.model, ModelShape(**shape)) if shape else find(shipped_catalog(), report.model)
    known = next((each for each in spec.quantizations if each.name == report.quantization), None)
    if report.size_gib is None and known is not None:
        return spec, known
    assert report.size_gib is not None and report.quantization is not None
    size = int(report.size_gib * 2**30)
    bits = size * 8 / spec.shape.total_parameters
    return spec, Quantization(report.quantization, size, False, bits, "")


def _bare(name: str, shape: ModelShape) -> ModelSpec:
    """A model that the catalogue does not know."""
    return ModelSpec(name, name, "", "", "", "", shape, (), False, (), 0.0)


@lru_cache
def _file(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return read
