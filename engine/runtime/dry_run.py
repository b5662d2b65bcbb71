"""Asks llama.cpp what a load would take, in a process that is thrown away.

A file's header and tensor table are enough: its data may be a hole (a header fetched from afar, or one
of the skeletons that come with the program).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import LoadError
from engine.events import new_job_id
from engine.runtime.probing import probe
from engine.runtime.process import PLAN_WORD
from engine.runtime.protocol import Failed, Load, Planned
from engine.runtime.values import LoadRequest, PlannedMemory
from engine.runtime.wire import encode


def dry_run(
    command: Sequence[str], request: LoadRequest, timeout_s: float = 30, log: Path | None = None
) -> PlannedMemory:
    """The memory of that load.

    Raises: LoadError, when llama.cpp refuses it; WorkerError, when the probe cannot start, crashes or
    hangs.
    """
    with probe(command, PLAN_WORD, "dry_run_failed", log) as asked:
        asked.send(encode(Load(new_job_id(), request)))
        answer = asked.receive(timeout_s)
        if isinstance(answer, Failed):
            raise LoadError(answer.message)
        if not isinstance(answer, Planned):
            raise asked.unexpected(answer)
        return answer.memory
