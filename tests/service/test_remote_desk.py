"""Endpoints elsewhere through the desk: added, changed, removed, and what answers after each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

from engine.chat.conversation import ChatMessage, MessageState
from engine.events import (
    Event,
    JobFailed,
    JobFinished,
    JobId,
    MessageChanged,
    ModelLoaded,
    ModelsListed,
    Noticed,
)
from engine.jobs.endpoints import with_remote
from engine.jobs.local_desk import LocalDesk
from engine.paths import Paths, prepare
from engine.remote.address import Place
from engine.settings import Remote, Settings, load_settings
from tests.endpoint import Endpoint
from tests.service.remote_bench import (
    ENDINGS,
    WAIT_S,
    Heard,
    LockedRing,
    MemoryRing,
    WaitingRing,
    remote_model,
    wait_for,
)
from tests.service.test_remote_answers import answers_both

PROGRAM = Path(__file__).resolve().parents[2] / "deskside.py"


class DeskUnderTest:
    """The real desk in a folder of its own; nothing here needs the engine of this machine."""

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        self.heard = Heard()
        self.paths = Paths(*(folder / name for name in ("data", "config", "state")))
        prepare(self.paths)
        program = (sys.executable, str(PROGRAM))
        self.desk = LocalDesk(self.heard.take, self.paths, settings or Settings(), program, live=False)

    def done(self, job: JobId) -> list[Event]:
        """The events of that job, which has to end well."""
        assert isinstance(self.heard.until(job, ENDINGS), JobFinished), self.heard.of(job)
        return self.heard.of(job)

    def failed(self, job: JobId) -> str:
        """The code of the sentence that it failed with."""
        failure = self.heard.until(job, ENDINGS)
        assert isinstance(failure, JobFailed), failure
        return failure.message.code

    def listed(self, job: JobId) -> list[str]:
        (event,) = [event for event in self.done(job) if isinstance(event, ModelsListed)]
        return [model.path for model in event.models if model.source == "remote"]


@pytest.fixture
def ring() -> Iterator[MemoryRing]:
    """The keyring of the system, as far as this program can see."""
    before, ring = keyring.get_keyring(), MemoryRing()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def under_test(tmp_path: Path, ring: MemoryRing) -> Iterator[DeskUnderTest]:
    # Else the endpoint would be asked for titles as well, at any moment.
    made = DeskUnderTest(tmp_path, Settings(name_chats=False))
    yield made
    made.desk.close()


def test_an_endpoint_is_tried_added_used_and_removed(under_test: DeskUnderTest, ring: MemoryRing) -> None:
    desk = under_test.desk
    with Endpoint(answers_both) as endpoint:
        tried = under_test.done(desk.try_remote(endpoint.url, "secret"))
        remote = Remote("Team", endpoint.url + "/", ("m", "m"))
        assert under_test.listed(desk.add_remote(remote, "secret")) == [Place(endpoint.url, "m").path]
        assert desk.settings.remotes == (Remote("Team", endpoint.url, ("m",)),)
        assert list(ring.entries.values()) == ["secret"]
        under_test.done(desk.load(remote_model(endpoint.url)))
        answer = answered(under_test, desk.send(None, "Hello"))
        assert under_test.listed(desk.remove_remote(endpoint.url)) == []
        assert {request.headers["authorization"] for request in endpoint.requests} == {"Bearer secret"}
    assert tried[0].models == ("m", "other")  # type: ignore[attr-defined]
    assert answer.state is MessageState.COMPLETE and answer.text() == "Hello!"
    assert ring.entries == {}
    wait_for(lambda: load_settings(under_test.paths.settings)[0].remotes == ())
    assert "secret" not in under_test.paths.settings.read_text() + repr(under_test.heard.events)


def answered(under_test: DeskUnderTest, job: JobId) -> ChatMessage:
    (changed,) = [event for event in under_test.done(job) if isinstance(event, MessageChanged)]
    return changed.message


def test_a_model_that_was_chosen_answers_or_says_why_not(under_test: DeskUnderTest) -> None:
    """What is written for one machine must never go to another that was used before."""
    desk = under_test.desk
    with Endpoint(answers_both) as first, Endpoint(lambda request, line: None) as second:
        for url in (first.url, second.url):
            under_test.done(desk.add_remote(Remote("", url, ("m",)), ""))
        under_test.done(desk.load(remote_model(first.url)))
        assert under_test.failed(desk.load(remote_model(second.url))) == "remote_connection_lost"
        seen = len(first.requests)
        assert under_test.failed(desk.send(None, "private")) == "remote_connection_lost"
        assert len(first.requests) == seen


def test_a_model_that_is_chosen_again_is_said_to_be_in_use(under_test: DeskUnderTest) -> None:
    with Endpoint(answers_both) as endpoint:
        under_test.done(under_test.desk.add_remote(Remote("", endpoint.url, ("m",)), ""))
        for _ in range(2):
            events = under_test.done(under_test.desk.load(remote_model(endpoint.url)))
            assert [event for event in events if isinstance(event, ModelLoaded)]


def test_a_locked_keyring_is_said_and_the_endpoint_works(under_test: DeskUnderTest) -> None:
    keyring.set_keyring(LockedRing())
    with Endpoint(answers_both) as endpoint:
        events = under_test.done(under_test.desk.add_remote(Remote("", endpoint.url, ("m",)), "secret"))
        notices = [event.message.code for event in events if isinstance(event, Noticed)]
        under_test.done(under_test.desk.load(remote_model(endpoint.url)))
        assert endpoint.requests[-1].headers["authorization"] == "Bearer secret"
    assert notices == ["remote_key_not_kept"]


def test_a_keyring_that_waits_holds_nothing_up(under_test: DeskUnderTest) -> None:
    ring = WaitingRing()
    keyring.set_keyring(ring)
    with Endpoint(answers_both) as endpoint:
        job = under_test.desk.add_remote(Remote("", endpoint.url, ("m",)), "secret")
        under_test.heard.until(job, ModelsListed)
        assert ring.asked.wait(WAIT_S)
        under_test.done(under_test.desk.load(remote_model(endpoint.url)))
        assert endpoint.requests[-1].headers["authorization"] == "Bearer secret"
        ring.answer.set()
        under_test.done(job)
    assert list(ring.entries.values()) == ["secret"]


def test_another_address_takes_the_place_of_the_old_one_and_no_key_with_it(
    under_test: DeskUnderTest, ring: MemoryRing
) -> None:
    desk = under_test.desk
    with Endpoint(answers_both) as old, Endpoint(answers_both) as new:
        under_test.done(desk.add_remote(Remote("A", old.url, ("m",)), "secret"))
        under_test.done(desk.load(remote_model(old.url)))
        under_test.done(desk.add_remote(Remote("B", new.url, ("m",)), "", instead_of=old.url))
        answered(under_test, desk.send(None, "Hello"))
        assert [request.headers.get("authorization") for request in new.requests] == [None]
        assert desk.settings.remotes == (Remote("B", new.url, ("m",)),)
        assert desk.settings.last_model == Place(new.url, "m").path
    assert ring.entries == {}


def test_a_path_of_the_same_origin_keeps_the_key(under_test: DeskUnderTest, ring: MemoryRing) -> None:
    desk = under_test.desk
    url = "http://127.0.0.1:1/v1"
    under_test.done(desk.add_remote(Remote("", url, ("m",)), "secret"))
    under_test.done(desk.add_remote(Remote("", url.replace("/v1", "/team/v1"), ("m",)), "", url))
    assert list(ring.entries.values()) == ["secret"]


@pytest.mark.parametrize(
    ("remote", "key", "code"),
    [
        (Remote("", "ftp://host", ("m",)), "", "remote_address_invalid"),
        (Remote("", "http://127.0.0.1:1", ("m",)), "two words", "remote_key_invalid"),
    ],
)
def test_nonsense_is_refused_and_nothing_kept(
    under_test: DeskUnderTest, ring: MemoryRing, remote: Remote, key: str, code: str
) -> None:
    assert under_test.failed(under_test.desk.add_remote(remote, key)) == code
    assert under_test.desk.settings.remotes == () and ring.entries == {}


def test_places_in_the_list() -> None:
    a, b, c = (Remote(name, f"https://{name}/v1", ("m",)) for name in "abc")
    changed = Remote("new", "https://b/v1", ())
    assert with_remote(Settings(remotes=(a, b)), c).remotes == (a, b, c)
    assert with_remote(Settings(remotes=(a, b, c)), changed).remotes == (a, changed, c)
    assert with_remote(Settings(remotes=(a, b, c)), changed, a.url).remotes == (changed, c)
    assert with_remote(Settings(remotes=(a, b, c)), changed, "https://gone/v1").remotes == (a, changed, c)
