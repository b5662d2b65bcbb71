"""From a hardware report and the catalogue to ranked advice. Pure: no file, no process, no clock."""

from __future__ import annotations

from engine.catalog.model import ModelSpec, Quantization
from engine.hardware.report import HardwareReport
from engine.messages import Sentence
from engine.planning.machine import Machine, machine_of
from engine.planning.placement import MOST_FILLED, plan_model, plan_on, spec_of_file
from engine.planning.plan import Recommendation, RunPlan, Verdict
from engine.planning.reasons import disk_is_short
from engine.planning.remarks import remarks_for
from engine.planning.tiers import tier_of
from engine.planning.verdict import FLUENT_TPS, GOOD_BITS, advisable

__all__ = ["FLAGSHIP", "plan_model", "recommend", "spec_of_file"]

FLAGSHIP = "DeepSeek-R1-0528"
HOUSE_FAMILY = "deepseek-r1"  # what people come for: its best member is always among the plans
MOST_PLANS = 8
NEARLY = 0.85  # of the best speed: what nobody notices

_VERDICT_ORDER = {Verdict.RUNS_WELL: 0, Verdict.SLOW: 1, Verdict.WILL_NOT_RUN: 2}


def recommend(report: HardwareReport, catalog: tuple[ModelSpec, ...]) -> Recommendation:
    """At most eight plans: the best model that runs well first, one quantization a model.

    Nothing that exceeds the machine is among them. The flagship's plan is always there, run or
    not. Raises: ValueError, for a catalogue in which no model has a quantization.
    """
    return recommend_on(report, machine_of(report), catalog)


def recommend_on(report: HardwareReport, machine: Machine, catalog: tuple[ModelSpec, ...]) -> Recommendation:
    """As `recommend`, on a machine of which more is known than its report, or that was described."""
    specs = [spec for spec in catalog if spec.quantizations]
    if not specs:
        raise ValueError("the catalogue has no model to plan")
    ranked = sorted(
        (plan for spec in specs if (plan := _best_of(machine, spec)) is not None),
        key=lambda plan: (_VERDICT_ORDER[plan.verdict], -plan.model.quality),
    )
    flagship = _flagship(machine, specs)
    plans = _shortlist(_distinct(ranked))
    remarks: tuple[Sentence, ...] = remarks_for(report, machine, flagship, bool(plans))
    return Recommendation(tier_of(machine), plans, flagship, remarks)


def _best_of(machine: Machine, spec: ModelSpec) -> RunPlan | None:
    """The quantization to take: one that runs well if any does; else the fastest that fits."""
    plans = [
        plan_on(machine, spec, quantization)
        for quantization in _by_quality(spec)
        if _offered(machine, spec, quantization)
    ]
    return _pick(
        [plan for plan in plans if plan.verdict is not Verdict.WILL_NOT_RUN and _roomy(plan, machine)]
    )


def _roomy(plan: RunPlan, machine: Machine) -> bool:
    """Whether it leaves air: what fills memory to the brim ends in swapping. The copy for speed
    is left out of the sum, since it is made only where there is room."""
    return plan.memory.ram - plan.memory.repack <= machine.ram_budget * MOST_FILLED


def _pick(plans: list[RunPlan]) -> RunPlan | None:
    """Of plans of one model, most bits first: fluent with the most bits; else the one whose
    speed is nearly the best among those of good quality. Never one that streams."""
    well = [plan for plan in plans if plan.verdict is Verdict.RUNS_WELL]
    fluent = [plan for plan in well if _speed_of(plan) >= FLUENT_TPS]
    if fluent:
        return fluent[0]
    left = well or [plan for plan in plans if not plan.memory.streamed]
    good = [plan for plan in left if plan.quantization.bits_per_weight >= GOOD_BITS] or left
    if not good:
        return None
    best = max(_speed_of(plan) for plan in good)
    return next(plan for plan in good if _speed_of(plan) >= best * NEARLY)


def _by_quality(spec: ModelSpec) -> list[Quantization]:
    """More bits first."""
    return sorted(spec.quantizations, key=lambda quantization: -quantization.bits_per_weight)


def _offered(machine: Machine, spec: ModelSpec, quantization: Quantization) -> bool:
    comes_with_us = not quantization.repository  # the starter's file lies in its package
    downloadable = comes_with_us or not disk_is_short(quantization.size_bytes, machine)
    return quantization.is_obtainable and downloadable and advisable(spec, quantization)


def _flagship(machine: Machine, specs: list[ModelSpec]) -> RunPlan:
    """What R1-0528 would do here: as good as it runs well, else whole in memory, else streamed."""
    spec = next((spec for spec in specs if spec.name == FLAGSHIP), None)
    if spec is None:
        spec = max(specs, key=lambda other: other.shape.total_parameters)
    plans = [plan_on(machine, spec, quantization) for quantization in _by_quality(spec)]
    runnable = [plan for plan in plans if plan.verdict is not Verdict.WILL_NOT_RUN]
    streamed_fastest = max(plans, key=lambda plan: (-_VERDICT_ORDER[plan.verdict], _speed_of(plan)))
    return _pick(runnable) or streamed_fastest


def _speed_of(plan: RunPlan) -> float:
    return plan.speed.generation_tps.expected


def _distinct(ranked: list[RunPlan]) -> list[RunPlan]:
    """Of models with the same build (a model and its successor) only the best ranked."""
    kept: dict[tuple[object, ...], RunPlan] = {}
    for plan in ranked:
        shape = plan.model.shape
        build = (plan.model.family, shape.layers, shape.embedding_length, shape.experts)
        kept.setdefault(build, plan)
    return list(kept.values())


def _shortlist(ranked: list[RunPlan]) -> tuple[RunPlan, ...]:
    """The first eight, with the best of the R1 family kept in."""
    short = ranked[:MOST_PLANS]
    house = [plan for plan in ranked if plan.model.family == HOUSE_FAMILY]
    if house and house[0] not in short:
        place = MOST_PLANS - 1
        # slow plans stand behind those that run well
        if house[0].verdict is Verdict.RUNS_WELL:
            well = sum(plan.verdict is Verdict.RUNS_WELL for plan in short[:-1])
            place = min(place, well)
        short = [*short[:-1]]
        short.insert(place, house[0])
    return tuple(short)
