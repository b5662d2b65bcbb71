"""Measures how fast this machine's CPU computes with each type of weights, in at most ten seconds.

A token of a generated model takes layers x fixed + bytes / rate. Models of one type give the rates, large
enough not to live in a cache; thin ones give what a layer costs however small it is, with and without
experts; mixtures what experts take, whose matrices lie scattered in memory and have kernels of their own;
and two with a long context what it costs to look back, with heads that share keys and values, and with heads
of which each has its own.
"""

from __future__ import annotations

import errno
import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.cancellation import CancelToken
from engine.errors import DiskFull
from engine.hardware.busy import machine_times, was_busy
from engine.hardware.report import HardwareReport
from engine.host.knowing import save_calibration
from engine.jobs.calibration_models import HEAD, CalibrationModel, write_calibration_model
from engine.paths import Paths
from engine.planning.attention import busiest, crowding_of, missed_share, parts_of
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.cpu_speed import EXPERT_MATRICES, LARGE_BYTES, SMALL_BYTES, kernel_at
from engine.planning.machine import machine_of
from engine.runtime.timing import Timer, timer
from engine.runtime.values import LoadRequest, Timing

_PATIENCE_S = 60.0  # with one model, on a machine that is busy
_LOOK_S = 3.0  # before it is asked whether other programs disturb
BUDGET_S = 9.3  # no type is begun that would end later: those with the nearest bits stand in for it
# The first ones are what most files consist of.
TYPES = ("Q8_0", "Q4_K", "Q4_0", "Q6_K", "F16", "Q5_K", "Q4_1")
_WIDTH, _FEED_FORWARD = 2048, 4096
_HEADS, _LONE_HEADS = (32, 8), (16, 16)  # those of keys and values
_CONTEXT = 256
THIN = CalibrationModel("Q8_0", 24, 64, 64, 4, 2)
THIN_EXPERTS = CalibrationModel("Q8_0", 16, 64, 32, 4, 2, experts=32, used=8)
# Two sizes of matrix: what each takes at least comes out of the difference.
EXPERTS = CalibrationModel("Q4_K", 3, 2048, 768, 8, 2, experts=64, used=8)
SMALL_EXPERTS = CalibrationModel("Q4_K", 16, 1024, 256, 8, 2, experts=96, used=8)
# About as wide as the smallest models that people run.
_SMALL_LAYER = CalibrationModel("Q4_0", 1, 576, 1536, 9, 3)
SMALL = replace(_SMALL_LAYER, layers=round(SMALL_BYTES / _SMALL_LAYER.bytes_per_token))
# What looks back is large, too: as in a real model, its weights leave no keys and values in the caches.
DEEP, ALONE = "Q8_0", "Q4_K"
PLAIN = "Q4_0"  # looks at nothing; that of `SMALL`, too
_DEEP_CONTEXT, _ALONE_CONTEXT, _DEEP_COPIES = 4352, 2304, 16
_LEAST_LAYER_S = 1e-6
_CACHED_GAIN = 2.0  # weights of thin layers come from a cache of the core, not from memory


@dataclass(frozen=True, slots=True)
class Timed:
    model: CalibrationModel
    timings: tuple[Timing, ...]  # fewest threads first


@dataclass(frozen=True, slots=True)
class Run:
    """All that a calibration times."""

    thin: Timed
    thin_experts: Timed
    experts: Timed
    small_experts: Timed
    small: Timed
    typed: Mapping[str, Timed] = field(default_factory=dict)  # with long contexts: `DEEP`, `ALONE`


def calibrate(
    paths: Paths,
    worker_command: Sequence[str],
    report: HardwareReport,
    progress: Callable[[float], None],
    token: CancelToken,
) -> Calibration | None:
    """Measures, and keeps what was found. None, and nothing is kept, where other programs disturbed it:
    threads that wait for others say nothing of the machine. That is noticed early.

    Raises: Cancelled, WorkerError, LoadError, DiskFull, OSError.
    """
    threads = max(1, min(report.cpu.physical_cores, int(report.cpu.usable_cores)))
    with (
        tempfile.TemporaryDirectory(prefix="calibration.", dir=_folder(paths)) as folder,
        timer(worker_command, paths.state / "calibration.log") as probe,
    ):
        clock = _Clock(probe, Path(folder) / "model.gguf", threads, progress, token)
        try:
            run = _run(clock)
        except _Disturbed:
            return None
        if clock.was_disturbed():
            return None
    progress(1.0)
    calibration = calibration_of(run, machine_of(report).l2_bytes)
    save_calibration(paths, report, calibration)
    return calibration


