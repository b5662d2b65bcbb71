"""One measured run of a model beside what was predicted for it, through the real engine.

The run is kept in the history: everything that is predicted for this machine afterwards has learnt from it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.chat.conversation import AnswerStats
from engine.errors import StoreError, WorkerError
from engine.events import Event, GenerationFinished, JobId, new_job_id
from engine.hardware.busy import machine_times, was_busy
from engine.hardware.report import HardwareReport
from engine.host.describing import describe
from engine.host.knowing import load_knowledge
from engine.host.nodes import opened_nodes
from engine.host.scoring import Forecast
from engine.jobs.runtime_link import RuntimeLink, events_until_end
from engine.paths import Paths
from engine.planning.described_machine import with_threads
from engine.planning.hope import hope_of
from engine.planning.layout import demand_of
from engine.planning.machine import machine_of
from engine.planning.placement import fastest, plan_on
from engine.planning.plan import RunPlan
from engine.planning.speed import SpeedQuestion
from engine.runtime.client import RuntimeClient
from engine.runtime.values import DeviceLayers, GenerationRequest, LoadRequest, Sampling
from engine.telemetry.history import History, Quantity, ScoreRecord

log = logging.getLogger(__name__)

WARM_UP_TOKENS = 4
_GREEDY = Sampling(temperature=0, ignore_end=True)
_CLOSE_S = 10.0
_WORD = " so"  # a token of its own in every usual vocabulary


@dataclass(frozen=True, slots=True)
class BenchWish:
    model: InstalledModel
    prompt: int = 512  # tokens, about
    generated: int = 64  # tokens
    threads: int = 0  # 0: as many as a plan gives
    context_length: int = 0  # 0: what the run needs


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one answer, with its weights already in memory."""

    generation_tps: float
    prompt_tps: float
    time_to_first_token_s: float
    load_s: float  # of the worker's load; the file may have been in the system's cache
    memory_peak_bytes: int | None  # resident, of the worker; None where the system does not tell
    prompt_tokens: int
    generated_tokens: int


@dataclass(frozen=True, slots=True)
class BenchResult:
    plan: RunPlan  # what was predicted, for the prompt and depth that were measured
    measured: Measured
    busy: bool  # other programs disturbed it; such a run is not learnt from
    kept: bool


def bench(
    paths: Paths,
    worker_command: Sequence[str],
    report: HardwareReport,
    wish: BenchWish,
    progress: Callable[[str], None],
    token: CancelToken,
) -> BenchResult:
    """With devices of other machines, where the plan takes them. Raises: Cancelled, ModelFileError,
    LoadError, WorkerError."""
    with opened_nodes(paths, report) as whole:
        return _bench(paths, worker_command, whole, wish, progress, token)


def _bench(
    paths: Paths,
    worker_command: Sequence[str],
    report: HardwareReport,
    wish: BenchWish,
    progress: Callable[[str], None],
    token: CancelToken,
) -> BenchResult:
    spec, quantization = describe(wish.model)
    known = load_knowledge(paths, report)
    machine = known.of(machine_of(report))
    if wish.threads:
        machine = with_threads(machine, wish.threads)
    context = wish.context_length or wish.prompt + wish.generated + 256
    first = plan_on(machine, spec, quantization, context)
    before = machine_times()
    stats, measured, spent = _run(paths, worker_command, wish, first, progress, token)
    after = machine_times()
    busy = was_busy(before, replace(after, own_s=after.own_s + spent))
    asked = SpeedQuestion(
        depth=measured.prompt_tokens + measured.generated_tokens // 2, prompt=measured.prompt_tokens
    )
    plan = plan_on(machine, spec, quantization, context, first.kv_type, asked=asked)
    demand = demand_of(spec.shape, quantization, context, first.kv_type)
    placement = fastest(demand, machine, hope_of(spec))
    forecast = Forecast.of(wish.model, placement, machine, known)
    kept = not busy and _keep(paths, forecast.score_answer(stats, quiet=True, now=time.time()))
    return BenchResult(plan, measured, busy, kept)


def _keep(paths: Paths, scores: Sequence[ScoreRecord]) -> bool:
    """Whether something will be learnt from them."""
    try:
        history = History(paths.history)
        try:
            history.add(scores)
        finally:
            history.close()
    except StoreError as error:
        log.warning("the measured run was not kept: %s", error)
        return False
    return any(score.quantity != Quantity.FIRST_TOKEN for score in scores)


def _run(
    paths: Paths,
    worker_command: Sequence[str],
    wish: BenchWish,
    plan: RunPlan,
    progress: Callable[[str], None],
    token: CancelToken,
) -> tuple[AnswerStats, Measured, float]:
    """(the answer's figures, what was measured in all, processor seconds of the worker)."""
    link = RuntimeLink(lambda event: None)  # nobody watches what happens outside our jobs
    client = RuntimeClient(worker_command, link.on_event, paths.log)
    try:
        progress("loading")
        began = time.monotonic()
        load = _load_request(wish, plan)
        _wait(link, client, token, lambda job: client.load(job, load, wish.model))
        load_s = time.monotonic() - began
        progress("measuring")
        _generate(link, client, token, 1, WARM_UP_TOKENS)
        stats = _generate(link, client, token, wish.prompt, wish.generated)
        worker = psutil.Process(client.pid)
        times = worker.cpu_times()
        peak = _peak(worker.pid)
    finally:
        client.close(_CLOSE_S)
    measured = Measured(
        stats.generation_tps,
        stats.prompt_tps,
        stats.time_to_first_token_s,
        load_s,
        peak,
        stats.prompt_tokens,
        stats.generated_tokens,
    )
    return stats, measured, float(times.user + times.system)


def _load_request(wish: BenchWish, plan: RunPlan) -> LoadRequest:
    return LoadRequest(
        path=wish.model.path,
        context_length=plan.context_length,
        threads=plan.threads,
        n_gpu_layers=plan.n_gpu_layers,
        kv_type=plan.kv_type.value,
        experts_away=plan.experts_away,
        use_mmap=plan.use_mmap,
        repack=plan.repack,
        devices=tuple(DeviceLayers(device, layers) for device, layers in plan.devices),
        pipelined=plan.pipelined,
    )


def _generate(
    link: RuntimeLink, client: RuntimeClient, token: CancelToken, prompt: int, tokens: int
) -> AnswerStats:
    request = GenerationRequest((), _GREEDY, tokens, prompt=_WORD * prompt, drafts=False)
    for event in _wait(link, client, token, lambda job: client.generate(job, request)):
        if isinstance(event, GenerationFinished):
            return event.stats
    raise WorkerError.of("answer_without_figures")


def _wait(
    link: RuntimeLink, client: RuntimeClient, token: CancelToken, command: Callable[[JobId], None]
) -> list[Event]:
    """The events of a job, once it has ended. Raises: Cancelled, WorkerError."""
    job = new_job_id()
    with link.inbox(job) as inbox:
        command(job)
        events = events_until_end(inbox, token, lambda: client.cancel(job), WorkerError)
        return [event for event in events if event is not None]


def _peak(pid: int) -> int | None:
    """The largest resident size so far, as Linux keeps it."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return None
    line = next((line for line in text.splitlines() if line.startswith("VmHWM:")), "")
    words = line.split()
    return int(words[1]) * 1024 if len(words) > 1 and words[1].isdecimal() else None
