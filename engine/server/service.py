"""The API from its start to its orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Final

import uvicorn

from engine.server.app import Api
from engine.server.connection import Connection
from engine.server.listening import BACKLOG, Listening

SETTLE_S: Final = 3.0  # for running answers, at the end
_LARGEST_HEAD: Final = 32 * 1024  # bytes: the head of a request
_KEEP_ALIVE_S: Final = 15


class Service:
    """uvicorn over an Api. Used on the loop."""

    def __init__(self, api: Api, listening: Listening, connection: type[Connection] = Connection) -> None:
        # Its warnings tell of other people's mistakes, one a request.
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        self._api = api
        self._listening = listening
        self._server = _Server(
            uvicorn.Config(
                api.app,
                http=connection,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=1,
                h11_max_incomplete_event_size=_LARGEST_HEAD,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Returns once connections are taken."""
        self._task = asyncio.create_task(self._server.serve(list(self._listening.sockets)))
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.005)

    async def ended(self) -> None:
        """Waits for an end that nobody asked for. Raises: what ended it."""
        assert self._task is not None
        await self._task

    async def stop(self) -> None:
        """Refuses what is new, gives what runs a moment, tells the rest, then closes."""
        assert self._task is not None
        self._api.closing = True
        await self._api.requests.settle(SETTLE_S)
        self._server.leave()
        await self._task


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """uvicorn's looks ten times a second whether to end; all it has to do meanwhile is to set
        the date, in its every tenth tick."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), 1)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the command line's business."""
        yield
