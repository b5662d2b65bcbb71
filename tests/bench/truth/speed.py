"""This machine: what is said of models after the calibration, against what they then do.

The models were not calibrated on: the starter, and generated ones of other shapes, whose output and
embedding are of another type. Each is predicted first, then measured through the engine's own timing
probe, three times, at depth 0 and about 4,000 and at 1 and 2 threads. Whatever other programs disturbed,
the calibration or a measurement, is made again once they may have ended. The calibration is timed too.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.hardware.busy import machine_times, was_busy
from engine.hardware.check import quick_report
from engine.hardware.report import HardwareReport
from engine.host.describing import describe
from engine.jobs.calibrating import calibrate
from engine.jobs.calibration_models import CalibrationModel, write_calibration_model
from engine.paths import Paths
from engine.planning.described_machine import with_threads
from engine.planning.machine import Machine, machine_of
from engine.planning.placement import plan_on
from engine.planning.speed import SpeedQuestion
from engine.runtime.timing import Timer, timer
from engine.runtime.values import LoadRequest, Timing
from tests.bench.engine.ours import WORKER
from tests.bench.engine.report import Row
from tests.modelfile import Q4_0, write_model
from tests.models import llama
from tests.unit.catalog_files import starter_path

CONTEXT = 4096  # filled to about 4,000
MEDIAN, WORST, SECONDS = 0.10, 0.25, 10.0
_ROUNDS = 3  # each model is loaded and measured so often: the median counts
_TRIES, _PAUSE_S = 6, 10.0  # of what was disturbed
# The shapes of Llama 3.2 1B, in each type, and of a mixture with 8 of 64 experts.
_ONE_B = {"layers": 16, "width": 2048, "feed_forward": 8192, "heads": 32, "kv_heads": 8}
MODELS = {
    **{f"1b {name}": CalibrationModel(name, **_ONE_B) for name in ("Q4_0", "Q8_0", "Q4_K", "F16")},
    "experts Q4_0": CalibrationModel("Q4_0", 16, 1024, 384, 16, 4, experts=64, used=8),
}
# Heads of other widths, and as many that share keys and values: most published models have heads of 128.
HEADS = {
    "16 heads of 128": {"layers": 8, "width": 2048, "heads": 16, "kv_heads": 8, "feed_forward": 4096},
    "32 heads of 64, 4": {"layers": 8, "width": 2048, "heads": 32, "kv_heads": 4, "feed_forward": 4096},
    "8 heads of 256, 2": {"layers": 8, "width": 2048, "heads": 8, "kv_heads": 2, "feed_forward": 4096},
}
QUICK = ("1b Q4_K", "experts Q4_0")


@dataclass(frozen=True, slots=True)
class Case:
    model: str
    threads: int
    depth: int
    said: float  # tokens a second
    measured: float

    @property
    def error(self) -> float:
        return abs(self.said / self.measured - 1)


def measure(quick: bool) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="deskside-truth.") as name:
        folder = Path(name)
        paths = Paths(folder / "data", folder / "config", folder / "state")
        report = quick_report([folder])
        machine, seconds = _calibrated(paths, report)
        with timer(WORKER, folder / "probe.log") as probe:
            cases = _starter(probe, machine)
            for model in QUICK if quick else MODELS:
                path = folder / "model.gguf"
                write_calibration_model(path, MODELS[model])
                cases += _cases(probe, machine, model, path)
            for name, widths in () if quick else HEADS.items():
                write_model(path, llama(**widths), quantised=Q4_0)
                cases += _cases(probe, machine, name, path)
    for case in cases:
        print(
            f"  {case.model:<17} {case.threads} threads, depth {case.depth:>4}: "
            f"said {case.said:7.2f}, measured {case.measured:7.2f}  {case.error:4.0%}"
        )
    return _rows(cases, seconds)


def _calibrated(paths: Paths, report: HardwareReport) -> tuple[Machine, float]:
    """Raises: SystemExit, where other programs disturb it again and again."""
    for _ in range(_TRIES):
        began = time.monotonic()
        found = calibrate(paths, WORKER, report, lambda fraction: None, CancelToken())
        if found is not None:
            return replace(machine_of(report), calibration=found), time.monotonic() - began
        time.sleep(_PAUSE_S)
    raise SystemExit("other programs were busy: measure again")


def _starter(probe: Timer, machine: Machine) -> list[Case]:
    return _cases(probe, machine, "SmolLM2 Q4_1", starter_path())


def _cases(probe: Timer, machine: Machine, name: str, path: Path) -> list[Case]:
    """Predicted before it is measured."""
    installed = InstalledModel(str(path), name, "", path.stat().st_size, "bench")
    spec, quantization = describe(installed)
    rounds = [_undisturbed(probe, LoadRequest(str(path), CONTEXT, 2)) for _ in range(_ROUNDS)]
    cases = []
    for timings in zip(*rounds, strict=True):
        for same in zip(*map(_points, timings), strict=True):
            (depth, _), threads = same[0], timings[0].threads
            asked = SpeedQuestion(depth=depth)
            plan = plan_on(with_threads(machine, threads), spec, quantization, CONTEXT, asked=asked)
            measured = statistics.median(speed for _, speed in same)
            cases.append(Case(name, threads, depth, plan.speed.generation_tps.expected, measured))
    return cases


def _undisturbed(probe: Timer, request: LoadRequest) -> Sequence[Timing]:
    """Raises: SystemExit, as above."""
    for _ in range(_TRIES):
        before, own = machine_times(), probe.process_time()
        timings = probe.time(request, timeout_s=300)
        after = machine_times()
        if not was_busy(before, replace(after, own_s=after.own_s + probe.process_time() - own)):
            return timings
        time.sleep(_PAUSE_S)
    raise SystemExit("other programs were busy: measure again")


def _points(timing: Timing) -> Sequence[tuple[int, float]]:
    return ((0, 1 / timing.token_s), (timing.depth, 1 / timing.deep_token_s))


def _rows(cases: Sequence[Case], seconds: float) -> list[Row]:
    errors = [case.error for case in cases]
    worst = max(cases, key=lambda case: case.error)
    which = f"{worst.model}, {worst.threads} threads, depth {worst.depth}"
    return [
        Row("this machine", "median error", statistics.median(errors), MEDIAN, False),
        Row("this machine", "worst error", worst.error, WORST, False, note=which),
        Row("this machine", "calibration", seconds, SECONDS, False, unit="s"),
    ]