def _run(clock: _Clock) -> Run:
    small = clock.time(SMALL)  # first, as such a model is loaded: into memory that nothing has used yet
    typed = {DEEP: clock.time(typed_model(DEEP), _DEEP_CONTEXT, _DEEP_COPIES)}
    thin, thin_experts = clock.time(THIN), clock.time(THIN_EXPERTS)
    typed[ALONE] = clock.time(typed_model(ALONE), _ALONE_CONTEXT, _DEEP_COPIES)
    typed[PLAIN] = clock.time(typed_model(PLAIN))
    plain_s = clock.last_s
    experts, small_experts = clock.time(EXPERTS), clock.time(SMALL_EXPERTS)
    for name in TYPES:
        if name not in typed and clock.spent_s + plain_s < BUDGET_S:
            typed[name] = clock.time(typed_model(name))
    return Run(thin, thin_experts, experts, small_experts, small, typed)


class _Disturbed(Exception):
    """Other programs are busy; whatever is measured is void."""


class _Clock:
    """Times one model after the other. Raises: _Disturbed, once that is clear."""

    def __init__(
        self, probe: Timer, path: Path, threads: int, progress: Callable[[float], None], token: CancelToken
    ) -> None:
        self._probe, self._path, self._threads = probe, path, threads
        self._progress, self._token = progress, token
        self._began = time.monotonic()
        self._before = machine_times()
        self._done = 0
        self.last_s = 0.0  # that the last model took

    @property
    def spent_s(self) -> float:
        return time.monotonic() - self._began

    def was_disturbed(self) -> bool:
        after = machine_times()
        own = after.own_s + self._probe.process_time()
        return was_busy(self._before, replace(after, own_s=own))

    def time(self, model: CalibrationModel, context: int = _CONTEXT, copies: int = 1) -> Timed:
        began = self.spent_s
        self._token.raise_if_cancelled()
        if began > _LOOK_S and self.was_disturbed():
            raise _Disturbed
        self._progress(self._done / (len(TYPES) + 5))
        self._done += 1
        request = LoadRequest(
            str(self._path), context, self._threads, n_sequences=copies, kv_unified=copies > 1
        )
        try:
            write_calibration_model(self._path, model)
            return Timed(model, self._probe.time(request, _PATIENCE_S))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFull.of("disk_full", path=str(self._path.parent)) from error
            raise
        finally:
            self._path.unlink(missing_ok=True)
            self.last_s = self.spent_s - began


def _folder(paths: Paths) -> Path:
    paths.state.mkdir(parents=True, exist_ok=True)
    return paths.state


def typed_model(name: str) -> CalibrationModel:
    heads = _LONE_HEADS if name == ALONE else _HEADS
    one = CalibrationModel(name, 1, _WIDTH, _FEED_FORWARD, *heads)
    return replace(one, layers=max(2, round(LARGE_BYTES / one.bytes_per_token)))


def calibration_of(run: Run, l2_bytes: int) -> Calibration:
    """The rates behind the times, one thing after the other: each takes off what is known already.
    `l2_bytes`: of a core's second cache; 0: not known."""
    layers = _layer_seconds(run.thin, run), _layer_seconds(run.thin_experts, run)
    kernels = [
        KernelPoint(
            name,
            timing.threads,
            timed.model.bytes_per_token / _without(timing.token_s, timed.model.layers * layers[0][number]),
            2 * timed.model.layers * timed.model.matrices * timing.prompt_tps,
        )
        for name, timed in run.typed.items()
        for number, timing in enumerate(timed.timings)
    ]
    fixed: list[FixedPoint] = []
    for number, timing in enumerate(run.thin.timings):
        # What begins cold is no cheaper with more threads, whatever noise says.
        least_s = max((one.expert_matrix_s for one in fixed), default=0.0)
        point, matrix_s = _experts(run, number, layers[1][number], kernels, least_s)
        kernels.append(point)
        cache, prompt_cache = _cache_rates(run.typed[DEEP], number)
        gain = _small_gain(run, number, layers[0][number], kernels)
        fixed.append(
            FixedPoint(
                timing.threads,
                layers[0][number],
                layers[1][number],
                cache,
                matrix_s,
                prompt_cache,
                gain,
                *_look_back(run, number, l2_bytes),
            )
        )
    return Calibration(tuple(kernels), tuple(fixed))


def _without(seconds: float, known: float) -> float:
    """What is left of a time; never next to nothing, whatever noise says."""
    return max(seconds - known, seconds / 4)


