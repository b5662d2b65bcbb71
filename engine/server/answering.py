"""The jobs behind one request: begun, followed together, cancelled together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeVar

from engine.events import (
    Event,
    GenerationFinished,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    Noticed,
    ToolCalled,
    new_job_id,
)
from engine.messages import Sentence
from engine.runtime.backend import Backend
from engine.runtime.values import StopReason
from engine.server.bridge import EventBridge, Mailbox
from engine.server.refusals import RequestError, engine_refusal
from engine.server.room import Claim, Room

_E = TypeVar("_E", bound=Event)
Numbered = tuple[int, Event]  # which of the request's jobs, and what happened to it


class ClientGone(Exception):
    """The client hung up; there is nobody left to tell anything."""


@dataclass(slots=True)
class _Job:
    number: int
    over: bool = False
    calls: int = 0  # of tools
    enough: bool = False  # cancelled by us, because it had called the one tool it may


class Jobs:
    """One request's jobs. Made and used on the loop.

    `next` raises what ends all of them: RequestError with the engine's sentence, or ClientGone.
    """

    def __init__(self, backend: Backend, bridge: EventBridge, one_call: bool = False) -> None:
        self._backend = backend
        self._bridge = bridge
        self._one_call = one_call
        self._box = Mailbox(lambda: self.refuse(RequestError.answered(503, "api_client_slow")))
        self._jobs: dict[JobId, _Job] = {}
        self._end: Exception | None = None

    def begin(self, starts: Sequence[Callable[[JobId], None]]) -> None:
        """Gives each command of the backend a job of its own, in order."""
        for number, start in enumerate(starts):
            job = new_job_id()
            self._jobs[job] = _Job(number)
            self._bridge.open(job, self._box)
            start(job)

    @property
    def running(self) -> bool:
        return any(not job.over for job in self._jobs.values())

    async def next(self) -> list[Numbered] | None:
        """What happened since, endings left out; perhaps nothing. None once all are over."""
        if self._end is None and self.running:
            await self._box.wait()
        numbered = [pair for event in self._box.take() for pair in self._understand(event)]
        if numbered:
            return numbered
        if self._end is not None:
            raise self._end
        return [] if self.running else None

    async def only(self, kind: type[_E], warnings: list[Sentence] | None = None) -> _E:
        """The event of that kind that the jobs bring, once all are over. What the engine notices on
        the way goes to `warnings`."""
        found: _E | None = None
        while (batch := await self.next()) is not None:
            if warnings is not None:
                warnings += [event.message for _, event in batch if isinstance(event, Noticed)]
            found = next((event for _, event in batch if isinstance(event, kind)), found)
        if found is None:
            raise RequestError.answered(500, "answer_without_figures")
        return found

    def pulse(self) -> None:
        """Lets a `next` that waits return with nothing."""
        if self._box.waiting:
            self._box.wake()

    def leave(self) -> None:
        """The client has hung up."""
        self._stop(ClientGone())

    def refuse(self, error: RequestError) -> None:
        """Ends the request in the middle; `next` raises it once what has come is taken."""
        self._stop(error)

    def close(self) -> None:
        """Whatever is still running is cancelled; nothing more is heard of it."""
        for job, state in self._jobs.items():
            self._bridge.close(job)
            if not state.over:
                self._backend.cancel(job)
        self._jobs.clear()

    def _stop(self, reason: Exception) -> None:
        if self._end is not None:
            return
        self._end = reason
        for job, state in self._jobs.items():
            if not state.over:
                self._backend.cancel(job)
        self._box.wake()

    def _understand(self, event: Event) -> Iterator[Numbered]:
        job = self._jobs.get(event.job)
        if job is None or job.over:
            return
        match event:
            case JobFinished():
                job.over = True
            case JobFailed(message=message):
                job.over = True
                self._end = self._end or engine_refusal(message)
            case JobCancelled():
                job.over = True
                if not job.enough:  # by somebody else: the model was unloaded, say
                    self._end = self._end or RequestError.answered(503, "api_cancelled")
            case ToolCalled() if self._one_call:
                yield from self._first_call(job, event)
            case GenerationFinished() if job.enough:
                yield job.number, replace(event, reason=StopReason.TOOL_CALLS)
            case _:
                yield job.number, event

    def _first_call(self, job: _Job, event: ToolCalled) -> Iterator[Numbered]:
        """The model may call several at once, and the client wants one."""
        job.calls += 1
        if job.calls == 1:
            job.enough = True
            self._backend.cancel(event.job)
            yield job.number, event


class OpenRequests:
    """The requests that are being answered, so that an orderly end can tell them. Loop only."""

    def __init__(self, backend: Backend, bridge: EventBridge) -> None:
        self.backend = backend
        self._bridge = bridge
        self._open: set[Jobs] = set()
        self._ended = asyncio.Event()
        self._room = Room()

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def jobs(self, one_call: bool = False, claim: Claim | None = None) -> Iterator[Jobs]:
        """`claim`: what they take of the engine. Raises: RequestError, when there is no room for it."""
        with self._room.taken(claim) if claim else nullcontext():
            jobs = Jobs(self.backend, self._bridge, one_call)
            self._open.add(jobs)
            try:
                yield jobs
            finally:
                jobs.close()
                self._open.discard(jobs)
                self._ended.set()

    async def settle(self, seconds: float) -> None:
        """Gives what runs that time to end by itself, then ends it with a sentence."""
        try:
            async with asyncio.timeout(seconds):
                while self._open:
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError:
            for jobs in self._open:
                jobs.refuse(RequestError.answered(503, "api_closing"))
