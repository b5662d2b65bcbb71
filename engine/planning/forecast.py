"""What is expected of one answer and of one load, in the terms in which they are measured."""

from __future__ import annotations

from dataclasses import dataclass

from engine.planning.layout import Placement
from engine.planning.machine import Machine
from engine.planning.placement import memory_of, touched_compute
from engine.planning.sharpen import learnt
from engine.planning.speed import corrected, load_seconds, prompt_tps, speed_inputs
from engine.planning.speed_inputs import TokenTime, time_of


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """What was asked of an answer. Tokens."""

    before: int  # in the cache already
    evaluated: int  # of the prompt, read for this answer
    generated: int
    streams: int  # answers in its batches

    @property
    def depth(self) -> int:
        """Before a generated token, in the mean."""
        return self.before + self.evaluated + self.generated // 2


@dataclass(frozen=True, slots=True)
class AnswerForecast:
    generation_tps: float  # of this answer alone
    prompt_tps: float
    first_token_s: float  # from its turn on: waiting for others is not in it
    plain: TokenTime  # of a step, had nothing been learnt from runs
    plain_prompt_tps: float


@dataclass(frozen=True, slots=True)
class LoadForecast:
    load_s: float
    reserved: int  # bytes, of all devices
    resident: int  # bytes, before the first answer


def forecast_answer(placement: Placement, machine: Machine, shape: AnswerShape) -> AnswerForecast:
    """`machine` with the threads and the batch that it is run with."""
    plain = time_of(speed_inputs(placement, machine, shape.depth, shape.streams))
    taught = learnt(placement, machine)
    step = corrected(plain, taught)
    middle = shape.before + shape.evaluated // 2
    reading = prompt_tps(placement, machine, step, middle)
    unlearnt = reading * taught.prompt if taught.prompts_observed else reading
    return AnswerForecast(
        generation_tps=1 / step.total,
        prompt_tps=min(reading, shape.evaluated / step.total) if shape.evaluated else reading,
        first_token_s=max(shape.evaluated / reading, step.total),
        plain=plain,
        plain_prompt_tps=unlearnt,
    )


def forecast_load(placement: Placement, machine: Machine, cached: int) -> LoadForecast:
    """`cached`: bytes of the file that the system has in memory already."""
    memory = memory_of(placement)
    # Buffers are touched by the first answer; the cache is cleared, and so touched, by the load.
    untouched = touched_compute(placement) + memory.output
    return LoadForecast(
        load_seconds(placement, machine, cached), memory.reserved, max(0, memory.resident - untouched)
    )
