"""Conversations put aside outlive the engine, whatever the next one plans; until they are deleted."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from engine.chat.conversation import MessageState
from engine.chat.store import ChatStore
from engine.events import Event, JobId, new_job_id
from engine.host.client import HostOptions
from engine.jobs.chats import state_name
from engine.jobs.local_desk import LocalDesk
from engine.paths import Paths
from engine.runtime.state_files import name_of
from engine.runtime.values import GenerationRequest
from engine.settings import Settings, save_settings
from tests.models import tiny
from tests.service.host_bench import Guest, engine_room, wish_for
from tests.service.runtime_bench import COMMAND, PATIENCE_S, gone, installed
from tests.service.test_runtime_parking import chat, follow_up, wait_for

MIB = 1 << 20
PARKING = HostOptions(linger_s=0.3, keep_loaded_s=60, park_bytes=1 << 30)


@pytest.fixture
def paths() -> Iterator[Paths]:
    with engine_room() as paths:
        yield paths


def parked(paths: Paths) -> list[Path]:
    return sorted(paths.parked.glob("*/*.state"))


def one_life(
    paths: Paths, memory: int | None, request: GenerationRequest
) -> tuple[str, events.GenerationFinished, Guest, str]:
    """An engine with that much memory answers, and is gone again: the answer, its figures, the guest, and
    how conversations were held."""
    guest = Guest(paths, dataclasses.replace(PARKING, memory_bytes=memory))
    wish = wish_for(context_length=8192)
    job = guest.ask(request, wish)
    assert isinstance(guest.ending(job), events.JobFinished)
    status = guest.look()
    load = status.models[0].request
    guest.client.close()
    assert gone(status.pid)
    finished = guest.first(job, events.GenerationFinished)
    return guest.text(job), finished, guest, f"{load.kv_type} {'shared' if load.kv_unified else 'split'}"


def test_a_chat_goes_on_whatever_memory_the_next_engine_finds(paths: Paths) -> None:
    request = chat("How many villages are there?", "chat 1")
    answer, first, guest, held = one_life(paths, 350 * MIB, request)
    assert held == "q8_0 shared"
    assert "fit_cache" in guest.notices()
    request = follow_up(request, answer, "Name the first one.")
    answer, second, guest, held = one_life(paths, None, request)
    assert held == "q8_0 split", "the type of the cache stays, whatever else there is room for"
    assert "fit_kept" not in guest.notices()
    assert "fit_cache" not in guest.notices()
    assert second.stats.restored_tokens == second.stats.reused_tokens >= first.stats.prompt_tokens
    assert second.stats.evaluated_tokens == second.stats.prompt_tokens - second.stats.reused_tokens < 40
    request = follow_up(request, answer, "And the last?")
    answer, third, guest, held = one_life(paths, 350 * MIB, request)
    assert held == "q8_0 shared"
    assert third.stats.restored_tokens >= second.stats.prompt_tokens
    answer, fourth, guest, held = one_life(paths, 270 * MIB, follow_up(request, answer, "And?"))
    assert held == "q4_0 shared"
    assert "fit_kept" in guest.notices()
    assert fourth.stats.restored_tokens == 0
    assert one_life(paths, 350 * MIB, request)[3] == "q8_0 shared", "a cache of 4 bits is not held to"


def test_a_deleted_chat_answers_nobody(paths: Paths, tmp_path: Path) -> None:
    asker, other = Guest(paths, PARKING), Guest(paths, PARKING)
    wish = wish_for(tiny(tmp_path), 4096)
    request = dataclasses.replace(chat("Tell me a long story.", "chat"), max_tokens=3000)
    running = asker.ask(request, wish)
    asker.first(running, events.TokenDelta)
    spared = asker.ask(dataclasses.replace(request, conversation="another", max_tokens=20), wish)
    other.client.forget(job := new_job_id(), "chat")
    assert isinstance(other.ending(job), events.JobFinished)
    assert isinstance(asker.ending(running), events.JobCancelled)
    assert isinstance(asker.ending(spared), events.JobFinished)
    pid = asker.look().pid
    asker.client.close()
    other.client.close()
    assert gone(pid)
    assert [path.stem for path in parked(paths)] == [name_of("another")]


def test_a_lower_budget_reaches_workers_that_run(paths: Paths, tmp_path: Path) -> None:
    save_settings(paths.settings, Settings(park_gib=1))
    guest = Guest(paths, HostOptions(linger_s=0.3, keep_loaded_s=60))
    wish = wish_for(tiny(tmp_path), 2048)
    guest.ending(guest.ask(chat("Hello", "one"), wish))
    wait_for(lambda: len(parked(paths)) == 1)
    save_settings(paths.settings, Settings(park_gib=0))
    guest.look()  # whatever is asked next
    wait_for(lambda: not parked(paths))
    guest.ending(guest.ask(chat("Hello again", "two"), wish))
    pid = guest.look().pid
    guest.client.close()
    assert gone(pid)
    assert parked(paths) == []


# the desk
class Seen:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def take(self, event: Event) -> None:
        self.events.append(event)

    def wait(self, job: JobId, *kinds: type[Event]) -> Event:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            for event in tuple(self.events):
                if event.job == job and isinstance(event, kinds):
                    return event
            assert time.monotonic() < deadline, self.events[-10:]
            time.sleep(0.01)


ENDS = (events.JobFinished, events.JobCancelled, events.JobFailed)


def make_state(paths: Paths, name: str, age_s: float) -> Path:
    """A file like any other to those who only delete it."""
    path = paths.parked / "key" / f"{name_of(name)}.state"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(1000))
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def test_states_of_chats_that_are_gone_are_swept_and_no_others(paths: Paths, tmp_path: Path) -> None:
    store = ChatStore(paths.chats)
    kept, trashed, deleted = (store.begin(name) for name in ("kept", "in the trash", "deleted"))
    store.filing.delete(trashed)
    store.filing.delete(deleted)
    store.filing.purge([deleted])  # as a program does that dies before it deletes the state
    store.close()
    of_kept = make_state(paths, state_name(kept), 10_000)
    of_trashed = make_state(paths, state_name(trashed), 10_000)
    of_deleted = make_state(paths, state_name(deleted), 10_000)
    unknown = make_state(paths, state_name(4711), 10_000)
    young = make_state(paths, state_name(4712), 0)  # of a chat that another window begins just now
    seen = Seen()
    desk = LocalDesk(seen.take, paths, Settings(), COMMAND, live=False)
    try:
        seen.wait(desk.list_conversations(), *ENDS)
        assert of_kept.exists() and of_trashed.exists() and young.exists()
        assert not of_deleted.exists() and not unknown.exists()
        late = make_state(paths, state_name(4713), 10_000)
        seen.wait(desk.list_conversations(), *ENDS)
        assert late.exists(), "at the start only"
        seen.wait(desk.purge_conversations(), *ENDS)
        assert of_kept.exists() and not of_trashed.exists()
    finally:
        desk.close()


def test_a_lower_budget_frees_the_disk_at_once(paths: Paths) -> None:
    paths.config.mkdir(parents=True)
    states = [make_state(paths, str(number), 10_000 - number) for number in range(3)]
    seen = Seen()
    desk = LocalDesk(seen.take, paths, Settings(park_gib=1), COMMAND, live=False)
    try:
        desk.change_settings(Settings(park_gib=2))
        desk.change_settings(Settings(park_gib=1))
        time.sleep(0.3)
        assert all(path.exists() for path in states)
        desk.change_settings(Settings(park_gib=0))
        wait_for(lambda: not any(path.exists() for path in states))
    finally:
        desk.close()


def test_deleting_a_chat_stops_its_answer(paths: Paths, tmp_path: Path) -> None:
    model = installed(tiny(tmp_path))
    seen = Seen()
    desk = LocalDesk(seen.take, paths, Settings(last_model=model.path), COMMAND, live=False)
    try:
        answer = desk.send(None, "Tell me a very long story.")
        seen.wait(answer, events.TokenDelta)
        chat_id = next(
            event.conversation_id for event in seen.events if isinstance(event, events.MessageAdded)
        )
        seen.wait(desk.delete_conversation(chat_id), events.JobFinished)
        assert isinstance(seen.wait(answer, *ENDS), events.JobCancelled)
        changed = [event for event in seen.events if isinstance(event, events.MessageChanged)]
        assert changed[-1].message.state is MessageState.STOPPED
    finally:
        desk.close()
