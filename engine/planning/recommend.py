"""From a hardware report and the catalogue to ranked advice. Pure: no file, no process, no clock."""

from __future__ import annotations

from engine.catalog.model import ModelSpec, Quantization
from engine.hardware.report import HardwareReport
from engine.messages import Sentence, sentence
from engine.planning.aims import liking
from engine.planning.guide import notes_for
from engine.planning.layout import MOST_FILLED
from engine.planning.machine import Machine, machine_of
from engine.planning.placement import plan_model, spec_of_file
from engine.planning.plan import Aim, Purpose, Recommendation, RunPlan, Verdict, Wish
from engine.planning.purposes import plan_for
from engine.planning.reasons import disk_is_short
from engine.planning.remarks import remarks_for
from engine.planning.remedy import with_remedy
from engine.planning.tiers import tier_of
from engine.planning.verdict import FLUENT_TPS, GOOD_BITS, advisable

__all__ = ["FLAGSHIP", "plan_model", "recommend", "spec_of_file"]

FLAGSHIP = "DeepSeek-R1-0528"
HOUSE_FAMILY = "deepseek-r1"  # what people come for: its best member is always among the plans
MOST_PLANS = 8
NEARLY = 0.85  # of the best speed: what nobody notices

USUAL_AIM = Aim()
_VERDICT_ORDER = {Verdict.RUNS_WELL: 0, Verdict.SLOW: 1, Verdict.WILL_NOT_RUN: 2}


def recommend(report: HardwareReport, catalog: tuple[ModelSpec, ...], aim: Aim = USUAL_AIM) -> Recommendation:
    """At most eight plans: the best model that runs well first, one quantization a model.

    Nothing that exceeds the machine is among them. The flagship's plan is always there, run or
    not. Raises: ValueError, for a catalogue in which no model has a quantization.
    """
    return recommend_on(report, machine_of(report), catalog, aim)


def recommend_on(
    report: HardwareReport, machine: Machine, catalog: tuple[ModelSpec, ...], aim: Aim = USUAL_AIM
) -> Recommendation:
    """As `recommend`, on a machine of which more is known than its report, or that was described."""
    specs = [spec for spec in catalog if spec.quantizations]
    if not specs:
        raise ValueError("the catalogue has no model to plan")
    plans = ranked_plans(machine, specs, aim)
    flagship = _flagship(machine, specs, aim)
    told: tuple[Sentence, ...] = ()
    if aim.purpose is not Purpose.CHAT and not any(plan.verdict is Verdict.RUNS_WELL for plan in plans):
        nearest = plans or ranked_plans(machine, specs, Aim(wish=aim.wish))
        told, plans = _nearest_purpose(nearest, bool(plans)), nearest
    smallest = None if plans else _smallest(machine, specs)
    remarks = (*told, *remarks_for(report, machine, flagship, smallest))
    return Recommendation(
        tier_of(machine),
        tuple(_remedied(plan, machine, aim.purpose) for plan in plans),
        _remedied(flagship, machine, aim.purpose),
        remarks,
        aim,
        notes_for(machine, flagship.model),
    )


def _remedied(plan: RunPlan, machine: Machine, purpose: Purpose) -> RunPlan:
    return with_remedy(plan, machine, lambda other: plan_for(other, plan.model, plan.quantization, purpose))


def ranked_plans(machine: Machine, specs: list[ModelSpec], aim: Aim) -> tuple[RunPlan, ...]:
    """Best first; empty where nothing runs that is good for that purpose."""
    fitting = [spec for spec in specs if aim.purpose in spec.purposes]
    found = [plan for spec in fitting if (plan := _best_of(machine, spec, aim)) is not None]
    found.sort(key=lambda plan: (_VERDICT_ORDER[plan.verdict], -liking(plan, aim)))
    return _shortlist(_distinct(found))


def _smallest(machine: Machine, specs: list[ModelSpec]) -> RunPlan:
    """The model that asks for least, whether it runs or not."""
    spec = min(specs, key=lambda spec: min(each.size_bytes for each in spec.quantizations))
    file = min(spec.quantizations, key=lambda each: each.size_bytes)
    return plan_for(machine, spec, file, Purpose.CHAT)


