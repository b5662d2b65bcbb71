"""What the engine tells about itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import asdict

from engine.host.protocol import VERSION
from engine.host.resident import Resident
from engine.runtime.values import EngineStatus, LoadRequest, RunningModel


def engine_status(residents: Iterable[Resident], clients: int, began: float) -> EngineStatus:
    """`began` is of time.monotonic()."""
    now = time.monotonic()
    return EngineStatus(
        pid=os.getpid(),
        version=VERSION,
        clients=clients,
        uptime_s=now - began,
        models=tuple(_model(resident, now) for resident in residents),
    )


def _model(resident: Resident, now: float) -> RunningModel:
    at_once = resident.request.n_sequences if resident.request else 1
    answering = min(len(resident.answers), at_once)
    wish = resident.wish
    return RunningModel(
        model=wish.model,
        state=resident.state,
        facts=resident.facts,
        request=resident.request or LoadRequest(wish.model.path, wish.context_length, threads=1),
        answering=answering,
        waiting=len(resident.answers) - answering + len(resident.waiting),
        crashes=resident.crashes.total,
        idle_s=0.0 if resident.answers or not resident.last_used else now - resident.last_used,
        **asdict(resident.counters),
    )
