"""Tuning by the real worker: what it measures, what it keeps, and what the next load does with that."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import events
from engine.cancellation import CancelToken
from engine.errors import Cancelled, LoadError
from engine.host.knowing import key_text, load_knowledge
from engine.host.surroundings import machine_now
from engine.host.tuned import Tuned, TunedModel, keep_tuned, load_tuned, tuned_for
from engine.jobs.tuning import TuneResult, tune
from engine.paths import Paths, prepare
from engine.runtime.timing import trials
from engine.runtime.values import LoadRequest
from tests.models import tiny
from tests.service.host_bench import Guest, engine_room, wish_for
from tests.service.runtime_bench import COMMAND, GREEDY, installed, question, starter
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]  # a fixture


@pytest.fixture
def paths() -> Iterator[Paths]:
    with engine_room() as paths:
        prepare(paths)
        yield paths


def tuned(paths: Paths, path: Path, seconds: float) -> TuneResult:
    return tune(paths, COMMAND, installed(path), seconds, lambda step: None, CancelToken())


def entry(paths: Paths, change: Tuned, **figures: float) -> TunedModel:
    knowledge = load_knowledge(paths, machine_now(paths))
    model = installed(starter())
    key = key_text(knowledge.key)
    name, size = Path(model.path).name, model.size_bytes
    made = TunedModel(name, size, key, knowledge.basis, time.time(), change, 10.0, 12.0, 100.0, 110.0)
    return replace(made, **figures)  # type: ignore[arg-type]


@pytest.mark.parametrize("architecture", ["llama", "qwen3moe", "lfm2"])
def test_a_model_is_tuned_within_its_time(paths: Paths, tmp_path: Path, architecture: str) -> None:
    path = tiny(tmp_path, architecture)
    result = tuned(paths, path, 10)
    found = result.found
    assert result.spent_s < 200
    assert found.trials or not found.complete  # a busy machine has time for nothing
    assert found.gain >= 1
    assert (found.best != found.default) is (result.tuned != Tuned())
    assert result.kept is (not result.busy and result.tuned != Tuned())
    knowledge = load_knowledge(paths, machine_now(paths))
    kept = tuned_for(paths, installed(path), knowledge.key)
    assert (kept is not None) is result.kept
    if kept is not None:
        assert kept.tuned == result.tuned
        assert kept.floor > 0


def test_loads_that_differ_in_everything_are_measured_one_after_the_other(tmp_path: Path) -> None:
    request = LoadRequest(str(tiny(tmp_path)), 300, 1)
    changes = ({}, {"flash": False}, {"repack": False}, {"n_batch": 64}, {"threads": 2})
    with trials(COMMAND, tmp_path / "log") as probe:
        for change in (*changes, *reversed(changes)):
            (timing,) = probe.time(replace(request, **change))  # type: ignore[arg-type]
            assert timing.token_s > 0
            assert timing.prompt_tps > 0
        with pytest.raises(LoadError, match="threads"):
            probe.time(replace(request, threads=0))
        with pytest.raises(LoadError):  # whose rows are too short for it
            probe.time(replace(request, kv_type="q4_0"))
        assert probe.time(request)


def test_a_cancel_ends_it(paths: Paths, tmp_path: Path) -> None:
    token = CancelToken()

    def progress(step: str) -> None:
        if step.endswith("3"):
            token.cancel()

    with pytest.raises(Cancelled):
        tune(paths, COMMAND, installed(tiny(tmp_path)), 60, progress, token)
    assert load_tuned(paths) == ()


def test_the_next_load_is_as_it_was_tuned(paths: Paths) -> None:
    keep_tuned(paths, entry(paths, Tuned(threads=1, batch=128, kv_type="q8_0", plain=True)))
    guest = Guest(paths)
    try:
        guest.loaded(wish_for())
        (model,) = guest.look().models
        request = model.request
        assert (request.threads, request.n_batch, request.kv_type, request.repack) == (1, 128, "q8_0", False)
        job = guest.ask(question("Say yes.", max_tokens=4))
        assert isinstance(guest.ending(job), events.JobFinished)
    finally:
        guest.client.close()


def test_what_a_person_asks_for_stands_above_what_was_tuned(paths: Paths) -> None:
    keep_tuned(paths, entry(paths, Tuned(kv_type="q8_0")))
    guest = Guest(paths)
    try:
        guest.loaded(wish_for(kv_type="f16"))
        assert guest.look().models[0].request.kv_type == "f16"
    finally:
        guest.client.close()


def test_a_tuned_load_that_became_slow_is_given_up(paths: Paths) -> None:
    """Slower than any machine is without tuning, so that every undisturbed answer says so."""
    keep_tuned(paths, entry(paths, Tuned(threads=1), floor=1e6))
    guest = Guest(paths)
    endless = replace(GREEDY, ignore_end=True)
    try:
        for number in range(24):
            asked = question(f"{number} is a number. " * 20, max_tokens=32, sampling=endless)
            assert isinstance(guest.ending(guest.ask(replace(asked, drafts=False))), events.JobFinished)
            if "tuning_rolled_back" in guest.notices():
                break
        else:
            pytest.skip("other programs disturbed every answer")
        assert [each.rolled_back for each in load_tuned(paths)] == [True]
        job = guest.load()
        guest.ending(job)
        assert guest.look().models[0].request.threads == 1  # until it is loaded anew
    finally:
        guest.client.close()


def test_the_command_tells_what_it_found_and_forgets_it(environment: dict[str, str]) -> None:
    done = deskside(environment, "tune", str(starter()), "--time", "12", "--json", timeout=200)
    assert done.returncode == 0, done.stderr
    *steps, last = records(done.stdout)
    assert {each["event"] for each in steps} == {"progress"}
    assert last["event"] == "tune"
    assert last["default"]["generation_tps"] > 0
    assert last["gain"] >= 1
    assert last["kept"] is (not last["busy"] and last["gain"] > 1)
    done = deskside(environment, "tune", str(starter()), "--forget", "--json")
    assert records(done.stdout)[-1]["forgotten"] is last["kept"]


@pytest.mark.parametrize("words", [("tune",), ("tune", "nothing-like-it"), ("tune", "x", "--time", "3")])
def test_a_command_that_makes_no_sense_is_refused(
    environment: dict[str, str], words: tuple[str, ...]
) -> None:
    done = deskside(environment, *words, "--json")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
