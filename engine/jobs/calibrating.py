"""Measures how fast this machine's CPU computes with each type of weights, in at most ten seconds.

A token of a generated model takes layers x fixed + bytes / rate. Models of one type and some 100 MiB
give the rates; thin ones give what a layer costs however small it is, with and without experts, and
what it costs to look back over a long context.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from engine.cancellation import CancelToken
from engine.hardware.busy import machine_times, was_busy
from engine.hardware.report import HardwareReport
from engine.jobs.calibration_models import CalibrationModel, write_calibration_model
from engine.jobs.knowing import save_calibration
from engine.paths import Paths
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.runtime.timing import Timer, timer
from engine.runtime.values import LoadRequest, Timing

BUDGET_S = 8.5  # after which no further type is begun: those with the nearest bits stand in for it
# The first ones are what most files consist of.
TYPES = ("Q8_0", "Q4_K", "Q6_K", "Q4_0", "F16", "Q5_K", "Q4_1")
_MODEL_BYTES = 96 << 20
_WIDTH, _FEED_FORWARD, _HEADS, _KV_HEADS = 2048, 4096, 32, 8
_THIN = CalibrationModel("Q8_0", 24, 64, 64, 4, 2)
_THIN_EXPERTS = CalibrationModel("Q8_0", 16, 64, 32, 4, 2, experts=32, used=8)
_DEEP_CONTEXT = 1536
_CONTEXT = 512
_LEAST_LAYER_S = 1e-6
_CACHED_GAIN = 2.0  # weights of thin layers come from a cache of the core, not from memory


def calibrate(
    paths: Paths,
    worker_command: Sequence[str],
    report: HardwareReport,
    progress: Callable[[float], None],
    token: CancelToken,
) -> Calibration:
    """Measures, and keeps the calibration unless other programs disturbed it.

    Raises: Cancelled, WorkerError, LoadError, OSError.
    """
    threads = max(1, min(report.cpu.physical_cores, int(report.cpu.usable_cores)))
    before, began = machine_times(), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="calibration.", dir=_folder(paths)) as folder,
        timer(worker_command, paths.state / "calibration.log") as probe,
    ):
        steps = 2 + len(TYPES)

        def measured(number: int, model: CalibrationModel, context: int) -> tuple[Timing, ...]:
            token.raise_if_cancelled()
            progress(number / steps)
            return _time(probe, Path(folder) / "model.gguf", model, context, threads)

        thin = measured(0, _THIN, _DEEP_CONTEXT)
        mixture = measured(1, _THIN_EXPERTS, _CONTEXT)
        timed: dict[str, tuple[CalibrationModel, tuple[Timing, ...]]] = {}
        for number, name in enumerate(TYPES):
            if time.monotonic() - began > BUDGET_S and timed:
                break
            model = _typed(name)
            timed[name] = model, measured(2 + number, model, _CONTEXT)
        spent = probe.process_time()
    progress(1.0)
    after = machine_times()
    busy = was_busy(before, replace(after, own_s=after.own_s + spent))
    calibration = calibration_of(timed, thin, mixture, busy)
    if not busy:  # threads that wait for other programs say nothing of the machine
        save_calibration(paths, report, calibration)
    return calibration


def _folder(paths: Paths) -> Path:
    paths.state.mkdir(parents=True, exist_ok=True)
    return paths.state


def _typed(name: str) -> CalibrationModel:
    one = CalibrationModel(name, 1, _WIDTH, _FEED_FORWARD, _HEADS, _KV_HEADS)
    layers = max(2, round(_MODEL_BYTES / one.bytes_per_token))
    return CalibrationModel(name, layers, _WIDTH, _FEED_FORWARD, _HEADS, _KV_HEADS)


def _time(
    probe: Timer, path: Path, model: CalibrationModel, context: int, threads: int
) -> tuple[Timing, ...]:
    write_calibration_model(path, model)
    try:
        return probe.time(LoadRequest(str(path), context, threads))
    finally:
        path.unlink()


def calibration_of(
    timed: dict[str, tuple[CalibrationModel, tuple[Timing, ...]]],
    thin: tuple[Timing, ...],
    mixture: tuple[Timing, ...],
    busy: bool = False,
) -> Calibration:
    """The rates behind the times. Thin layers have weights too: their share, a few
    microseconds a layer, is taken off."""
    fixed = tuple(_fixed(one, other, timed) for one, other in zip(thin, mixture, strict=True))
    layer_s = {point.threads: point.layer_s for point in fixed}
    kernels = tuple(
        KernelPoint(
            name,
            timing.threads,
            model.bytes_per_token
            / max(timing.token_s - model.layers * layer_s[timing.threads], timing.token_s / 4),
            2 * model.layers * model.matrices * timing.prompt_tps,
        )
        for name, (model, timings) in timed.items()
        for timing in timings
    )
    return Calibration(kernels, fixed, busy)


def _fixed(
    thin: Timing, mixture: Timing, timed: dict[str, tuple[CalibrationModel, tuple[Timing, ...]]]
) -> FixedPoint:
    own = timed.get(_THIN.type_name)
    at = next((one.token_s for one in own[1] if one.threads == thin.threads), 0.0) if own else 0.0
    rate = _CACHED_GAIN * (own[0].bytes_per_token / at if own and at else 10e9 * thin.threads)

    def layer(model: CalibrationModel, timing: Timing) -> float:
        return max((timing.token_s - model.bytes_per_token / rate) / model.layers, _LEAST_LAYER_S)

    elements = _THIN.layers * _THIN.heads * 64 * 2 * max(thin.depth, 1)
    deeper = max(thin.deep_token_s - thin.token_s, 1e-6)
    return FixedPoint(thin.threads, layer(_THIN, thin), layer(_THIN_EXPERTS, mixture), elements / deeper)
