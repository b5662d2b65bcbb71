"""Asks a throw-away worker which devices the engine can compute on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import WorkerError
from engine.hardware.report import DeviceFacts
from engine.runtime.probing import probe
from engine.runtime.process import DEVICES_WORD
from engine.runtime.protocol import Devices, ProbeFailed


def list_devices(
    command: Sequence[str], timeout_s: float = 20, log_path: Path | None = None
) -> tuple[DeviceFacts, ...]:
    """The devices as ggml lists them. A broken driver can take down only the probe.

    Raises: WorkerError, when the probe cannot start, crashes or hangs.
    """
    with probe(command, DEVICES_WORD, "probe_failed", log_path) as asked:
        answer = asked.receive(timeout_s)
        if isinstance(answer, ProbeFailed):
            raise WorkerError(answer.message)
        if not isinstance(answer, Devices):
            raise asked.unexpected(answer)
        return answer.devices
