"""Finds the fastest way to load a model on this machine by measuring, and remembers it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.errors import LoadError
from engine.hardware.busy import machine_times, was_busy
from engine.hardware.nodes import is_node
from engine.hardware.report import HardwareReport
from engine.host.knowing import key_text
from engine.host.loading import Prepared, devices_of, prepare, request_of
from engine.host.nodes import opened_nodes
from engine.host.surroundings import machine_now, room_of
from engine.host.tuned import Tuned, TunedModel, forget_tuned, keep_tuned
from engine.jobs.tuning_search import Candidate, Clock, Found, search
from engine.paths import Paths
from engine.planning.bound import UNBOUND
from engine.planning.described_machine import with_threads
from engine.planning.fit import Fit
from engine.planning.forecast import AnswerShape, forecast_answer
from engine.planning.layout import Placement
from engine.planning.speed import TYPICAL_DEPTH, token_time
from engine.planning.ways import candidates
from engine.runtime.client import list_devices
from engine.runtime.timing import Timer, trials
from engine.runtime.values import LoadRequest, LoadWish, Timing, weights_of

_PROMPT_TOKENS = 512
_ROOM = 64  # tokens of a context behind its prompt; see worker/trials.py
_PATIENCE_S = 600.0  # for a load and a measurement
_MOST_PLACES = 4  # ways to share the layers that are tried


@dataclass(frozen=True, slots=True)
class TuneResult:
    found: Found
    tuned: Tuned  # empty where nothing is better
    busy: bool  # other programs disturbed it; nothing is kept
    kept: bool
    spent_s: float


def tune(
    paths: Paths,
    worker_command: Sequence[str],
    model: InstalledModel,
    seconds: float,
    progress: Callable[[str], None],
    token: CancelToken,
) -> TuneResult:
    """With the devices of other machines that answer, too. Raises: Cancelled, ModelFileError, LoadError,
    WorkerError, OSError."""
    began = time.monotonic()
    with opened_nodes(paths, machine_now(paths, lambda: list_devices(worker_command))) as report:
        prepared = prepare(LoadWish(model), report, None, paths, (), as_tuned=False)
        fit = prepared.fit(UNBOUND, ())
        if fit is None:
            values = {"model": model.name, "needed": prepared.needed(), "free": prepared.free(())}
            raise LoadError.of("fit_none", **values)
        default = _short(request_of(fit, LoadWish(model), prepared.whole.threads, paths.parked, 0))
        probes = _Probes(worker_command, paths, _most_probes(report, fit), progress, token)
        found, busy = _searched(probes, default, _dimensions(prepared, fit, report), seconds)
    tuned = _difference(found)
    if not busy:
        _keep(paths, model, prepared, fit, found, tuned)
    return TuneResult(found, tuned, busy, not busy and tuned != Tuned(), time.monotonic() - began)


def _most_probes(report: HardwareReport, fit: Fit) -> int:
    """Two, where there is room for the model twice. A node computes for one at a time."""
    alone = any(is_node(gpu.device) for gpu in report.gpus)
    return 2 if 2 * fit.taken <= fit.free and not alone else 1


def _searched(
    probes: _Probes, default: LoadRequest, dimensions: list[list[Candidate]], seconds: float
) -> tuple[Found, bool]:
    """(what was found, whether other programs were at work meanwhile)"""
    with probes:
        before = machine_times()
        found = search(Clock(probes.measure, time.monotonic, seconds), default, dimensions)
        after = machine_times()
        return found, was_busy(before, replace(after, own_s=after.own_s + probes.process_time()))


def _short(request: LoadRequest) -> LoadRequest:
    """One answer with a prompt of usual length: what is compared does not depend on more."""
    return replace(
        request,
        context_length=min(request.context_length, _PROMPT_TOKENS + _ROOM),
        n_sequences=1,
        kv_unified=False,
    )


class _Probes:
    """Workers that measure: one for each set of weights, as many as there is memory for."""

    def __init__(
        self,
        command: Sequence[str],
        paths: Paths,
        most: int,
        progress: Callable[[str], None],
        token: CancelToken,
    ) -> None:
        self._command, self._log = command, paths.state / "tuning.log"
        self._most, self._progress, self._token = most, progress, token
        self._running: dict[LoadRequest, tuple[ExitStack, Timer]] = {}
        self._ended_s = 0.0  # processor time of probes that have ended
        self._count = 0

    def __enter__(self) -> _Probes:
        return self

    def __exit__(self, *_: object) -> None:
        while self._running:
            self._end_oldest()

    def measure(self, request: LoadRequest) -> Timing:
        """Raises: Cancelled, ModelFileError, LoadError, WorkerError."""
        self._token.raise_if_cancelled()
        self._count += 1
        self._progress(f"measurement {self._count}")
        (timing,) = self._probe(weights_of(request)).time(request, _PATIENCE_S)
        return timing

    def process_time(self) -> float:
        """Seconds of processor time of all probes."""
        return self._ended_s + sum(probe.process_time() for _, probe in self._running.values())

    def _probe(self, weights: LoadRequest) -> Timer:
        known = self._running.pop(weights, None)
        if known is None:
            while len(self._running) >= self._most:
                self._end_oldest()
            stack = ExitStack()
            known = stack, stack.enter_context(trials(self._command, self._log))
        self._running[weights] = known  # the newest is last
        return known[1]

    def _end_oldest(self) -> None:
        stack, probe = self._running.pop(next(iter(self._running)))
        self._ended_s += probe.process_time()
        stack.close()


def _dimensions(prepared: Prepared, fit: Fit, report: HardwareReport) -> list[list[Candidate]]:
    default, most = prepared.whole.threads, max(report.cpu.logical_cores, 1)
    counts = [default // 2, default - 1, default + 1, int(report.cpu.usable_cores), most]
    threads = sorted({count for count in counts if 1 <= count <= most} - {default})
    kinds = [] if fit.kept is not None or fit.setting.kv_type.value != "f16" else ["q8_0"]
    return [
        [Candidate(f"threads {count}", partial(replace, threads=count)) for count in threads],
        [Candidate("no copied weights", _without_copy)] if fit.setting.repack else [],
        _places(prepared, fit),
        [Candidate(f"cache {kind}", partial(replace, kv_type=kind)) for kind in kinds],
        [Candidate("no flash attention", _without_flash)],
        [Candidate(f"batch {size}", partial(replace, n_batch=size)) for size in (256, 128)],
    ]


def _without_copy(request: LoadRequest) -> LoadRequest:
    """Nor one in place of the mapped file."""
    return replace(request, repack=False, use_mmap=True)


def _without_flash(request: LoadRequest) -> LoadRequest:
    """A quantised cache needs it."""
    return replace(request, flash=False) if request.kv_type == "f16" else request


def _places(prepared: Prepared, fit: Fit) -> list[Candidate]:
    """Other ways to share the layers among what there is, those first that should be quickest. What is read
    from the disk again and again is none of them."""
    room = room_of(prepared.report, prepared.whole, ())
    ways = [way for way in candidates(fit.placement.demand, room.machine) if way.runs and not way.streamed]
    ways.sort(key=lambda way: token_time(way, room.machine, TYPICAL_DEPTH).total)
    return [Candidate(_place_name(way), partial(_placed, way)) for way in ways[:_MOST_PLACES]]


def _place_name(way: Placement) -> str:
    away = len(way.experts_away)
    experts = f", experts of {away} of these in main memory" if away else ""
    layers = ", ".join(f"{layers} on {device}" for device, layers in way.devices)
    return f"layers: {layers or 'all in main memory'}{experts}"


def _placed(way: Placement, request: LoadRequest) -> LoadRequest:
    return replace(
        request,
        n_gpu_layers=way.n_gpu_layers,
        devices=devices_of(way),
        experts_away=way.overridden,
        pipelined=way.pipelined,
        use_mmap=way.mapped,
        repack=request.repack and way.repack > 0,
    )


def _difference(found: Found) -> Tuned:
    best, default = found.best, found.default
    placed = (best.devices, best.experts_away) != (default.devices, default.experts_away)
    placed = placed or best.pipelined is not default.pipelined
    return Tuned(
        threads=best.threads if best.threads != default.threads else 0,
        batch=best.n_batch if best.n_batch != default.n_batch else 0,
        kv_type=best.kv_type if best.kv_type != default.kv_type else "",
        flash=best.flash,
        plain=default.repack and not best.repack,
        placed=placed,
        devices=best.devices if placed else (),
        experts_away=best.experts_away if placed else (),
        pipelined=best.pipelined if placed else True,
    )


def _keep(
    paths: Paths, model: InstalledModel, prepared: Prepared, fit: Fit, found: Found, tuned: Tuned
) -> None:
    """What is not better than the plan is not kept, nor what was kept before. Raises: OSError."""
    if tuned == Tuned():
        forget_tuned(paths, model)
        return
    machine = with_threads(prepared.whole, found.best.threads)
    shape = AnswerShape(0, found.best.context_length - _ROOM, 1, 1)
    plain_s = forecast_answer(fit.placement, machine, shape).plain.total
    entry = TunedModel(
        name=Path(model.path).name,
        size_bytes=model.size_bytes,
        machine=key_text(prepared.knowledge.key),
        basis=prepared.knowledge.basis,
        at=time.time(),
        tuned=tuned,
        default_tps=1 / found.default_timing.token_s,
        tuned_tps=1 / found.best_timing.token_s,
        default_prompt_tps=found.default_timing.prompt_tps,
        tuned_prompt_tps=found.best_timing.prompt_tps,
        floor=plain_s / found.default_timing.token_s,
    )
    keep_tuned(paths, entry)