def _layer_seconds(thin: Timed, run: Run) -> tuple[float, ...]:
    """By number of threads. Thin layers have weights too: their share, a few microseconds, is taken off."""
    own = run.typed[thin.model.type_name]

    def seconds(timing: Timing, reading: Timing) -> float:
        rate = _CACHED_GAIN * own.model.bytes_per_token / reading.token_s
        return max((timing.token_s - thin.model.bytes_per_token / rate) / thin.model.layers, _LEAST_LAYER_S)

    return tuple(map(seconds, thin.timings, own.timings))


def _experts(
    run: Run, number: int, layer_s: float, kernels: Sequence[KernelPoint], least_s: float
) -> tuple[KernelPoint, float]:
    """(the rate of large matrices of experts, seconds that each matrix takes beside, `least_s` or more)."""
    name, threads = run.experts.model.type_name, run.experts.timings[number].threads
    dense = next(one for one in kernels if (one.type_name, one.threads) == (name, threads))

    def parts(timed: Timed) -> tuple[float, float, int]:
        """(seconds of experts, their bytes, their matrices)."""
        model = timed.model
        read = model.expert_bytes_per_token
        known = model.layers * layer_s + (model.bytes_per_token - read) / dense.bytes_per_second
        seconds = _without(timed.timings[number].token_s, known)
        return seconds, read, EXPERT_MATRICES * model.used * model.layers

    (large_s, large, few), (small_s, small, many) = parts(run.experts), parts(run.small_experts)
    matrix_s = max((small_s / small - large_s / large) / (many / small - few / large), least_s)
    rate = large / _without(large_s, few * matrix_s)
    most = _no_better(threads, [one for one in kernels if one.experts])
    if rate > most:  # the third cache, which holds what an invented mixture chooses again and again
        rate, matrix_s = most, max((small_s - small / most) / many, least_s)
    model, timing = run.experts.model, run.experts.timings[number]
    operations = 2 * model.layers * model.matrices * timing.prompt_tps
    return KernelPoint(name, threads, rate, operations, experts=True), matrix_s


def _no_better(threads: int, fewer: Sequence[KernelPoint]) -> float:
    """Bytes a second that so many threads read at most, by what fewer read: together none is quicker."""
    return min((one.bytes_per_second * threads / one.threads for one in fewer), default=math.inf)


def _small_gain(run: Run, number: int, layer_s: float, kernels: Sequence[KernelPoint]) -> float:
    model, timing = run.small.model, run.small.timings[number]
    point = kernel_at(kernels, model.type_name, timing.threads)
    seconds = _without(timing.token_s, model.layers * layer_s)
    return max(1.0, model.bytes_per_token / seconds / point.bytes_per_second)


def _look_back(run: Run, number: int, l2_bytes: int) -> tuple[float, float]:
    """Seconds of an element of K and V, as `parts_of` takes them apart."""

    shared, lone = run.typed[DEEP], run.typed[ALONE]
    deep, alone = shared.timings[number], lone.timings[number]

    def of(model: CalibrationModel, spent_s: float, timing: Timing, depth: int) -> float:
        looking_back = max(spent_s - timing.token_s, spent_s / 100)
        return looking_back / (model.layers * model.heads * HEAD * 2 * busiest(depth, timing.threads))

    def missed(depth: int) -> float:
        seen = depth / deep.threads  # by one thread
        return missed_share(crowding_of(HEAD, HEAD, shared.model.kv_heads, seen, l2_bytes))

    readers = shared.model.heads // shared.model.kv_heads
    return parts_of(
        (
            (of(shared.model, deep.near_token_s, deep, deep.near_depth), readers, missed(deep.near_depth)),
            (of(shared.model, deep.deep_token_s, deep, deep.depth), readers, missed(deep.depth)),
            (of(lone.model, alone.deep_token_s, alone, alone.depth), 1, 0.0),
        )
    )


def _cache_rates(deep: Timed, number: int) -> tuple[float, float]:
    """(elements of K and V a second for a token, the same for prompts). Prompts are timed with all threads
    only, and scale with them."""
    model, timing, most = deep.model, deep.timings[number], deep.timings[-1]
    row = model.layers * model.heads * HEAD * 2
    looking_back = max(timing.deep_token_s - timing.token_s, timing.deep_token_s / 100)
    prompt_s = max(1 / most.deep_prompt_tps - 1 / most.prompt_tps, 0.1 / most.deep_prompt_tps)
    scale = timing.prompt_tps / most.prompt_tps
    return row * timing.depth / looking_back, row * most.depth / prompt_s * scale
