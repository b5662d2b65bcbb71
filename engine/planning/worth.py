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

STREAMS = (1, 4, 32)
# Of each conversation when several answer at once: a question and a long answer.
SHARED_CONTEXT = 4096
# A machine that has not paid for itself by then is replaced before it does.
MOST_YEARS = 3.0
_DAY_S = 86_400.0
_JOULES = 3.6e6  # of a kWh
_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person pays elsewhere. None is "not said"."""

    cny_per_kwh: Sourced | None = None
    api_cny: Sourced | None = None  # a million generated tokens
    tokens_a_day: float | None = None  # that are wanted; None: as many as the machine makes


@dataclass(frozen=True, slots=True)
class Worth:
    """One row: so many answers at once. What is None is not known, or does not fit (`tps`)."""

    streams: int
    tps: Range | None  # of all answers together
    memory: MemoryEstimate | None
    cny_per_tps: float | None  # price of the machine for each token a second
    kwh_per_million: float | None  # at most: all parts at their limit
    energy_cny_per_million: float | None
    break_even_million: float | None  # tokens after which the API would have cost more; None: never
    break_even_days: float | None
    origin: Origin = Origin.ESTIMATED

    @property
    def pays(self) -> bool:
        return self.break_even_days is not None and self.break_even_days <= MOST_YEARS * 365


def worth_of(
    plan: RunPlan, machine: Machine, price: float, watts: Sourced | None, terms: Terms
) -> tuple[Worth, ...]:
    """A row for each of STREAMS. `price` in CNY."""
    return tuple(_row(plan, machine, streams, price, watts, terms) for streams in STREAMS)


def _row(
    plan: RunPlan, machine: Machine, streams: int, price: float, watts: Sourced | None, terms: Terms
) -> Worth:
    at_once = _at_once(plan, machine, streams)
    if at_once is None:
        return Worth(streams, None, None, None, None, None, None, None)
    tps, memory = at_once
    kwh = watts.high / tps.expected * _MILLION / _JOULES if watts else None
    energy = kwh * terms.cny_per_kwh.high if kwh is not None and terms.cny_per_kwh else None
    tokens, days = _break_even(price, energy, tps.expected, terms)
    return Worth(streams, tps, memory, price / tps.expected, kwh, energy, tokens, days)


def _at_once(plan: RunPlan, machine: Machine, streams: int) -> tuple[Range, MemoryEstimate] | None:
    """Speed and memory with a cache for each answer; None where these do not fit into memory."""
    if streams == 1:
        return plan.speed.generation_tps, plan.memory
    trained = plan.model.shape.trained_context or UNKNOWN_CONTEXT
    context = min(SHARED_CONTEXT, trained, plan.context_length or BASE_CONTEXT)
    demand = demand_of(plan.model.shape, plan.quantization, context, plan.kv_type, sequences=streams)
    asked = SpeedQuestion(streams=streams)
    placement = fastest(demand, machine, hope_of(plan.model, asked))
    if not placement.runs or placement.streamed:
        return None
    speed = estimate_speed(placement, machine, asked)
    return speed.generation_tps, memory_of(placement)


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
