"""What tokens of a planned machine cost: for one answer and several at once, against an API."""

from __future__ import annotations

from dataclasses import dataclass

from engine.figures import Origin, Range
from engine.planning.hope import hope_of
from engine.planning.layout import demand_of
from engine.planning.machine import Machine
from engine.planning.placement import BASE_CONTEXT, UNKNOWN_CONTEXT, fastest, memory_of
from engine.planning.plan import MemoryEstimate, RunPlan
from engine.planning.prices import Sourced
from engine.planning.speed import SpeedQuestion, estimate_speed
from engine.planning.terms import Terms

STREAMS = (1, 4, 32)
# Answers that may be computed at once, of those that are wanted; the others wait their turn, as they do in
# our engine. More at once are slower where their caches push weights out of a card.
WIDTHS = (1, 2, 4, 8, 16, 32)
# Of each conversation when several answer at once: a question and a long answer.
SHARED_CONTEXT = 4096
# A machine that has not paid for itself by then is replaced before it does.
MOST_YEARS = 3.0
_DAY_S = 86_400.0
_JOULES = 3.6e6  # of a kWh
_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Worth:
    """One row: so many answers wanted at once. What is None is not known, or does not fit (`tps`)."""

    streams: int
    tps: Range | None  # of all answers together
    memory: MemoryEstimate | None
    cny_per_tps: float | None  # price of the machine for each token a second
    kwh_per_million: float | None  # at most: all parts at their limit
    energy_cny_per_million: float | None
    break_even_million: float | None  # tokens after which the API would have cost more; None: never
    break_even_days: float | None
    served: int = 0  # answers that are computed at once for that; fewer than `streams`: the others wait
    origin: Origin = Origin.ESTIMATED

    @property
    def pays(self) -> bool:
        return self.break_even_days is not None and self.break_even_days <= MOST_YEARS * 365


@dataclass(frozen=True, slots=True)
class Way:
    """So many answers computed at once: tokens a second of all together, and what that takes."""

    width: int
    tps: Range
    memory: MemoryEstimate


def ways_of(plan: RunPlan, machine: Machine) -> tuple[Way, ...]:
    """Those of WIDTHS that fit into memory."""
    return tuple(way for width in WIDTHS if (way := _at_once(plan, machine, width)) is not None)


def worth_of(ways: tuple[Way, ...], price: float, watts: Sourced | None, terms: Terms) -> tuple[Worth, ...]:
    """A row for each of STREAMS, none slower than one with fewer. `price` in CNY."""
    return tuple(_row(streams, ways, price, watts, terms) for streams in STREAMS)


def _row(streams: int, ways: tuple[Way, ...], price: float, watts: Sourced | None, terms: Terms) -> Worth:
    fitting = [way for way in ways if way.width <= streams]
    if not fitting:
        return Worth(streams, None, None, None, None, None, None, None)
    best = max(fitting, key=lambda way: way.tps.expected)
    tps = best.tps.expected
    kwh = watts.high / tps * _MILLION / _JOULES if watts else None
    energy = kwh * terms.cny_per_kwh.high if kwh is not None and terms.cny_per_kwh else None
    tokens, days = _break_even(price, energy, tps, terms)
    return Worth(streams, best.tps, best.memory, price / tps, kwh, energy, tokens, days, best.width)


def _at_once(plan: RunPlan, machine: Machine, width: int) -> Way | None:
    """With a cache for each answer; None where these do not fit into memory."""
    if width == 1:
        return Way(width, plan.speed.generation_tps, plan.memory)
    trained = plan.model.shape.trained_context or UNKNOWN_CONTEXT
    context = min(SHARED_CONTEXT, trained, plan.context_length or BASE_CONTEXT)
    demand = demand_of(plan.model.shape, plan.quantization, context, plan.kv_type, sequences=width)
    asked = SpeedQuestion(streams=width)
    placement = fastest(demand, machine, hope_of(plan.model, asked))
    if not placement.runs or placement.streamed:
        return None
    return Way(width, estimate_speed(placement, machine, asked).generation_tps, memory_of(placement))


def _break_even(
    price: float, energy: float | None, tps: float, terms: Terms
) -> tuple[float | None, float | None]:
    """(million tokens, days) until the API would have cost as much; None where it never does, or where
    the price of the API or of the energy is not known."""
    if terms.api_cny is None or energy is None or energy >= terms.api_cny.low:
        return None, None
    millions = price / (terms.api_cny.low - energy)
    a_day = tps * _DAY_S
    if terms.tokens_a_day is not None:
        a_day = min(a_day, terms.tokens_a_day)
    return millions, millions * _MILLION / a_day
