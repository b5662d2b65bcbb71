"""A remote backend over a stand-in endpoint, and what it told, with the moments of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import keyring.backend
from keyring.errors import KeyringLocked

from engine.catalog.model import InstalledModel
from engine.events import (
    Event,
    GenerationFinished,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    TokenDelta,
    new_job_id,
)
from engine.messages import Sentence
from engine.remote.address import SOURCE, Place
from engine.remote.backend import RemoteBackend
from engine.remote.call import Patience
from engine.remote.keys import Keys
from engine.runtime.values import GenerationRequest, LoadWish, Sampling, Turn

Kind = TypeVar("Kind", bound=Event)

ENDINGS = (JobFinished, JobFailed, JobCancelled)
WAIT_S = 60.0
USUAL = Patience()
HELLO = (Turn("user", "Hello"),)


class MemoryRing(keyring.backend.KeyringBackend):
    """A keyring that works, in memory."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class LockedRing(MemoryRing):
    """Its owner does not unlock it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.get_password(service, username)

    def delete_password(self, service: str, username: str) -> None:
        self.get_password(service, username)


class WaitingRing(MemoryRing):
    """It asks its owner for a password, who is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.answer = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.set()
        self.answer.wait(WAIT_S)
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.asked.set()
        self.answer.wait(WAIT_S)
        super().set_password(service, username, password)


@dataclass
class Heard:
    """The events of one backend, in order, with the moment of each."""

    events: list[tuple[float, Event]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, event: Event) -> None:
        with self.changed:
            self.events.append((time.monotonic(), event))
            self.changed.notify_all()

    def of(self, job: JobId) -> list[Event]:
        with self.changed:
            return [event for _, event in self.events if event.job == job]

    def until(self, job: JobId, kind: type[Event] | tuple[type[Event], ...]) -> Event:
        """The first event of that kind. Raises: AssertionError, when it does not come."""
        with self.changed:
            found = self.changed.wait_for(lambda: self._first(job, kind), WAIT_S)
        assert found, [type(event).__name__ for event in self.of(job)]
        return found

    def _first(self, job: JobId, kind: type[Event] | tuple[type[Event], ...]) -> Event | None:
        return next((e for _, e in self.events if e.job == job and isinstance(e, kind)), None)


class Bench:
    """Asks, waits for the end, and gives what was heard."""

    def __init__(
        self, patience: Patience = USUAL, ring: keyring.backend.KeyringBackend | None = None
    ) -> None:
        self.heard = Heard()
        self.keys = Keys(ring or MemoryRing())
        self.backend = RemoteBackend(self.heard.take, self.keys, "deskside.log", patience)

    def ask(self, url: str, request: GenerationRequest | None = None, model: str = "m") -> JobId:
        job = new_job_id()
        request = request or GenerationRequest(HELLO, Sampling(), 0)
        self.backend.generate(job, request, LoadWish(remote_model(url, model)))
        return job

    def answer(self, url: str, request: GenerationRequest | None = None) -> Answer:
        job = self.ask(url, request)
        self.heard.until(job, ENDINGS)
        return Answer(self.heard.of(job))

    def load(self, url: str, model: str = "m") -> Answer:
        job = new_job_id()
        self.backend.load(job, LoadWish(remote_model(url, model)))
        self.heard.until(job, ENDINGS)
        return Answer(self.heard.of(job))


@dataclass
class Answer:
    """The events of one job that is over."""

    events: list[Event]

    @property
    def text(self) -> str:
        return "".join(e.text for e in self.events if isinstance(e, TokenDelta) and not e.reasoning)

    @property
    def reasoning(self) -> str:
        return "".join(e.text for e in self.events if isinstance(e, TokenDelta) and e.reasoning)

    @property
    def failure(self) -> Sentence:
        last = self.events[-1]
        assert isinstance(last, JobFailed), last
        return last.message

    @property
    def finished(self) -> GenerationFinished:
        return self.only(GenerationFinished)

    def only(self, kind: type[Kind]) -> Kind:
        (found,) = self.all(kind)
        return found

    def all(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]


def remote_model(url: str, model: str = "m") -> InstalledModel:
    return InstalledModel(Place(url, model).path, model, "", 0, SOURCE, "team")


def wait_for(condition: Callable[[], bool]) -> None:
    """Raises: AssertionError, when it does not come true."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
