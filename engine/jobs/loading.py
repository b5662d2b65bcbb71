"""A model file -> plan -> load request -> running model."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import psutil

from engine.cancellation import CancelToken
from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.errors import LoadError
from engine.events import Emit, Event, JobId, new_job_id
from engine.hardware.check import quick_report
from engine.hardware.report import HardwareReport
from engine.jobs.checking import last_report
from engine.jobs.runtime_link import RuntimeLink, events_until_end
from engine.paths import Paths
from engine.planning.placement import plan_model, spec_of_file
from engine.planning.plan import KvType, RunPlan, Verdict
from engine.runtime.client import RuntimeClient
from engine.runtime.values import LoadRequest, RuntimeState
from engine.settings import Settings

_POLL_S: Final = 0.05


def plan_file(
    model: InstalledModel, report: HardwareReport, context_length: int = 0, kv_type: KvType | None = None
) -> RunPlan:
    """How that file would run on that machine. Raises: ModelFileError."""
    header = read_file_header(Path(model.path))
    spec, quantization = spec_of_file(
        shape_of(header), model.name, model.size_bytes, weights_of(header), model.quantization
    )
    return plan_model(report, spec, quantization, context_length, kv_type)


def request_of(plan: RunPlan, path: str) -> LoadRequest:
    """The plan's choices in the worker's words."""
    return LoadRequest(
        path=path,
        context_length=plan.context_length,
        threads=plan.threads,
        n_gpu_layers=plan.n_gpu_layers,
        kv_type=plan.kv_type.value,
        experts_on_cpu=plan.experts_on_cpu,
        use_mmap=plan.use_mmap,
        repack=plan.repack,
    )


def machine_now(paths: Paths) -> HardwareReport:
    """The last check, or probes without measuring, with the memory that is free at this moment."""
    report = last_report(paths) or quick_report([paths.models])
    available = min(psutil.virtual_memory().available, report.memory.usable_bytes)
    return replace(report, memory=replace(report.memory, available_bytes=available))


class Loader:
    """Keeps one model loaded. Thread-safe: one load at a time."""

    def __init__(
        self, client: RuntimeClient, link: RuntimeLink, library: Library, paths: Paths, emit: Emit
    ) -> None:
        self._client = client
        self._link = link
        self._library = library
        self._paths = paths
        self._emit = emit
        self._lock = threading.Lock()
        self._chosen: InstalledModel | None = None

    def wanted(self, settings: Settings) -> InstalledModel:
        """The model that answers next: chosen, else used last, else the starter.

        Raises: DesksideError, when there is none.
        """
        if self._chosen is not None:
            return self._chosen
        if settings.last_model and Path(settings.last_model).exists():
            return self._library.local(Path(settings.last_model))
        return self._library.starter()

    def ensure_loaded(self, token: CancelToken, settings: Settings) -> None:
        """Loads the wanted model unless it is running. Raises: LoadError and what `load` raises."""
        with self._alone(token):
            # Asked when no other load runs: that one may have brought the model.
            if self._client.state not in (RuntimeState.READY, RuntimeState.GENERATING):
                self._load(new_job_id(), token, self.wanted(settings), settings)

    def load(self, job: JobId, token: CancelToken, model: InstalledModel, settings: Settings) -> None:
        """Replaces the running model. Raises: ModelFileError, LoadError, Cancelled."""
        with self._alone(token):
            self._load(job, token, model, settings)

    def unload(self, job: JobId, token: CancelToken) -> None:
        """Ends the worker, a load or an answer in it included; returns when it is gone."""
        with self._link.inbox(job) as inbox:
            self._client.unload(job)
            self._follow(job, token, inbox)

    @contextmanager
    def _alone(self, token: CancelToken) -> Iterator[None]:
        """One load at a time. Raises: Cancelled, also while waiting for another load."""
        while not self._lock.acquire(timeout=_POLL_S):
            token.raise_if_cancelled()
        try:
            token.raise_if_cancelled()
            yield
        finally:
            self._lock.release()

    def _load(self, job: JobId, token: CancelToken, model: InstalledModel, settings: Settings) -> None:
        plan = plan_file(model, machine_now(self._paths), settings.context_length)
        if plan.verdict is Verdict.WILL_NOT_RUN:
            raise LoadError(plan.reasons[0])
        # Not before: a file that cannot be planned leaves the running model in use.
        self._chosen = model
        with self._link.inbox(job) as inbox:
            self._client.load(job, request_of(plan, model.path), model)
            self._follow(job, token, inbox)

    def _follow(self, job: JobId, token: CancelToken, inbox: queue.SimpleQueue[Event]) -> None:
        for event in events_until_end(inbox, token, lambda: self._client.cancel(job), LoadError):
            if event is not None:
                self._emit(event)
