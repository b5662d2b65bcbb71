"""What was tuned: kept, believed, watched and given up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog.model import InstalledModel
from engine.host.knowing import MachineKey, key_text
from engine.host.tuned import (
    Tuned,
    TunedModel,
    Watch,
    forget_tuned,
    keep_tuned,
    load_tuned,
    roll_back,
    tuned_for,
)
from engine.paths import Paths
from engine.runtime.values import DeviceLayers, LoadRequest
from engine.telemetry.history import Quantity, ScoreRecord

KEY = MachineKey("Xeon", 2, 24 << 30, 0, "", "b1")
MODEL = InstalledModel("/models/one.gguf", "one", "Q4_0", 1000, "test")
TUNED = Tuned(threads=2, batch=256, devices=(DeviceLayers("CUDA0", 9),), placed=True)
ENTRY = TunedModel("one.gguf", 1000, key_text(KEY), "basis", 1.0, TUNED, 10.0, 12.0, 100.0, 110.0, 0.95)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")


def test_it_holds_for_the_same_file_on_the_same_machine_only(paths: Paths) -> None:
    assert tuned_for(paths, MODEL, KEY) is None
    keep_tuned(paths, ENTRY)
    assert tuned_for(paths, MODEL, KEY) == ENTRY
    assert tuned_for(paths, replace(MODEL, path="/elsewhere/one.gguf"), KEY) == ENTRY
    assert tuned_for(paths, replace(MODEL, size_bytes=1001), KEY) is None
    assert tuned_for(paths, replace(MODEL, path="/models/two.gguf"), KEY) is None
    for other in (
        replace(KEY, cpu="Ryzen"),
        replace(KEY, memory_bytes=48 << 30),
        replace(KEY, gpus="RTX 4090"),
        replace(KEY, engine="b2"),
    ):
        assert tuned_for(paths, MODEL, other) is None


def test_the_newest_replaces_and_forgetting_is_for_one_model(paths: Paths) -> None:
    other = replace(ENTRY, name="two.gguf")
    for entry in (ENTRY, other, replace(ENTRY, tuned=Tuned(threads=1))):
        keep_tuned(paths, entry)
    assert [entry.name for entry in load_tuned(paths)] == ["two.gguf", "one.gguf"]
    found = tuned_for(paths, MODEL, KEY)
    assert found is not None
    assert found.tuned == Tuned(threads=1)
    assert forget_tuned(paths, MODEL)
    assert not forget_tuned(paths, MODEL)
    assert load_tuned(paths) == (other,)


@pytest.mark.parametrize(
    "damage",
    [
        b"{",
        b"\xff\xfe",
        b'{"type": "TunedModel"}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_line_costs_that_line_only(paths: Paths, damage: bytes) -> None:
    keep_tuned(paths, ENTRY)
    file = paths.state / "tuned.jsonl"
    file.write_bytes(damage + b"\n" + file.read_bytes())
    assert tuned_for(paths, MODEL, KEY) == ENTRY


@pytest.mark.parametrize("tuned", [Tuned(threads=9999), Tuned(batch=1), Tuned(kv_type="f64")])
def test_settings_that_no_load_takes_are_not_believed(paths: Paths, tuned: Tuned) -> None:
    keep_tuned(paths, replace(ENTRY, tuned=tuned))
    assert load_tuned(paths) == ()


def test_a_load_is_changed_only_where_it_takes_no_more_memory() -> None:
    planned = LoadRequest("one.gguf", 8192, 4, n_batch=128)
    assert TUNED.of(planned) == replace(planned, threads=2)
    assert Tuned(flash=False).of(planned).flash is False
    assert Tuned(flash=False).of(replace(planned, kv_type="q8_0")).flash is None
    assert Tuned().of(planned) == planned


def answer(measured: float, **changes: object) -> tuple[ScoreRecord, ...]:
    record = ScoreRecord(
        at=0.0,
        machine=key_text(KEY),
        basis="basis",
        model="one",
        quantization="Q4_0",
        build="",
        quantity=Quantity.GENERATION.value,
        depth=300,
        streams=1.0,
        predicted=10.0,
        measured=measured,
        plain=10.0,
        quiet=1,
    )
    return (replace(record, **changes),)  # type: ignore[arg-type]


def test_three_slow_answers_in_a_row_end_it_once() -> None:
    watch = Watch(ENTRY)
    said = [watch.says_slow(answer(speed)) for speed in (8.0, 8.0, 12.0, 8.0, 8.0, 8.0, 8.0)]
    assert said == [False, False, False, False, False, True, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"quiet": 0},
        {"streams": 2.0},
        {"basis": "another calibration"},
        {"depth": 10},
        {"quantity": Quantity.PROMPT.value},
    ],
)
def test_answers_that_something_else_slowed_say_nothing(changes: dict[str, object]) -> None:
    watch = Watch(ENTRY)
    assert not any(watch.says_slow(answer(1.0, **changes)) for _ in range(9))


def test_speed_without_tuning_is_what_counts() -> None:
    """A little slower than when it was tuned is nothing yet."""
    watch = Watch(ENTRY)
    assert not any(watch.says_slow(answer(9.0)) for _ in range(9))


def test_rolled_back_it_is_used_no_more_until_it_is_tuned_again(paths: Paths) -> None:
    keep_tuned(paths, ENTRY)
    roll_back(paths, ENTRY)
    assert tuned_for(paths, MODEL, KEY) is None
    assert load_tuned(paths) == (replace(ENTRY, rolled_back=True),)
    keep_tuned(paths, ENTRY)
    assert tuned_for(paths, MODEL, KEY) == ENTRY
