"""Asks a throw-away worker how fast models compute on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.errors import LoadError
from engine.events import new_job_id
from engine.runtime.probing import Probe, probe
from engine.runtime.process import TIME_WORD, TRY_WORD
from engine.runtime.protocol import Failed, Load, Timed
from engine.runtime.values import LoadRequest, Timing
from engine.runtime.wire import encode


@contextmanager
def timer(command: Sequence[str], log: Path | None = None) -> Iterator[Timer]:
    """A probe that times one model after the other. Raises: WorkerError, when it cannot start."""
    with probe(command, TIME_WORD, "calibration_failed", log) as asked:
        yield Timer(asked)


@contextmanager
def trials(command: Sequence[str], log: Path | None = None) -> Iterator[Timer]:
    """A probe that keeps its model from one load to the next where they differ in other things only. Raises:
    WorkerError, when it cannot start."""
    with probe(command, TRY_WORD, "tuning_failed", log) as asked:
        yield Timer(asked)


@dataclass(frozen=True, slots=True)
class Timer:
    probe: Probe

    def process_time(self) -> float:
        """Seconds of processor time that the probe has used."""
        times = psutil.Process(self.probe.pid).cpu_times()
        return float(times.user + times.system)

    def time(self, request: LoadRequest, timeout_s: float = 60) -> tuple[Timing, ...]:
        """Raises: LoadError, when llama.cpp refuses the model; WorkerError, when the probe crashes or
        hangs."""
        self.probe.send(encode(Load(new_job_id(), request)))
        answer = self.probe.receive(timeout_s)
        if isinstance(answer, Failed):
            raise LoadError(answer.message)
        if not isinstance(answer, Timed):
            raise self.probe.unexpected(answer)
        return answer.timings
