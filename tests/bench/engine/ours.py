"""Our side: the same questions through a path that ends at a client in this process."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine import events
from engine.catalog.model import InstalledModel
from engine.chat.conversation import AnswerStats
from engine.events import Event, JobId, new_job_id
from engine.runtime.client import RuntimeClient
from engine.runtime.values import GenerationRequest, Sampling
from tests.bench.engine.asking import Ask, Reply
from tests.bench.engine.build import ROOT
from tests.bench.engine.clock import Mark
from tests.bench.engine.settings import Settings

_PATIENCE_S = 600.0
_GREEDY = Sampling(temperature=0, ignore_end=True)
WORKER = (sys.executable, str(ROOT / "tests" / "worker_entry.py"))


class OurPath(Protocol):
    """One way from a client to the model. `pids` are all processes that work for it, this one included."""

    pids: tuple[int, ...]

    def answer(self, ask: Ask) -> Reply: ...

    def begin(self, ask: Ask) -> Answer: ...

    def cancel(self, answer: Answer) -> None: ...

    def close(self) -> None:
        """As a user ends the program: whatever is parked at the end is parked."""


@dataclass(slots=True)
class Answer:
    """One answer while its events come in."""

    job: JobId
    asked: Mark
    first: Mark | None = None
    end: Mark | None = None
    last_event_s: float = 0.0  # monotonic
    first_tokens: int = 0
    pieces: list[str] = field(default_factory=list)
    stats: AnswerStats | None = None
    failure: str = ""
    begun: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def reply(self) -> Reply:
        """Once it is over. Raises: RuntimeError, when it failed."""
        if self.failure or self.end is None or self.stats is None:
            raise RuntimeError(self.failure or "an answer without statistics")
        stats = self.stats
        return Reply(
            self.asked,
            self.first or self.end,
            self.end,
            self.first_tokens,
            stats.generated_tokens,
            stats.prompt_tokens,
            stats.reused_tokens,
            "".join(self.pieces),
        )


class WorkerPath:
    """RuntimeClient and its worker."""

    def __init__(
        self, folder: Path, settings: Settings, command: tuple[str, ...] = WORKER, parked: bool = False
    ) -> None:
        self.pids: tuple[int, ...] = (os.getpid(),)
        self._answers: dict[JobId, Answer] = {}
        self._client = RuntimeClient(command, self._take, folder / "worker.log")
        request = settings.load_request(str(folder / "parked") if parked else "")
        path = settings.model.path
        model = InstalledModel(str(path), path.stem, "", path.stat().st_size, "bench")
        self._done(lambda job: self._client.load(job, request, model))
        assert self._client.pid is not None
        self.pids = (self._client.pid, os.getpid())

    def answer(self, ask: Ask) -> Reply:
        answer = self.begin(ask)
        if not answer.over.wait(_PATIENCE_S):
            raise RuntimeError("no answer")
        return answer.reply()

    def begin(self, ask: Ask) -> Answer:
        request = GenerationRequest(ask.turns, _GREEDY, ask.max_tokens, conversation=ask.conversation)
        answer = Answer(new_job_id(), Mark.now(self.pids))
        self._answers[answer.job] = answer
        self._client.generate(answer.job, request)
        return answer

    def cancel(self, answer: Answer) -> None:
        self._client.cancel(answer.job)

    def close(self) -> None:
        self.pids = (os.getpid(),)  # the worker ends before its last event is read
        self._done(self._client.unload)
        self._client.close(10)

    def _done(self, command: Callable[[JobId], None]) -> None:
        """Gives a command that is no answer, and waits until it is done."""
        answer = Answer(new_job_id(), Mark.now(self.pids))
        self._answers[answer.job] = answer
        command(answer.job)
        if not answer.over.wait(_PATIENCE_S) or answer.failure:
            raise RuntimeError(answer.failure or "no end")

    def _take(self, event: Event) -> None:
        """On the runtime's own thread."""
        answer = self._answers.get(event.job)
        if answer is None:
            return
        now = Mark.now(self.pids)
        answer.last_event_s = now.wall_s
        match event:
            case events.TokenDelta(text=text, tokens=tokens):
                if answer.first is None:
                    answer.first, answer.first_tokens = now, tokens
                    answer.begun.set()
                answer.pieces.append(text)
            case events.GenerationFinished(stats=stats):
                answer.stats = stats
            case events.JobFinished() | events.JobCancelled() | events.JobFailed():
                answer.failure = event.message.code if isinstance(event, events.JobFailed) else ""
                answer.end = now
                answer.over.set()


PATHS: dict[str, Callable[..., OurPath]] = {"worker": WorkerPath}
