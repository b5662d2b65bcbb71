"""A bench for tests of the engine's host: real hosts, workers and sockets in throw-away folders."""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil

from engine import events
from engine.events import Event, JobId, new_job_id
from engine.host.client import HostClient, HostOptions
from engine.paths import Paths
from engine.runtime.values import EngineStatus, GenerationRequest, LoadWish
from tests.service.runtime_bench import COMMAND, PATIENCE_S, installed, starter

QUICK = HostOptions(linger_s=0.3, keep_loaded_s=60, park_bytes=0)
_E = TypeVar("_E", bound=Event)


def paths_in(folder: Path) -> Paths:
    return Paths(folder / "data", folder / "config", folder / "state")


def wish_for(path: Path | None = None, context_length: int = 1024, **wanted: object) -> LoadWish:
    return LoadWish(installed(path or starter()), context_length, **wanted)  # type: ignore[arg-type]


class Guest:
    """A client that remembers every event."""

    def __init__(
        self, paths: Paths, options: HostOptions = QUICK, command: tuple[str, ...] = COMMAND
    ) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self.client = HostClient(command, self._take, paths, options)

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
        ends = (events.JobFinished, events.JobFailed, events.JobCancelled)
        self.wait_until(lambda: any(isinstance(event, ends) and event.job == job for event in self.events))
        return next(event for event in self.events if isinstance(event, ends) and event.job == job)

    def load(self, wish: LoadWish | None = None) -> JobId:
        job = new_job_id()
        self.client.load(job, wish or wish_for())
        return job

    def loaded(self, wish: LoadWish | None = None) -> events.ModelLoaded:
        job = self.load(wish)
        ending = self.ending(job)
        assert isinstance(ending, events.JobFinished), ending
        return self.of(job, events.ModelLoaded)[-1]

    def ask(self, request: GenerationRequest, wish: LoadWish | None = None) -> JobId:
        job = new_job_id()
        self.client.generate(job, request, wish or wish_for())
        return job

    def text(self, job: JobId) -> str:
        return "".join(delta.text for delta in self.of(job, events.TokenDelta))

    def look(self) -> EngineStatus:
        job = new_job_id()
        self.client.look(job)
        return self.first(job, events.EngineSeen).status

    def notices(self) -> list[str]:
        """Codes of all that was noticed."""
        return [event.message.code for event in list(self.events) if isinstance(event, events.Noticed)]


@contextlib.contextmanager
def engine_room(folder: Path | None = None) -> Iterator[Paths]:
    """Folders of one engine, with a short path unless told otherwise (sockets want one). Whatever
    the test did, no process of it is left behind."""
    with tempfile.TemporaryDirectory(prefix="d", ignore_cleanup_errors=True) as short:
        paths = paths_in(folder or Path(short))
        try:
            yield paths
        finally:
            for process in processes_of(paths):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()


def processes_of(paths: Paths) -> list[psutil.Process]:
    """Hosts of those folders and their workers."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if str(paths.state) in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            with contextlib.suppress(psutil.NoSuchProcess):
                found += [process, *process.children(recursive=True)]
    return found
