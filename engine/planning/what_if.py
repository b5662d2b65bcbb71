"""What a purchase would bring on a machine that is there: faster answers, a better model, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.catalog.model import ModelSpec
from engine.messages import Sentence, sentence
from engine.planning.aims import liking
from engine.planning.altered import keeps_memory
from engine.planning.change import applied, no_cards
from engine.planning.machine import Machine
from engine.planning.plan import Aim, RunPlan, Verdict
from engine.planning.purchase import Change, ChangeKind
from engine.planning.purposes import plan_for
from engine.planning.recommend import ranked_plans
from engine.planning.wording import speed_text, wait_text

# Less is within what one machine differs from itself from day to day.
LEAST_GAIN = 0.05
# Whoever buys a better model buys it for its answers; a point of quality is nothing that anybody notices.
LEAST_POINTS = 2.0
_ORDER = {Verdict.WILL_NOT_RUN: 0, Verdict.SLOW: 1, Verdict.RUNS_WELL: 2}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A purchase and what follows. Tokens a second of one answer."""

    change: Change
    same: RunPlan | None  # what is best now, with it; None where nothing runs now
    best: RunPlan | None  # what is best then
    gained_tps: float  # of the model that is best now; never less than nothing
    cny_per_tps: float | None  # for each gained; None without a gain or a price
    better_model: bool  # what is best then answers better, or now nothing runs well
    message: Sentence

    @property
    def worth_it(self) -> bool:
        faster = self.same is not None and self.gained_tps >= LEAST_GAIN * _tps(self.same)
        return faster or self.better_model


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`outcomes`: those that bring something first, the cheapest for a gained token/s before the others."""

    aim: Aim
    now: RunPlan | None
    outcomes: tuple[Outcome, ...]
    remarks: tuple[Sentence, ...]

    @property
    def buy(self) -> bool:
        return any(outcome.worth_it for outcome in self.outcomes)


def unheard() -> None:
    """Nobody ends it."""


def what_if(
    machine: Machine,
    catalog: tuple[ModelSpec, ...],
    changes: tuple[Change, ...],
    aim: Aim,
    heard: Callable[[], None] = unheard,
) -> WhatIf:
    """One outcome for each change, each alone. `heard` is told before each, and may raise to end it."""
    specs = [spec for spec in catalog if spec.quantizations]
    now = next(iter(ranked_plans(machine, specs, aim)), None)
    outcomes = []
    for change in changes:
        heard()
        outcomes.append(_outcome(machine, specs, change, aim, now))
    outcomes.sort(key=_rank)
    return WhatIf(aim, now, tuple(outcomes), _remarks(outcomes, now, machine))


def _outcome(
    machine: Machine, specs: list[ModelSpec], change: Change, aim: Aim, now: RunPlan | None
) -> Outcome:
    changed = applied(change, machine)
    best = next(iter(ranked_plans(changed, specs, aim)), None)
    same = plan_for(changed, now.model, now.quantization, aim.purpose) if now else None
    gained = max(0.0, _tps(same) - _tps(now)) if same and now else 0.0
    price = change.price
    noticed = now is not None and gained >= LEAST_GAIN * _tps(now)
    better = _is_better(best, now, aim)
    return Outcome(
        change=change,
        same=same,
        best=best,
        gained_tps=gained,
        cny_per_tps=price.high / gained if price is not None and noticed else None,
        better_model=better,
        message=_better_message(best) if better and best else _message(change, now, same, noticed),
    )


def _is_better(best: RunPlan | None, now: RunPlan | None, aim: Aim) -> bool:
    if best is None or now is None:
        return best is not now
    if _ORDER[best.verdict] != _ORDER[now.verdict]:
        return _ORDER[best.verdict] > _ORDER[now.verdict]
    other = (best.model.name, best.quantization.name) != (now.model.name, now.quantization.name)
    return other and liking(best, aim) >= liking(now, aim) + LEAST_POINTS


def _better_message(best: RunPlan) -> Sentence:
    code = "what_if_better" if best.verdict is Verdict.RUNS_WELL else "what_if_better_slow"
    return sentence(code, model=best.model.title, speed=speed_text(_tps(best)))


def _message(change: Change, now: RunPlan | None, same: RunPlan | None, faster: bool) -> Sentence:
    if now is None or same is None:
        return sentence("what_if_nothing_runs")
    if faster:
        before, after = speed_text(_tps(now)), speed_text(_tps(same))
        return sentence("what_if_faster", model=now.model.title, after=after, before=before)
    if change.kind is ChangeKind.DISK and same.speed.load_s < now.speed.load_s * (1 - LEAST_GAIN):
        return sentence(
            "what_if_loads",
            model=now.model.title,
            after=wait_text(same.speed.load_s),
            before=wait_text(now.speed.load_s),
        )
    if _tps(same) < (1 - LEAST_GAIN) * _tps(now):  # a processor that is no faster, or not for this
        before, after = speed_text(_tps(now)), speed_text(_tps(same))
        return sentence("what_if_slower", model=now.model.title, after=after, before=before)
    return sentence("what_if_same", model=now.model.title, speed=speed_text(_tps(same)))


def _remarks(outcomes: list[Outcome], now: RunPlan | None, machine: Machine) -> tuple[Sentence, ...]:
    closed = no_cards(machine)
    remarks = [closed] if closed else []
    if outcomes and not any(outcome.worth_it for outcome in outcomes):
        known = now is not None and now.verdict is Verdict.RUNS_WELL
        remarks.append(sentence("what_if_do_not_buy" if known else "what_if_no_help"))
    if any(outcome.change.price is None for outcome in outcomes):
        remarks.append(sentence("what_if_ask_price"))
    if any(outcome.change.kind is ChangeKind.CARD for outcome in outcomes):
        remarks.append(sentence("budget_not_checked"))
    processors = [one.change for one in outcomes if one.change.kind is ChangeKind.PROCESSOR]
    if processors:
        remarks.append(sentence("what_if_processor_not_checked"))
    moving = [one.processor for one in processors if not keeps_memory(one.processor, one.replaces)]
    if moving:
        remarks.append(sentence("what_if_processor_memory", processors="; ".join(moving)))
    return tuple(remarks)


def _rank(outcome: Outcome) -> tuple[float, ...]:
    """Lower is better."""
    cost = outcome.cny_per_tps
    quality = outcome.best.model.quality if outcome.best else 0.0
    return (
        not outcome.worth_it,
        not outcome.better_model,
        -quality if outcome.better_model else 0.0,
        cost is None,
        cost or 0.0,
        -outcome.gained_tps,
    )


def _tps(plan: RunPlan) -> float:
    return plan.speed.generation_tps.expected
