"""Asks a throw-away worker which devices the engine can compute on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import WorkerError
from engine.hardware.report import DeviceFacts
from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.process import DEVICES_WORD, end_worker, open_log, start_worker
from engine.runtime.protocol import Devices, ProbeFailed
from engine.runtime.wire import WireError, decode_from_worker

_PATIENCE_S = 2.0


def list_devices(
    command: Sequence[str], timeout_s: float = 20, log_path: Path | None = None
) -> tuple[DeviceFacts, ...]:
    """The devices as ggml lists them. A broken driver can take down only the probe.

    Raises: WorkerError, when the probe cannot start, crashes or hangs.
    """
    try:
        log = open_log(log_path) if log_path else None
        try:
            process, channel = start_worker(command, log, DEVICES_WORD)
        finally:
            if log:
                log.close()
    except OSError as error:
        raise WorkerError.of("worker_not_started", reason=error.strerror or str(error)) from error
    try:
        return _ask(channel, timeout_s)
    except ChannelClosed as error:
        status = end_worker(process, _PATIENCE_S)
        raise WorkerError.of("probe_failed", reason=f"the probe ended with status {status}") from error
    finally:
        process.kill()
        process.wait()
        channel.close()


def _ask(channel: Channel, timeout_s: float) -> tuple[DeviceFacts, ...]:
    if not channel.wait(timeout_s):
        raise WorkerError.of("probe_failed", reason=f"no answer within {timeout_s:g} seconds")
    try:
        answer = decode_from_worker(channel.receive())
    except WireError as error:
        raise WorkerError.of("probe_failed", reason=str(error)) from error
    if isinstance(answer, ProbeFailed):
        raise WorkerError(answer.message)
    if not isinstance(answer, Devices):
        raise WorkerError.of("probe_failed", reason=f"unexpected {type(answer).__name__}")
    return answer.devices
