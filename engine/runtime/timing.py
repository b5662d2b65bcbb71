"""Asks a throw-away worker how fast models compute on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.errors import LoadError, WorkerError
from engine.events import new_job_id
from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.process import TIME_WORD, end_worker, open_log, start_worker
from engine.runtime.protocol import Failed, Load, Timed
from engine.runtime.values import LoadRequest, Timing
from engine.runtime.wire import WireError, decode_from_worker, encode

_PATIENCE_S = 2.0


@contextmanager
def timer(command: Sequence[str], log: Path | None = None) -> Iterator[Timer]:
    """A probe that times one model after the other. Raises: WorkerError, when it cannot start."""
    try:
        output = open_log(log) if log else None
        try:
            process, channel = start_worker(command, output, TIME_WORD)
        finally:
            if output:
                output.close()
    except OSError as error:
        raise WorkerError.of("worker_not_started", reason=error.strerror or str(error)) from error
    try:
        yield Timer(process, channel)
    finally:
        process.kill()
        process.wait()
        channel.close()


@dataclass(frozen=True, slots=True)
class Timer:
    process: subprocess.Popen[bytes]
    channel: Channel

    def process_time(self) -> float:
        """Seconds of processor time that the probe has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def time(self, request: LoadRequest, timeout_s: float = 20) -> tuple[Timing, ...]:
        """Raises: LoadError, when llama.cpp refuses the model; WorkerError, when the probe crashes or
        hangs."""
        try:
            return self._ask(request, timeout_s)
        except ChannelClosed as error:
            status = end_worker(self.process, _PATIENCE_S)
            raise WorkerError.of(
                "calibration_failed", reason=f"the probe ended with status {status}"
            ) from error

    def _ask(self, request: LoadRequest, timeout_s: float) -> tuple[Timing, ...]:
        self.channel.send(encode(Load(new_job_id(), request)))
        if not self.channel.wait(timeout_s):
            raise WorkerError.of("calibration_failed", reason=f"no answer within {timeout_s:g} seconds")
        try:
            answer = decode_from_worker(self.channel.receive())
        except WireError as error:
            raise WorkerError.of("calibration_failed", reason=str(error)) from error
        if isinstance(answer, Timed):
            return answer.timings
        if isinstance(answer, Failed):
            raise LoadError(answer.message)
        raise WorkerError.of("calibration_failed", reason=f"unexpected {type(answer).__name__}")