def _nearest_purpose(plans: tuple[RunPlan, ...], slow: bool) -> tuple[Sentence, ...]:
    """What to do where nothing runs well for the purpose."""
    if not plans:
        return ()
    return (sentence("advice_purpose_slow" if slow else "advice_purpose_none", model=plans[0].model.title),)


def _best_of(machine: Machine, spec: ModelSpec, aim: Aim) -> RunPlan | None:
    """The quantization to take: one that runs well if any does; else the fastest that fits."""
    plans = [
        plan_for(machine, spec, quantization, aim.purpose)
        for quantization in most_bits_first(spec)
        if _offered(machine, spec, quantization)
    ]
    fitting = [plan for plan in plans if plan.verdict is not Verdict.WILL_NOT_RUN and _roomy(plan, machine)]
    return _pick(fitting) if aim.wish is Wish.QUALITY else _quickest(fitting, aim)


def _quickest(plans: list[RunPlan], aim: Aim) -> RunPlan | None:
    """As `_pick`, for those who wish for speed: what is lost in quality counts against it."""
    kept = [plan for plan in plans if not plan.memory.streamed]
    return min(kept, key=lambda plan: (_VERDICT_ORDER[plan.verdict], -liking(plan, aim)), default=None)


def _roomy(plan: RunPlan, machine: Machine) -> bool:
    """Whether it leaves air: what fills memory to the brim ends in swapping. The copy for speed
    is left out of the sum, since it is made only where there is room."""
    return plan.memory.plain_ram <= machine.ram_budget * MOST_FILLED


def _pick(plans: list[RunPlan]) -> RunPlan | None:
    """Of plans of one model, most bits first: fluent with the most bits, if these are enough; else the
    one whose speed is nearly the best among those of good quality. Never one that streams."""
    well = [plan for plan in plans if plan.verdict is Verdict.RUNS_WELL]
    left = well or [plan for plan in plans if not plan.memory.streamed]
    good = [plan for plan in left if plan.quantization.bits_per_weight >= GOOD_BITS] or left
    fluent = [plan for plan in good if plan in well and _speed_of(plan) >= FLUENT_TPS]
    if fluent:
        return fluent[0]
    if not good:
        return None
    best = max(_speed_of(plan) for plan in good)
    return next(plan for plan in good if _speed_of(plan) >= best * NEARLY)


def most_bits_first(spec: ModelSpec) -> list[Quantization]:
    """More bits first."""
    return sorted(spec.quantizations, key=lambda quantization: -quantization.bits_per_weight)


def _offered(machine: Machine, spec: ModelSpec, quantization: Quantization) -> bool:
    comes_with_us = not quantization.repository  # the starter's file lies in its package
    downloadable = comes_with_us or not disk_is_short(quantization.size_bytes, machine)
    return quantization.is_obtainable and downloadable and advisable(spec, quantization)


def _flagship(machine: Machine, specs: list[ModelSpec], aim: Aim) -> RunPlan:
    """What R1-0528 would do here."""
    spec = next((spec for spec in specs if spec.name == FLAGSHIP), None)
    if spec is None:
        spec = max(specs, key=lambda other: other.shape.total_parameters)
    return usual_of([plan_for(machine, spec, each, aim.purpose) for each in most_bits_first(spec)])


def usual_of(plans: list[RunPlan]) -> RunPlan:
    """Of one model's plans, most bits first, the one for somebody who names no quantization: as good as it
    runs well, else whole in memory, else what is nearest to running. Few bits, and more than anybody
    notices, only where nothing else does."""
    runnable = [plan for plan in plans if plan.verdict is not Verdict.WILL_NOT_RUN]
    advised = [plan for plan in runnable if advisable(plan.model, plan.quantization)]
    nearest = max(plans, key=lambda plan: (-_VERDICT_ORDER[plan.verdict], _speed_of(plan)))
    return _pick(advised) or _pick(runnable) or nearest


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
