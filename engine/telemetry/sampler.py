"""The sampler: a thread that reads the machine and the worker twice a second and tells it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import psutil

from engine.events import Emit, JobId, TelemetrySampled
from engine.hardware.busy import MachineTimes, machine_times, used_share
from engine.telemetry.sample import GpuSample, TelemetrySample

if TYPE_CHECKING:
    from engine.telemetry.gpu_readings import GpuReadings

log = logging.getLogger(__name__)

OpenReadings: TypeAlias = "Callable[[], list[GpuReadings]]"

# After a failure a probe is left alone for so long: a broken driver can take 100 ms to say no.
_REST_S = 30.0


def _open_readings() -> list[GpuReadings]:
    from engine.telemetry.gpu_readings import (
        open_readings,  # with the drivers' libraries: no start waits for it
    )

    return open_readings()


class Sampler:
    """Emits TelemetrySampled every `interval_s`, from its own thread, between start and stop.

    `watch` may be called at any time and from any thread.
    """

    def __init__(
        self, emit: Emit, job: JobId, interval_s: float = 0.5, open_gpus: OpenReadings = _open_readings
    ) -> None:
        self._emit = emit
        self._job = job
        self._interval_s = interval_s
        self._worker: psutil.Process | None = None
        self._gpus = _Gpus(open_gpus)
        self._times: MachineTimes | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Once; a stopped sampler stays stopped."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """No event is emitted after this returns (waits for at most 2 s, for a driver that hangs)."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(2.0)

    def watch(self, pid: int | None) -> None:
        """The worker whose memory is the model's; None: there is none."""
        try:
            self._worker = None if pid is None else psutil.Process(pid)
        except psutil.Error:
            self._worker = None  # it died between its start and now: the model holds nothing

    def _run(self) -> None:
        self._times = machine_times()
        try:
            while not self._stop.wait(self._interval_s):
                try:
                    sample = self._sample()
                except (psutil.Error, OSError) as error:  # the graphs pause; the next look may succeed
                    log.warning("the machine cannot be read, trying again in %.0f s: %s", _REST_S, error)
                    self._stop.wait(_REST_S)
                    continue
                if not self._stop.is_set():
                    self._emit(TelemetrySampled(self._job, sample))
        finally:
            self._gpus.close()

    def _sample(self) -> TelemetrySample:
        memory = psutil.virtual_memory()
        now = machine_times()
        before, self._times = self._times or now, now
        worker, held = self._read_worker()
        cards, vram = self._gpus.read(worker)
        return TelemetrySample(
            at=time.monotonic(),
            memory_used_bytes=memory.total - memory.available,
            memory_total_bytes=memory.total,
            cpu=used_share(before, now),
            model_memory_bytes=held,
            model_vram_bytes=vram,
            gpus=cards,
        )

    def _read_worker(self) -> tuple[int | None, int]:
        """The worker's process id and resident bytes; None and 0 once it is gone."""
        worker = self._worker
        if worker is None:
            return None, 0
        try:
            # Compares start times too: the number may be another process's by now.
            if worker.is_running():
                return worker.pid, int(worker.memory_info().rss)
        except psutil.Error as error:
            log.debug("the worker cannot be read: %s", error)
        if self._worker is worker:
            self._worker = None
        return None, 0


class _Gpus:
    """The sources of GPU figures, opened when first needed and rested after a failure."""

    def __init__(self, open_gpus: OpenReadings) -> None:
        self._open = open_gpus
        self._sources: list[GpuReadings] | None = None
        self._rests_until = 0.0

    def read(self, pid: int | None) -> tuple[tuple[GpuSample, ...], int]:
        if time.monotonic() < self._rests_until:
            return (), 0
        try:
            if self._sources is None:
                self._sources = self._open()
            readings = [source.read(pid) for source in self._sources]
        except OSError as error:
            log.warning("the graphics card cannot be read, trying again in %.0f s: %s", _REST_S, error)
            self._rests_until = time.monotonic() + _REST_S
            self.close()
            return (), 0
        cards = tuple(card for samples, _ in readings for card in samples)
        return cards, sum(held for _, held in readings)

    def close(self) -> None:
        for source in self._sources or ():
            source.close()
        self._sources = None
