"""A runtime pack that made answers slower: when it is left, and all that must not leave it."""

from __future__ import annotations

import dataclasses
import platform
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.catalog.model import InstalledModel
from engine.host.pack_speed import LEAST, SLOWER, PackSpeed, is_slower
from engine.messages import Sentence, english
from engine.packs.manifest import Pack
from engine.packs.shelf import BUILT_IN, Shelf
from engine.paths import Paths
from engine.runtime.values import LoadRequest, ModelFacts
from engine.telemetry.history import Quantity, ScoreRecord

MODEL = InstalledModel("/models/one.gguf", "one", "Q4_0", 1000, "hub", sha256="a" * 64)
REQUEST = LoadRequest("/models/one.gguf", 8192, 4)
FACTS = ModelFacts("one", "llama", 8192, 8192, 1000, 0.5, 99, "CPU", True)
RECORD = ScoreRecord(
    at=time.time(),
    machine="this one",
    basis="basis",
    model="one",
    quantization="Q4_0",
    build="",
    quantity=Quantity.GENERATION.value,
    depth=300,
    streams=1.0,
    predicted=10.0,
    measured=10.0,
    plain=10.0,
    quiet=1,
)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")


@pytest.fixture
def shelf(paths: Paths) -> Shelf:
    made = Shelf(paths.runtimes, "1.0")
    for name in ("vulkan-1", "vulkan-2"):
        unpacked = paths.data / name
        unpacked.mkdir(parents=True)
        made.folder.mkdir(parents=True, exist_ok=True)
        machine = platform.machine().lower()
        made.add(Pack(name, "vulkan", sys.platform, machine, "1.0", "a.tar.xz", 10, 20, "0" * 64), unpacked)
    return made


def say(
    speed: PackSpeed,
    pack: str,
    measured: Iterable[float],
    model: InstalledModel = MODEL,
    request: LoadRequest = REQUEST,
    **changes: object,
) -> list[Sentence | None]:
    facts = dataclasses.replace(FACTS, pack=pack)
    records = [dataclasses.replace(RECORD, measured=tps, **changes) for tps in measured]  # type: ignore[arg-type]
    return [speed.answered(model, request, facts, [record]) for record in records]


def test_a_pack_that_is_slower_than_what_the_program_brings_is_left(paths: Paths, shelf: Shelf) -> None:
    speed = PackSpeed(paths, shelf)
    assert not any(say(speed, BUILT_IN, [10.0, 10.2, 9.8, 10.1, 9.9]))
    shelf.use("vulkan-1")
    said = say(speed, "vulkan-1", [8.0, 8.1, 7.9, 8.0, 8.2, 8.0])
    assert said[:4] == [None] * 4 and said[5] is None  # still loaded, and not counted any more
    assert said[4] is not None and said[4].code == "pack_slower_than_own"
    assert {"8.0", "10.0", "one", "vulkan-1"} <= set(said[4].values.values())
    assert shelf.in_use() == BUILT_IN
    assert shelf.choice().aside["vulkan-1"] == said[4]


def test_the_pack_before_comes_back_after_an_update_that_is_slower(paths: Paths, shelf: Shelf) -> None:
    speed = PackSpeed(paths, shelf)
    say(speed, BUILT_IN, [5.0] * LEAST)
    shelf.use("vulkan-1")
    assert not any(say(speed, "vulkan-1", [10.0] * LEAST))
    shelf.use("vulkan-2")
    *_, last = say(
        speed, "vulkan-2", [8.0] * LEAST
    )  # quicker than the processor, slower than its predecessor
    assert last is not None and last.code == "pack_slower"
    assert "vulkan-1" in english(last)
    assert shelf.in_use() == "vulkan-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"quiet": 0},
        {"streams": 2.0},
        {"depth": 10},
        {"depth": 3000},
        {"machine": "another"},
        {"quantity": Quantity.PROMPT.value},
        {"model": dataclasses.replace(MODEL, sha256="b" * 64)},
        {"request": dataclasses.replace(REQUEST, threads=2)},
        {"request": dataclasses.replace(REQUEST, kv_type="q8_0")},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_cannot_be_compared_says_nothing(paths: Paths, shelf: Shelf, changes: dict[str, object]) -> None:
    speed = PackSpeed(paths, shelf)
    say(speed, BUILT_IN, [10.0] * 9)
    shelf.use("vulkan-1")
    assert not any(say(speed, "vulkan-1", [2.0] * 9, **changes))  # type: ignore[arg-type]
    assert shelf.in_use() == "vulkan-1"


