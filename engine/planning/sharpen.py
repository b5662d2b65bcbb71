"""Learns from measured runs: how much longer than predicted this machine takes, and for what.

Medians of the newest runs, so that a run that was disturbed changes nothing. What a model's own runs
teach counts for that model; for others it counts once models agree, or where the machine was never
calibrated and any run knows more than we do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.catalog.model import ModelShape, Quantization
from engine.planning.calibration import UNCORRECTED, Corrections
from engine.planning.layout import Placement
from engine.planning.machine import Machine
from engine.planning.speed_inputs import TokenTime

# A part that took less of a run than this was not seen in it.
LEAST_SHARE = 0.05
# A run that differs by more was disturbed, or was not what it is taken for: believed this far only.
MOST_FACTOR = 8.0
RECENT = 9  # runs of one model that are looked at: machines change, slowly

# What changes when predictions are made in another way, so that what was learnt of them is void.
METHOD = 2


@dataclass(frozen=True, slots=True)
class Observation:
    """One measured run of generation beside what was predicted for it, uncorrected."""

    predicted: TokenTime  # seconds of a step, by part
    measured_s: float  # of the same step; 0: only a prompt was measured
    predicted_prompt_tps: float = 0.0  # 0: no prompt was measured
    measured_prompt_tps: float = 0.0
    build: str = ""  # see `build_of`; "" of no model that will be asked for again


def build_of(shape: ModelShape, quantization: Quantization) -> str:
    """What models have in common that are equally fast: a model, its fine-tunes, its file and its entry
    in the catalogue."""
    size = f"{shape.layers}x{shape.embedding_length}x{shape.feed_forward_length or ''}"
    experts = f" {shape.experts} experts" if shape.experts else ""
    return f"{shape.architecture} {size}{experts} {quantization.name}"


def learnt(placement: Placement, machine: Machine) -> Corrections:
    """From runs of that very model where there were any, else from those of others."""
    build = build_of(placement.demand.shape, placement.demand.quantization) if machine.own else ""
    return next((found for name, found in machine.own if name == build), machine.corrections)


def sharpen(machine: Machine, observations: Sequence[Observation]) -> Machine:
    """The machine with corrections from its own runs (oldest first), in place of any it had.

    A run corrects what its time went to, in proportion: one on the GPU says nothing of main memory.
    """
    builds: dict[str, list[Observation]] = {}
    for run in observations:
        if _usable(run):
            builds.setdefault(run.build, []).append(run)
    if not builds:
        return replace(machine, corrections=UNCORRECTED, own=())
    recent = {build: runs[-RECENT:] for build, runs in builds.items()}
    own = {build: _corrections([_Evidence.of(run) for run in runs]) for build, runs in recent.items()}
    found = [_Evidence.of_model(runs, own[build]) for build, runs in recent.items()]
    if machine.calibration is not None:
        found.append(_AS_CALIBRATED)
    general = _corrections(found)
    counted = [run for runs in builds.values() for run in runs]
    return replace(
        machine,
        corrections=replace(
            general,
            observed=sum(run.measured_s > 0 for run in counted),
            prompts_observed=sum(_has_prompt(run) for run in counted),
        ),
        own=tuple(
            (
                build,
                replace(
                    corrections,
                    observed=sum(run.measured_s > 0 for run in builds[build]),
                    prompts_observed=sum(_has_prompt(run) for run in builds[build]),
                ),
            )
            for build, corrections in own.items()
            if build
        ),
    )


Weighted = tuple[float, float]  # (factor, weight)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What one run, or one model, says of each part of the time; weight 0: nothing."""

    vram: Weighted
    ram: Weighted
    fixed: Weighted
    cache: Weighted
    prompt: Weighted

    @staticmethod
    def of(run: Observation) -> _Evidence:
        time = run.predicted
        factor = run.measured_s / time.total if run.measured_s > 0 else 1.0

        def part(seconds: float) -> Weighted:
            share = seconds / time.total if run.measured_s > 0 else 0.0
            return factor, share if share >= LEAST_SHARE else 0.0

        prompt = (run.predicted_prompt_tps / run.measured_prompt_tps, 1.0) if _has_prompt(run) else (1.0, 0.0)
        return _Evidence(
            part(time.vram),
            part(time.ram + time.ssd),
            part(time.compute + time.pcie),
            part(time.cache),
            prompt,
        )

    @staticmethod
    def of_model(runs: Sequence[Observation], own: Corrections) -> _Evidence:
        """A model counts once, however often it ran."""
        each = [_Evidence.of(run) for run in runs]

        def mean(part: Callable[[_Evidence], Weighted]) -> float:
            return sum(part(one)[1] for one in each) / len(each)

        return _Evidence(
            (own.vram, mean(lambda one: one.vram)),
            (own.ram, mean(lambda one: one.ram)),
            (own.fixed, mean(lambda one: one.fixed)),
            (own.cache, mean(lambda one: one.cache)),
            (own.prompt, mean(lambda one: one.prompt)),
        )


# A calibration speaks for every model: one that differs may be a special case, two are not.
_MORE_THAN_ONE = (1.0, 1.2)
_AS_CALIBRATED = _Evidence((1.0, 0.0), _MORE_THAN_ONE, _MORE_THAN_ONE, _MORE_THAN_ONE, _MORE_THAN_ONE)


def _corrections(found: Sequence[_Evidence]) -> Corrections:
    cache = [one.cache for one in found]
    return Corrections(
        vram=_median([one.vram for one in found]),
        ram=_median([one.ram for one in found]),
        fixed=_median([one.fixed for one in found]),
        # the same cores do it: as long as no run looked far back, what they miss elsewhere counts
        cache=_median(cache if any(weight for _, weight in cache) else [one.fixed for one in found]),
        prompt=_median([one.prompt for one in found]),
    )


def _usable(run: Observation) -> bool:
    times = (run.measured_s, run.predicted.total, run.predicted_prompt_tps, run.measured_prompt_tps)
    if not all(math.isfinite(time) and time >= 0 for time in times):
        return False
    return (run.measured_s > 0 and run.predicted.total > 0) or _has_prompt(run)


def _has_prompt(run: Observation) -> bool:
    return run.predicted_prompt_tps > 0 and run.measured_prompt_tps > 0


def _median(weighted: Sequence[Weighted]) -> float:
    """Where half of the weight lies on either side; between the two in the middle where it is even. 1
    where there is no weight."""
    known = sorted((factor, weight) for factor, weight in weighted if weight > 0)
    half = sum(weight for _, weight in known) / 2
    median, seen = 1.0, 0.0
    for number, (factor, weight) in enumerate(known):
        seen += weight
        if seen > half * (1 + 1e-9):
            median = factor
            break
        if seen >= half * (1 - 1e-9):
            median = math.sqrt(factor * known[number + 1][0])
            break
    return min(max(median, 1 / MOST_FACTOR), MOST_FACTOR)
