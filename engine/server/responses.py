"""Responses that follow an answer as it is written, and notice when its client hangs up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from engine.events import Event, GenerationFinished, JobId, PromptProgressed, TokenDelta, ToolCalled
from engine.server.answering import ClientGone, Jobs, Numbered, OpenRequests
from engine.server.refusals import RETRY_AFTER_S, RequestError, error_object, json_bytes
from engine.server.replies import SSE_ALIVE, SSE_END, Choice, Reply, sse
from engine.server.room import Claim

log = logging.getLogger(__name__)

KEEP_ALIVE_S: Final = 10.0  # between signs of life in a stream, while the prompt is read say
Start = Callable[[JobId], None]  # gives a command of the backend its job


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of the engine for one request."""

    starts: Sequence[Start]  # a job each
    claim: Claim
    one_call: bool = False  # at most one call of a tool


class Json(Response):
    media_type = "application/json"

    def __init__(self, value: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__(json_bytes(value), status, headers)


def refusal(error: RequestError, headers: dict[str, str] | None = None) -> Json:
    """An error before anything else was said."""
    headers = dict(headers or {})
    if error.status in (429, 503):
        headers["retry-after"] = str(RETRY_AFTER_S)
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status in (408, 413):
        headers["connection"] = "close"  # the rest of the request is not waited for
    return Json(error_object(error), error.status, headers)


@asynccontextmanager
async def hang_up_noticed(receive: Receive, jobs: Jobs) -> AsyncIterator[None]:
    """While inside, a client that hangs up ends the jobs. The request's body must have been read."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        jobs.leave()

    watcher = asyncio.create_task(watch())
    try:
        yield
    finally:
        watcher.cancel()


class WholeAnswer(Response):
    """Waits for all answers to a request, then sends them at once."""

    def __init__(self, open_: OpenRequests, ask: Ask, reply: Reply) -> None:
        self._open = open_
        self._ask = ask
        self._reply = reply
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        choices = [Choice() for _ in self._ask.starts]
        try:
            with self._open.jobs(self._ask.one_call, self._ask.claim) as jobs:
                jobs.begin(self._ask.starts)
                async with hang_up_noticed(receive, jobs):
                    while (batch := await jobs.next()) is not None:
                        for number, event in batch:
                            choices[number].take(event)
                response: Response = Json(self._reply.whole(choices))
        except ClientGone:
            return
        except RequestError as error:
            response = refusal(error)
        await response(scope, receive, send)


class StreamedAnswer(Response):
    """Server-sent events. The status waits for the engine to take the request on, so that what is
    refused at once is refused with a status of its own; a later failure is an event."""

    def __init__(self, open_: OpenRequests, ask: Ask, reply: Reply) -> None:
        self._open = open_
        self._ask = ask
        self._reply = reply
        self._choices = [Choice() for _ in ask.starts]
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._open.jobs(self._ask.one_call, self._ask.claim) as jobs:
                await self._follow(jobs, scope, receive, send)
        except RequestError as error:  # there was no room for it
            await refusal(error)(scope, receive, send)

    async def _follow(self, jobs: Jobs, scope: Scope, receive: Receive, send: Send) -> None:
        jobs.begin(self._ask.starts)
        timer = asyncio.create_task(_pulse(jobs))
        try:
            async with hang_up_noticed(receive, jobs):
                await self._answer(jobs, scope, receive, send)
        except ClientGone:
            log.debug("a client hung up before its answer ended")
        finally:
            timer.cancel()

    async def _answer(self, jobs: Jobs, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            first = await _until_taken_on(jobs)
        except RequestError as error:
            await refusal(error)(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS})
        try:
            batch: list[Numbered] | None = first
            while batch is not None:
                written = self._written(batch)
                if written:
                    await send({"type": "http.response.body", "body": written, "more_body": True})
                batch = await jobs.next()
            # Only the figures of finished answers are complete.
            end = self._reply.last([choice.stats for choice in self._choices]) + SSE_END
        except RequestError as error:
            end = sse(error_object(error))
        await send({"type": "http.response.body", "body": end, "more_body": False})

    def _written(self, batch: Sequence[Numbered]) -> bytes:
        """What to send for a batch: a comment for an empty one, a sign of life."""
        if not batch:
            return SSE_ALIVE
        by_choice: dict[int, list[Event]] = {}
        for number, event in batch:
            by_choice.setdefault(number, []).append(event)
            if isinstance(event, GenerationFinished):
                self._choices[number].finished = event
        return b"".join(self._reply.chunks(number, events) for number, events in by_choice.items())


_STREAM_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # proxies are to pass on every chunk
]


async def _until_taken_on(jobs: Jobs) -> list[Numbered]:
    """The first events that say that the answer will come; [] when the queue keeps it waiting for
    so long that the client needs a sign of life. Raises: RequestError, ClientGone."""
    gathered: list[Numbered] = []
    while True:
        batch = await jobs.next()
        if not batch:
            return gathered
        gathered += batch
        if any(_is_work(event) for _, event in batch):
            return gathered


def _is_work(event: Event) -> bool:
    return isinstance(event, PromptProgressed | TokenDelta | ToolCalled | GenerationFinished)


async def _pulse(jobs: Jobs) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE_S)
        jobs.pulse()
