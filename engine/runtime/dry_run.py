"""Asks llama.cpp what a load would take, in a process that is thrown away.

A file's header and tensor table are enough: its data may be a hole (a header fetched from afar, or one
of the skeletons that come with the program).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import LoadError, WorkerError
from engine.events import new_job_id
from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.process import PLAN_WORD, end_worker, open_log, start_worker
from engine.runtime.protocol import Failed, Load, Planned
from engine.runtime.values import LoadRequest, PlannedMemory
from engine.runtime.wire import WireError, decode_from_worker, encode

_PATIENCE_S = 2.0


def dry_run(
    command: Sequence[str], request: LoadRequest, timeout_s: float = 30, log: Path | None = None
) -> PlannedMemory:
    """The memory of that load.

    Raises: LoadError, when llama.cpp refuses it; WorkerError, when the probe cannot start, crashes or
    hangs.
    """
    try:
        output = open_log(log) if log else None
        try:
            process, channel = start_worker(command, output, PLAN_WORD)
        finally:
            if output:
                output.close()
    except OSError as error:
        raise WorkerError.of("worker_not_started", reason=error.strerror or str(error)) from error
    try:
        return _ask(channel, request, timeout_s)
    except ChannelClosed as error:
        status = end_worker(process, _PATIENCE_S)
        raise WorkerError.of("dry_run_failed", reason=f"the probe ended with status {status}") from error
    finally:
        process.kill()
        process.wait()
        channel.close()


def _ask(channel: Channel, request: LoadRequest, timeout_s: float) -> PlannedMemory:
    channel.send(encode(Load(new_job_id(), request)))
    if not channel.wait(timeout_s):
        raise WorkerError.of("dry_run_failed", reason=f"no answer within {timeout_s:g} seconds")
    try:
        answer = decode_from_worker(channel.receive())
    except WireError as error:
        raise WorkerError.of("dry_run_failed", reason=str(error)) from error
    if isinstance(answer, Planned):
        return answer.memory
    if isinstance(answer, Failed):
        raise LoadError(answer.message)
    raise WorkerError.of("dry_run_failed", reason=f"unexpected {type(answer).__name__}")
