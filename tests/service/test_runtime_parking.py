"""The real worker keeps idle conversations as state files, and finds them after a restart."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import events
from engine.events import new_job_id
from engine.runtime import state_files
from engine.runtime.values import GenerationRequest, Turn
from tests.models import TINY, tiny
from tests.service.runtime_bench import Bench, question

FACTS = " ".join(f"The village number {number} lies by the river." for number in range(30))
BUDGET = 1 << 30
Answer = tuple[str, events.GenerationFinished]


def chat(text: str, conversation: str, *, so_far: str = "", max_tokens: int = 12) -> GenerationRequest:
    asked = question(f"{FACTS} {text}", max_tokens=max_tokens, so_far=so_far)
    return dataclasses.replace(asked, conversation=conversation)


def follow_up(first: GenerationRequest, answer: str, text: str) -> GenerationRequest:
    turns = (*first.turns, Turn("assistant", answer), Turn("user", text))
    return dataclasses.replace(first, turns=turns)


@contextmanager
def worker(folder: Path, path: Path | None = None, **settings: object) -> Iterator[Bench]:
    """A program's life: what is in `folder` stays when it is over."""
    made = Bench(folder)
    try:
        options = {"park_folder": str(folder / "states"), "park_budget_bytes": BUDGET, **settings}
        made.loaded(path, **options)
        yield made
    finally:
        made.client.close()


def states(folder: Path) -> list[Path]:
    return sorted((folder / "states").glob("*/*"))


def restarted(folder: Path, request: GenerationRequest, **settings: object) -> Answer:
    with worker(folder, **settings) as bench:  # type: ignore[arg-type]
        return bench.answer(request)


def test_a_chat_goes_on_after_a_restart(tmp_path: Path) -> None:
    first = chat("How many villages are there?", "chat 1")
    with worker(tmp_path) as bench:
        text, finished = bench.answer(first)
        second = follow_up(first, text, "Name the first one.")
        expected, unbroken = bench.answer(second)
        bench.answer(first)  # the file is to hold the first turn only
    (state,) = states(tmp_path)
    assert state.suffix == ".state"
    assert "chat" not in state.name
    assert (state.stat().st_mode & 0o777, state.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    answer, stats = restarted(tmp_path, second)
    assert answer == expected
    assert stats.stats.restored_tokens == stats.stats.reused_tokens
    assert stats.stats.reused_tokens >= finished.stats.prompt_tokens
    assert stats.stats.evaluated_tokens == stats.stats.prompt_tokens - stats.stats.reused_tokens < 40
    assert unbroken.stats.restored_tokens == 0


def test_it_is_written_when_the_worker_has_rested(tmp_path: Path) -> None:
    with worker(tmp_path, tiny(tmp_path)) as bench:
        bench.answer(chat("How many villages are there?", "chat"))
        wait_for(lambda: any(path.suffix == ".state" for path in states(tmp_path)))
        pid = bench.client.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)  # nothing orderly is needed any more
    _, finished = restarted(tmp_path, chat("How many villages are there?", "chat"), path=tiny(tmp_path))
    assert finished.stats.restored_tokens > 250


def test_an_answer_that_is_cut_off_by_the_end_is_kept_too(tmp_path: Path) -> None:
    request = chat("Tell me a very long story about them.", "chat", max_tokens=0)
    with worker(tmp_path, tiny(tmp_path)) as bench:
        job = bench.ask(request)
        bench.first(job, events.TokenDelta)
    assert isinstance(bench.ending(job), events.JobCancelled)
    _, finished = restarted(tmp_path, dataclasses.replace(request, max_tokens=1), path=tiny(tmp_path))
    assert finished.stats.restored_tokens > 250


def test_one_slot_serves_two_chats_in_turns(tmp_path: Path) -> None:
    one, two = chat("How many?", "one"), dataclasses.replace(question("What is tea? " * 60), conversation="2")
    with worker(tmp_path) as bench:
        first, _ = bench.answer(one)
        bench.answer(two)
        again, finished = bench.answer(one)
        assert again == first
        assert finished.stats.restored_tokens == finished.stats.reused_tokens > 250
        _, finished = bench.answer(two)
        assert finished.stats.restored_tokens > 200


def test_what_is_short_or_has_no_name_is_not_kept(tmp_path: Path) -> None:
    with worker(tmp_path, tiny(tmp_path)) as bench:
        bench.answer(chat("How many villages are there?", ""))
        bench.answer(dataclasses.replace(question("Hello"), conversation="short"))
    assert states(tmp_path) == []