def test_few_answers_and_a_few_slow_ones_say_nothing(paths: Paths, shelf: Shelf) -> None:
    speed = PackSpeed(paths, shelf)
    say(speed, BUILT_IN, [10.0] * (LEAST - 1))
    shelf.use("vulkan-1")
    assert not any(say(speed, "vulkan-1", [2.0] * 4 + [10.0] * 6))
    say(speed, BUILT_IN, [10.0] * 9)
    assert not any(say(speed, "vulkan-1", [10.0, 2.0, 10.0, 2.0, 10.0]))
    assert shelf.in_use() == "vulkan-1"


speeds = some.lists(some.floats(0.95, 1.05), min_size=1, max_size=15)


@given(speeds, speeds, some.floats(0.1, 1000))
def test_noise_alone_never_leaves_a_pack(now: list[float], before: list[float], scale: float) -> None:
    assert not is_slower([scale * one for one in now], [scale * one for one in before])


@given(speeds, speeds, some.floats(0.1, SLOWER * 0.9))
def test_a_clear_difference_always_does(now: list[float], before: list[float], factor: float) -> None:
    enough = min(len(now), len(before)) >= LEAST
    assert is_slower([factor * one for one in now], before) is enough
    assert not is_slower(before, [factor * one for one in now])  # quicker is never slower


def test_what_was_measured_outlives_the_engine(paths: Paths, shelf: Shelf) -> None:
    say(PackSpeed(paths, shelf), BUILT_IN, [10.0] * 3)
    say(PackSpeed(paths, shelf), BUILT_IN, [10.0] * 2)
    shelf.use("vulkan-1")
    say(PackSpeed(paths, shelf), "vulkan-1", [8.0] * 4)
    assert any(say(PackSpeed(paths, shelf), "vulkan-1", [8.0]))


def test_who_chooses_it_again_begins_anew(paths: Paths, shelf: Shelf) -> None:
    speed = PackSpeed(paths, shelf)
    say(speed, BUILT_IN, [10.0] * LEAST)
    for _ in range(2):
        shelf.use("vulkan-1")
        said = say(speed, "vulkan-1", [8.0] * LEAST)
        assert not any(say(speed, "vulkan-1", [8.0] * 3))  # until it is unloaded
        assert [one is not None for one in said] == [False] * (LEAST - 1) + [True]
    # Another engine remembers it so, too.
    shelf.use("vulkan-1")
    assert not any(say(PackSpeed(paths, shelf), "vulkan-1", [8.0] * (LEAST - 1)))


def test_a_choice_made_meanwhile_counts(paths: Paths, shelf: Shelf) -> None:
    speed = PackSpeed(paths, shelf)
    say(speed, BUILT_IN, [10.0] * LEAST)
    shelf.use("vulkan-1")
    shelf.use("vulkan-2")  # while a model is still loaded with the other
    assert not any(say(speed, "vulkan-1", [8.0] * 9))
    assert shelf.in_use() == "vulkan-2"


@pytest.mark.parametrize("damage", [b"{", b"\xff\xfe", b'{"type": "Timed"}', b"[" * 100_000])
def test_a_damaged_line_costs_that_line_only(paths: Paths, shelf: Shelf, damage: bytes) -> None:
    say(PackSpeed(paths, shelf), BUILT_IN, [10.0] * LEAST)
    file = paths.state / "pack-speed.jsonl"
    file.write_bytes(damage + b"\n" + file.read_bytes())
    shelf.use("vulkan-1")
    assert any(say(PackSpeed(paths, shelf), "vulkan-1", [8.0] * LEAST))


def test_old_speeds_say_nothing_and_the_file_stays_small(paths: Paths, shelf: Shelf) -> None:
    speed = PackSpeed(paths, shelf)
    say(speed, BUILT_IN, [10.0] * LEAST, at=1.0)
    file = paths.state / "pack-speed.jsonl"
    say(speed, BUILT_IN, [10.0] * 3000, machine="busy place")
    assert len(file.read_bytes().splitlines()) > 3000
    shelf.use("vulkan-1")
    assert not any(say(PackSpeed(paths, shelf), "vulkan-1", [8.0] * LEAST))
    assert len(file.read_bytes().splitlines()) < 50


def test_of_a_file_beyond_reason_the_newest_count(paths: Paths, shelf: Shelf) -> None:
    say(PackSpeed(paths, shelf), BUILT_IN, [10.0] * LEAST)
    file = paths.state / "pack-speed.jsonl"
    file.write_bytes(b"x" * (5 << 20) + b"\n" + file.read_bytes())
    shelf.use("vulkan-1")
    assert any(say(PackSpeed(paths, shelf), "vulkan-1", [8.0] * LEAST))


def test_a_disk_that_takes_nothing_costs_only_the_comparison(paths: Paths, shelf: Shelf) -> None:
    paths.state.parent.mkdir(parents=True, exist_ok=True)
    paths.state.write_text("not a folder")
    assert say(PackSpeed(paths, shelf), BUILT_IN, [10.0]) == [None]
