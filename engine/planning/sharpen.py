"""Learns from measured runs: how much longer than predicted this machine takes, and for what."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.planning.calibration import UNCORRECTED, Corrections
from engine.planning.machine import Machine
from engine.planning.speed_inputs import TokenTime

# A part that took less of a run than this was not seen in it.
LEAST_SHARE = 0.05
# A run that differs by more was disturbed, or was not what it is taken for: believed this far only.
MOST_FACTOR = 8.0


@dataclass(frozen=True, slots=True)
class Observation:
    """One measured run of generation beside what was predicted for it, uncorrected."""

    predicted: TokenTime  # seconds of a step, by part
    measured_s: float  # of the same step
    predicted_prompt_tps: float = 0.0  # 0: no prompt was measured
    measured_prompt_tps: float = 0.0


def sharpen(machine: Machine, observations: Sequence[Observation]) -> Machine:
    """The machine with corrections from its own runs, in place of any it had.

    A run corrects what its time went to, in proportion: one on the GPU says nothing of main memory.
    """
    runs = [run for run in observations if _usable(run)]
    if not runs:
        return replace(machine, corrections=UNCORRECTED)
    prompts = [run for run in runs if run.predicted_prompt_tps > 0 and run.measured_prompt_tps > 0]
    return replace(
        machine,
        corrections=Corrections(
            vram=_factor(runs, lambda time: time.vram),
            ram=_factor(runs, lambda time: time.ram + time.ssd),
            fixed=_factor(runs, lambda time: time.compute + time.pcie),
            prompt=_mean([(run.predicted_prompt_tps / run.measured_prompt_tps, 1.0) for run in prompts]),
            observed=len(runs),
            prompts_observed=len(prompts),
        ),
    )


def _usable(run: Observation) -> bool:
    times = (run.measured_s, run.predicted.total)
    return all(math.isfinite(time) and time > 0 for time in times)


def _factor(runs: Sequence[Observation], part: Callable[[TokenTime], float]) -> float:
    factors = [
        (run.measured_s / run.predicted.total, part(run.predicted) / run.predicted.total) for run in runs
    ]
    return _mean([(factor, share) for factor, share in factors if share >= LEAST_SHARE])


def _mean(weighted: list[tuple[float, float]]) -> float:
    """Of factors with their weights, on the scale of factors; 1 where there are none."""
    weight = sum(share for _, share in weighted)
    if not weight:
        return 1.0
    mean = math.exp(sum(math.log(factor) * share for factor, share in weighted) / weight)
    return min(max(mean, 1 / MOST_FACTOR), MOST_FACTOR)
