"""The engine's host finds a projector beside a model, plans its memory, and loads both."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from engine.catalog.projector import projector_size
from engine.host.describing import describe
from engine.paths import Paths
from engine.runtime.values import IMAGE_MARK, GenerationRequest, Turn
from tests.pictures import GEMMA3, JANUS, QWEN2VL, TOKENS, png, write_projector
from tests.service.host_bench import Guest, engine_room, wish_for
from tests.service.runtime_bench import GREEDY, installed, starter


@pytest.fixture
def paths() -> Iterator[Paths]:
    with engine_room() as paths:
        yield paths


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """SmolLM2 in a folder of its own."""
    path = tmp_path / "SmolLM2-Q4_1.gguf"
    path.symlink_to(starter())
    return path


def seen(seed: int, max_tokens: int = 8) -> GenerationRequest:
    return GenerationRequest(
        (Turn("user", f"What is {IMAGE_MARK}?", images=(png(seed=seed),)),), GREEDY, max_tokens
    )


def test_a_projector_beside_the_model_is_loaded_with_it(paths: Paths, model: Path) -> None:
    projector = write_projector(model.with_name("mmproj-F16.gguf"))
    guest = Guest(paths)
    wish = wish_for(model)
    loaded = guest.loaded(wish)
    assert loaded.facts.sees
    job = guest.ask(seen(1), wish)
    assert isinstance(guest.ending(job), events.JobFinished)
    first = guest.first(job, events.GenerationFinished)
    assert first.stats.prompt_tokens > TOKENS[JANUS]
    (running,) = guest.look().models
    assert running.request.projector == str(projector)
    # planned as it is, and a part of the plan
    planned = projector_size(projector).total
    assert planned == pytest.approx(loaded.facts.of("projector"), rel=0.3)
    assert describe(installed(model))[1].projector == planned
    assert sum(one.size_bytes for one in loaded.facts.planned if one.part == "projector") == planned
    # the worker dies while it looks, and comes back seeing
    os.kill(loaded.facts.pid, signal.SIGKILL)
    guest.wait_until(lambda: "host_restarts" in guest.notices())
    job = guest.ask(seen(1), wish)
    assert isinstance(guest.ending(job), events.JobFinished)
    assert guest.text(job)


def test_without_one_a_model_reads_text(paths: Paths, model: Path) -> None:
    guest = Guest(paths)
    wish = wish_for(model)
    assert not guest.loaded(wish).facts.sees
    ending = guest.ending(guest.ask(seen(1), wish))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "model_blind"
    assert describe(installed(model))[1].projector == 0


def test_another_models_projector_is_told_and_left(paths: Paths, model: Path) -> None:
    write_projector(model.with_name("mmproj-F16.gguf"), width=64)
    guest = Guest(paths)
    assert not guest.loaded(wish_for(model)).facts.sees
    assert "projector_foreign" in guest.notices()


@pytest.mark.parametrize("kind", [JANUS, GEMMA3, QWEN2VL])
def test_memory_is_planned_for_every_kind(tmp_path: Path, kind: str) -> None:
    size = projector_size(write_projector(tmp_path / "mmproj.gguf", kind))
    assert size.weights > 100_000
    assert 0 < size.compute < 100 << 20
