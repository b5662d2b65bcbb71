"""What the engine says about itself, asked no more often than needed."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Final

from engine.events import EngineSeen
from engine.runtime.values import EngineStatus
from engine.server.answering import OpenRequests
from engine.server.refusals import RequestError

_LOOK_S: Final = 5.0  # for the engine to answer
_FRESH_S: Final = 1.0  # how long its word is good for, where only the default model hangs on it


class EngineView:
    """Loop only."""

    def __init__(self, open_: OpenRequests) -> None:
        self._open = open_
        self._status: EngineStatus | None = None
        self._asked = -math.inf
        self._asking = asyncio.Lock()

    async def status(self, fresh_s: float = _FRESH_S) -> EngineStatus | None:
        """No older than `fresh_s`. None when the engine does not answer."""
        async with self._asking:
            if time.monotonic() - self._asked >= fresh_s:
                self._status = await self._look()
                self._asked = time.monotonic()
        return self._status

    def forget(self) -> None:
        """What was heard is no longer true: a request is about to load a model by its name."""
        self._asked = -math.inf

    async def _look(self) -> EngineStatus | None:
        try:
            async with asyncio.timeout(_LOOK_S):
                with self._open.jobs() as jobs:
                    jobs.begin([self._open.backend.look])
                    return (await jobs.only(EngineSeen)).status
        except (TimeoutError, RequestError):
            return None