def test_a_forgotten_chat_is_gone(tmp_path: Path) -> None:
    with worker(tmp_path, tiny(tmp_path)) as bench:
        bench.answer(chat("How many?", "one"))
        bench.answer(dataclasses.replace(question("What is tea? " * 60), conversation="2"))
        assert len(states(tmp_path)) == 1
        bench.client.forget("one")
        bench.client.forget("2")
        _, finished = bench.answer(dataclasses.replace(question("What is tea? " * 60), conversation="3"))
        assert finished.stats.reused_tokens == 0, "forgotten in memory as well"
    (left,) = states(tmp_path)
    assert left.stem == state_files.name_of("3")
    state_files.forget(tmp_path / "states", "3")  # without a worker
    assert states(tmp_path) == []


def damage_nothing_but_a_bit(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def swap_tokens(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[16:20], raw[404:408] = raw[404:408], raw[16:20]
    path.write_bytes(raw)


@pytest.mark.parametrize(
    "damage",
    [
        damage_nothing_but_a_bit,
        cut,
        swap_tokens,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(os.urandom(70_000)),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_a_damaged_state_is_never_an_answer(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    request = chat("How many villages are there?", "chat")
    model = tiny(tmp_path)
    with worker(tmp_path, model) as bench:
        expected, _ = bench.answer(request)
    (state,) = states(tmp_path)
    damage(state)
    with worker(tmp_path, model) as bench:
        text, finished = bench.answer(request)
        assert text == expected
        assert finished.stats.restored_tokens == 0
        assert "state" in bench.log.read_text()


def test_a_state_of_another_model_build_or_cache_is_not_looked_at(tmp_path: Path) -> None:
    request = chat("How many villages are there?", "chat")
    model = tiny(tmp_path, "qwen3moe")
    for settings in ({}, {"kv_type": "q8_0"}):
        with worker(tmp_path, model, **settings) as bench:
            assert bench.answer(request)[1].stats.restored_tokens == 0
    copy = tmp_path / "elsewhere.gguf"
    shutil.copy(model, copy)
    with worker(tmp_path, copy) as bench:
        assert bench.answer(request)[1].stats.restored_tokens > 250  # the same model, wherever it lies
    with worker(tmp_path, tiny(tmp_path, "qwen2")) as bench:
        assert bench.answer(request)[1].stats.restored_tokens == 0
    assert len({path.parent for path in states(tmp_path)}) == 3


def test_a_state_that_killed_its_reader_is_not_read_again(tmp_path: Path) -> None:
    request = chat("How many villages are there?", "chat")
    model = tiny(tmp_path)
    with worker(tmp_path, model) as bench:
        bench.answer(request)
    (state,) = states(tmp_path)
    state.rename(state.with_suffix(".loading"))  # as a crash in the middle leaves it
    with worker(tmp_path, model) as bench:
        assert bench.answer(request)[1].stats.restored_tokens == 0


def test_the_budget_is_kept_and_the_oldest_leave(tmp_path: Path) -> None:
    model = tiny(tmp_path)
    with worker(tmp_path, model) as bench:
        bench.answer(chat("Hello", "0"))
    size = states(tmp_path)[0].stat().st_size
    budget = int(size * 3.5)
    with worker(tmp_path, model, park_budget_bytes=budget) as bench:
        for number in range(1, 6):
            bench.answer(chat(f"Hello {number}", str(number)))
    assert state_files.used_bytes(tmp_path / "states") <= budget
    kept = {path.stem for path in states(tmp_path)}
    assert kept == {state_files.name_of(str(number)) for number in (3, 4, 5)}


def test_a_folder_that_cannot_be_used_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "states").write_text("in the way")
    with worker(tmp_path) as bench:
        assert bench.answer(question("Hello"))[0]
        assert "no conversations are kept" in bench.log.read_text()


@pytest.mark.parametrize("architecture", [name for name in TINY if name != "bert"])
@pytest.mark.parametrize("unified", [False, True])
def test_every_kind_of_model_goes_on_from_its_state(architecture: str, unified: bool, tmp_path: Path) -> None:
    model = tiny(tmp_path, architecture)
    first = chat("How many villages are there?", "chat", max_tokens=1)
    second = dataclasses.replace(first, answer_so_far="There are thirty of them, and", max_tokens=8)
    settings: dict[str, object] = {"n_sequences": 2, "kv_unified": unified}
    with worker(tmp_path, model, **settings) as bench:
        _, read = bench.answer(first)
    with worker(tmp_path, model, **settings) as bench:
        restored, finished = bench.answer(second)
        assert finished.stats.restored_tokens == read.stats.prompt_tokens
        fresh = dataclasses.replace(second, conversation="")
    with worker(tmp_path, model, **settings, park_folder="") as bench:
        bench.answer(dataclasses.replace(first, conversation=""))
        unbroken, finished = bench.answer(fresh)
        assert finished.stats.reused_tokens == read.stats.prompt_tokens
        assert finished.stats.restored_tokens == 0
    assert restored == unbroken


OTHER_ROOMS: list[dict[str, object]] = [
    {"n_sequences": 1},
    {"n_sequences": 2},
    {"n_sequences": 4},
    {"n_sequences": 4, "kv_unified": True, "context_length": 4096},
]


@pytest.mark.parametrize("architecture", [name for name in TINY if name != "bert"])
def test_a_state_fits_other_numbers_of_sequences(architecture: str, tmp_path: Path) -> None:
    """What free memory decides: how many sequences, with a room each or one for all, and how long."""
    model = tiny(tmp_path, architecture)
    first = chat("How many villages are there?", "chat", max_tokens=1)
    second = dataclasses.replace(first, answer_so_far="There are thirty of them, and", max_tokens=8)
    with worker(tmp_path, model, **OTHER_ROOMS[1]) as bench:
        other = dataclasses.replace(question("What is tea? " * 60), conversation="other")
        bench.answer(other)  # takes the first room
        read = bench.answer(first)[1].stats.prompt_tokens
    folder = {path.parent for path in states(tmp_path)}
    answers = set()
    for settings in OTHER_ROOMS:
        shutil.copytree(tmp_path / "states", tmp_path / "kept")
        answer, finished = restarted(tmp_path, second, path=model, **settings)
        assert finished.stats.restored_tokens == read
        assert finished.stats.evaluated_tokens == finished.stats.prompt_tokens - read
        answers.add(answer)
        assert {path.parent for path in states(tmp_path)} == folder
        shutil.rmtree(tmp_path / "states")
        (tmp_path / "kept").rename(tmp_path / "states")
    assert len(answers) == 1


def test_answers_go_on_while_another_conversation_is_read_from_the_disk(tmp_path: Path) -> None:
    model = tiny(tmp_path)
    kept, other = chat("How many villages are there?", "kept"), chat("Which?", "other")
    with worker(tmp_path, model, n_sequences=2) as bench:
        for request in (kept, other):
            bench.answer(request)
        running = bench.ask(question("Go on.", max_tokens=1500))
        bench.first(running, events.TokenDelta)
        for _ in range(3):  # one slot for both: each puts the other aside
            for request in (kept, other):
                _, finished = bench.answer(request)
                assert finished.stats.reused_tokens > 250
        waiting = [bench.ask(kept), bench.ask(other), bench.ask(kept)]
        for job in waiting:
            bench.client.cancel(job)
            assert isinstance(bench.ending(job), events.JobCancelled | events.JobFinished)
        assert isinstance(bench.answer(kept)[1], events.GenerationFinished)
        bench.client.cancel(running)
        bench.ending(running)
    assert all(path.suffix == ".state" for path in states(tmp_path))


def test_a_new_budget_holds_for_a_worker_that_runs(tmp_path: Path) -> None:
    with worker(tmp_path, tiny(tmp_path), n_sequences=4) as bench:
        for number in range(3):
            bench.answer(chat(f"Hello {number}", str(number)))
        wait_for(lambda: len([path for path in states(tmp_path) if path.suffix == ".state"]) == 3)
        size = states(tmp_path)[0].stat().st_size
        bench.client.limit_parking(int(size * 1.5))
        wait_for(lambda: len(states(tmp_path)) == 1)
        bench.answer(chat("Hello 3", "3"))
    assert [path.stem for path in states(tmp_path)] == [state_files.name_of("3")]


def test_the_worker_is_given_time_to_write_but_not_for_ever(tmp_path: Path) -> None:
    with worker(tmp_path, tiny(tmp_path)) as bench:
        bench.answer(chat("How many villages are there?", "chat"))
        pid = bench.client.pid
        assert pid is not None
        unload = new_job_id()
        bench.client.unload(unload)
        bench.ending(unload)
        assert len(states(tmp_path)) == 1
        bench.loaded(tiny(tmp_path), park_folder=str(tmp_path / "states"), park_budget_bytes=BUDGET)
        assert bench.client.pid is not None
        os.kill(bench.client.pid, signal.SIGSTOP)
    assert bench.client.pid is None


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
