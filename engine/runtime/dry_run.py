"""Asks llama.cpp what a load would take, in a process that is thrown away.

A file's header and tensor table are enough: its data may be a hole (a header fetched from afar, or one
of the skeletons that come with the program).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.errors import LoadError, WorkerError
from engine.events import new_job_id
from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.process import PLAN_WORD, end_worker, open_log, start_worker
from engine.runtime.protocol import Failed, Load, Planned, ProbeFailed
from engine.runtime.values import LoadRequest, PlannedMemory
from engine.runtime.wire import WireError, decode_from_worker, encode

_PATIENCE_S = 2.0


def dry_run(
    command: Sequence[str], requests: Iterable[LoadRequest], timeout_s: float = 30, log: Path | None = None
) -> tuple[PlannedMemory, ...]:
    """The memory of each load, in their order. `timeout_s` is for each.

    Raises: LoadError, ModelFileError's sentence included, for the first load that llama.cpp refuses;
    WorkerError, when the probe cannot start, crashes or hangs.
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
        return tuple(_plan(channel, request, timeout_s) for request in requests)
    except ChannelClosed as error:
        status = end_worker(process, _PATIENCE_S)
        raise WorkerError.of("probe_failed", reason=f"the probe ended with status {status}") from error
    finally:
        process.kill()
        process.wait()
        channel.close()


def _plan(channel: Channel, request: LoadRequest, timeout_s: float) -> PlannedMemory:
    job = new_job_id()
    channel.send(encode(Load(job, request)))
    if not channel.wait(timeout_s):
        raise WorkerError.of("probe_failed", reason=f"no answer within {timeout_s:g} seconds")
    try:
        answer = decode_from_worker(channel.receive())
    except WireError as error:
        raise WorkerError.of("probe_failed", reason=str(error)) from error
    if isinstance(answer, Planned) and answer.job == job:
        return answer.memory
    if isinstance(answer, ProbeFailed):
        raise WorkerError(answer.message)
    if isinstance(answer, Failed):
        raise LoadError(answer.message)
    raise WorkerError.of("probe_failed", reason=f"unexpected {type(answer).__name__}")
