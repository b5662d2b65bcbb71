"""Our side: the same questions through a path that ends at a client in this process."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import psutil

from engine import events
from engine.chat.conversation import AnswerStats
from engine.events import Event, JobId, new_job_id
from engine.hardware.check import quick_report
from engine.hardware.report_json import save_report
from engine.host.client import HostClient, HostOptions
from engine.host.surroundings import report_path
from engine.paths import Paths
from engine.runtime.client import RuntimeClient
from engine.runtime.values import EngineStatus, GenerationRequest, Sampling
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


class _Answers:
    """The answers under way, by their jobs; fed with every event of a client."""

    def __init__(self) -> None:
        self._open: dict[JobId, Answer] = {}
        self.pids: tuple[int, ...] = (os.getpid(),)

    def begin(self) -> Answer:
        answer = Answer(new_job_id(), Mark.now(self.pids))
        self._open[answer.job] = answer
        return answer

    def done(self, command: Callable[[JobId], None]) -> None:
        """Gives a command that is no answer, and waits until it is done."""
        answer = self.begin()
        command(answer.job)
        if not answer.over.wait(_PATIENCE_S) or answer.failure:
            raise RuntimeError(answer.failure or "no end")

    def take(self, event: Event) -> None:
        """On a thread of the client's."""
        answer = self._open.get(event.job)
        if answer is None:
            return
        answer.last_event_s = time.monotonic()
        match event:
            case events.TokenDelta(text=text, tokens=tokens):
                if answer.first is None:  # the clocks are read for that one only: it costs a piece's time
                    answer.first, answer.first_tokens = Mark.now(self.pids), tokens
                    answer.begun.set()
                answer.pieces.append(text)
            case events.GenerationFinished(stats=stats):
                answer.stats = stats
            case events.JobFinished() | events.JobCancelled() | events.JobFailed():
                answer.failure = event.message.code if isinstance(event, events.JobFailed) else ""
                answer.end = Mark.now(self.pids)
                answer.over.set()
                del self._open[answer.job]


class WorkerPath:
    """RuntimeClient and its worker."""

    def __init__(
        self, folder: Path, settings: Settings, command: tuple[str, ...] = WORKER, parked: bool = False
    ) -> None:
        self._answers = _Answers()
        self._client = RuntimeClient(command, self._answers.take, folder / "worker.log")
        request = settings.load_request(str(folder / "parked") if parked else "")
        self._answers.done(lambda job: self._client.load(job, request, settings.installed()))
        assert self._client.pid is not None
        self.pids = self._answers.pids = (self._client.pid, os.getpid())

    def answer(self, ask: Ask) -> Reply:
        return waited(self.begin(ask))

    def begin(self, ask: Ask) -> Answer:
        answer = self._answers.begin()
        self._client.generate(answer.job, request_of(ask))
        return answer

    def cancel(self, answer: Answer) -> None:
        self._client.cancel(answer.job)

    def close(self) -> None:
        self._answers.pids = (os.getpid(),)  # the worker ends before its last event is read
        self._answers.done(self._client.unload)
        self._client.close(10)


class HostPath:
    """What every front end goes through: HostClient, the engine's host, its worker."""

    def __init__(
        self, folder: Path, settings: Settings, command: tuple[str, ...] = WORKER, parked: bool = False
    ) -> None:
        paths = Paths(folder / "data", folder / "config", folder / "state")
        _one_machine_for_all(paths, settings.threads)
        self._answers = _Answers()
        self._wish = settings.wish()
        options = HostOptions(linger_s=2, keep_loaded_s=3600, park_bytes=2**32 if parked else 0)
        self._client = HostClient(command, self._take, paths, options)
        self._status: EngineStatus | None = None
        self._answers.done(lambda job: self._client.load(job, self._wish))
        self._answers.done(self._client.look)
        assert self._status and self._status.models[0].facts
        self._host = psutil.Process(self._status.pid)
        self.pids = self._answers.pids = (self._status.models[0].facts.pid, self._status.pid, os.getpid())

    def answer(self, ask: Ask) -> Reply:
        return waited(self.begin(ask))

    def begin(self, ask: Ask) -> Answer:
        answer = self._answers.begin()
        self._client.generate(answer.job, request_of(ask), self._wish)
        return answer

    def cancel(self, answer: Answer) -> None:
        self._client.cancel(answer.job)

    def close(self) -> None:
        self._answers.pids = (os.getpid(),)
        self._client.close(10)
        self._host.wait(60)  # it parks what is idle

    def _take(self, event: Event) -> None:
        if isinstance(event, events.EngineSeen):
            self._status = event.status
        self._answers.take(event)


def _one_machine_for_all(paths: Paths, threads: int) -> None:
    """The host takes its number of threads from the report of a check: here one that names them."""
    report = quick_report([paths.models])
    cpu = replace(report.cpu, physical_cores=threads, performance_cores=threads, usable_cores=float(threads))
    save_report(report_path(paths), replace(report, cpu=cpu))


def request_of(ask: Ask) -> GenerationRequest:
    return GenerationRequest(ask.turns, _GREEDY, ask.max_tokens, conversation=ask.conversation, drafts=False)


def waited(answer: Answer) -> Reply:
    if not answer.over.wait(_PATIENCE_S):
        raise RuntimeError("no answer")
    return answer.reply()


PATHS: dict[str, Callable[..., OurPath]] = {"host": HostPath, "worker": WorkerPath}
