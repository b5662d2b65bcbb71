"""Keeps the history: every answer, what was expected of it, and the machine while a model is loaded.

All writing is done on a thread of its own. A history that cannot be written is said in the log once,
and costs nothing but itself.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

from engine.catalog.model import InstalledModel
from engine.chat.conversation import AnswerStats
from engine.errors import StoreError
from engine.events import Event, JobId, TelemetrySampled
from engine.paths import Paths
from engine.telemetry.history import KEPT_DAYS, AnswerRecord, DeviceRecord, History, Record, ScoreRecord
from engine.telemetry.minutes import Minutes
from engine.telemetry.sampler import Sampler

log = logging.getLogger(__name__)

_SAMPLE_EVERY_S: Final = 5.0  # a look wakes a sleeping processor, whose caches are cold
_DAY_S: Final = 86_400.0
_FAREWELL_S: Final = 10.0  # a busy disk; nobody waits for a host that ends


class Recorder:
    """Every method may be called from any thread, and returns at once, but for `close`."""

    def __init__(self, paths: Paths, wanted: Callable[[], bool]) -> None:
        """`wanted`: whether the user lets a history be kept."""
        self._path = paths.history
        self._wanted = wanted
        self._records: queue.SimpleQueue[tuple[Record, ...] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._watch: _Watch | None = None
        self._ending: threading.Thread | None = None  # of the last watch that ended
        self._thread = threading.Thread(target=self._write_all, name="history", daemon=True)
        self._thread.start()

    def answered(self, model: InstalledModel, stats: AnswerStats) -> None:
        if self._wanted():
            self._records.put((_record(model, stats, time.time()),))

    def scored(self, scores: tuple[ScoreRecord, ...]) -> None:
        if scores and self._wanted():
            self._records.put(scores)

    def watch(self, pid: int | None) -> None:
        """The worker of a model that is loaded, or None when there is none any more."""
        with self._lock:
            watch = self._watch
            if pid is None:
                self._watch = None
                if watch is not None:  # its thread may be inside a slow driver
                    self._ending = threading.Thread(target=watch.end, name="history-end", daemon=True)
                    self._ending.start()
                return
            if watch is None:
                watch = self._watch = _Watch(self._keep)
            watch.sampler.watch(pid)

    def close(self) -> None:
        """Writes what there is; waits for that, but not for long."""
        with self._lock:
            watch, self._watch = self._watch, None
        if watch is not None:
            watch.end()
        elif self._ending is not None:
            self._ending.join(_FAREWELL_S)
        self._records.put(None)
        self._thread.join(_FAREWELL_S)

    def _keep(self, rows: tuple[DeviceRecord, ...]) -> None:
        if rows and self._wanted():
            self._records.put(rows)

    def _write_all(self) -> None:
        history: History | None = None
        failed = False
        while (records := self._records.get()) is not None:
            try:
                if history is None:
                    history = History(self._path)
                    history.forget_before(time.time() - KEPT_DAYS * _DAY_S)
                history.add(records)
            except StoreError as error:
                if not failed:
                    log.warning("no history is kept: %s", error)
                failed = True
        if history is not None:
            history.close()


class _Watch:
    """The machine, from the load of a first model to the end of the last."""

    def __init__(self, keep: Callable[[tuple[DeviceRecord, ...]], None]) -> None:
        self._keep = keep
        self._minutes = Minutes()
        self.sampler = Sampler(self._sampled, JobId(0), _SAMPLE_EVERY_S)
        self.sampler.start()

    def _sampled(self, event: Event) -> None:
        """On the sampler's thread."""
        if isinstance(event, TelemetrySampled):
            self._keep(self._minutes.add(event.sample, time.time()))

    def end(self) -> None:
        self.sampler.stop()
        self._keep(self._minutes.rows())


def _record(model: InstalledModel, stats: AnswerStats, now: float) -> AnswerRecord:
    return AnswerRecord(
        at=now,
        model=model.name,
        quantization=model.quantization,
        prompt_tokens=stats.prompt_tokens,
        reused_tokens=stats.reused_tokens,
        restored_tokens=stats.restored_tokens,
        evaluated_tokens=stats.evaluated_tokens,
        generated_tokens=stats.generated_tokens,
        reasoning_tokens=stats.reasoning_tokens,
        queue_s=stats.queue_s,
        prompt_s=stats.prompt_s,
        first_token_s=stats.time_to_first_token_s,
        generation_s=stats.generation_s,
        prompt_tps=stats.prompt_tps,
        generation_tps=stats.generation_tps,
        batch_width=stats.batch_width,
    )
