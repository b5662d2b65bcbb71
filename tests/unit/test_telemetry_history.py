"""Figures that are kept: answers, minutes of devices."""

from __future__ import annotations

import os
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import StoreError
from engine.telemetry.history import AnswerRecord, DeviceRecord, History, read_answers, read_devices
from engine.telemetry.minutes import MEMORY, Minutes
from engine.telemetry.sample import GpuSample, TelemetrySample

ANSWER = AnswerRecord(100.0, "m", "Q4_K_M", 10, 4, 0, 6, 20, 5, 0.1, 0.5, 0.7, 2.0, 12.0, 9.5, 1.5)
CARD = GpuSample("card", 4, 10, 0.5, 200.0, 60.0)


def sample(used: int, *cards: GpuSample, cpu: float = 0.5) -> TelemetrySample:
    return TelemetrySample(0.0, used, 100, cpu, used // 2, 3, cards)


def test_what_was_kept_is_read_and_the_old_goes(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history.sqlite3"
    assert read_answers(path, 0) == ()
    history = History(path)
    row = DeviceRecord(150.0, MEMORY, 5, 10, 3, 0.5, 0.9, None, None)
    history.add([replace(ANSWER, at=50.0), ANSWER, row])
    assert read_answers(path, 60) == (ANSWER,)
    assert read_devices(path, 0) == (row,)
    history.forget_before(120)
    assert read_answers(path, 0) == () and read_devices(path, 0) == (row,)
    history.close()
    history = History(path)  # an old one is gone on with
    history.add([ANSWER])
    history.close()
    assert len(read_answers(path, 0)) == 1


def test_a_model_whose_name_is_no_text_is_kept(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    history.add([replace(ANSWER, model="m\udcff")])
    history.close()
    assert [each.model for each in read_answers(tmp_path / "history.sqlite3", 0)] == ["m?"]


@pytest.mark.parametrize("raw", [b"no database at all" * 100, b""])
def test_a_damaged_file_is_a_sentence(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "history.sqlite3"
    path.write_bytes(raw)
    if not raw:  # an empty file is an empty database
        assert read_answers(path, 0) == ()
        return
    with pytest.raises(StoreError, match="history"):
        read_answers(path, 0)
    with pytest.raises(StoreError, match="history"):
        History(path)


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="schema 99"):
        History(path)


def test_minutes_of_each_device() -> None:
    minutes = Minutes()
    hot = replace(CARD, utilisation=1.0, power_w=300.0, temperature_c=80.0, used_bytes=8)
    assert minutes.add(sample(10, CARD, cpu=0.2), 1000.0) == ()
    assert minutes.add(sample(30, hot, cpu=0.4), 1030.0) == ()
    memory, card = minutes.add(sample(90, CARD), 1060.0)
    assert (memory.device, memory.at, memory.used_bytes, memory.model_bytes) == (MEMORY, 1000.0, 30, 15)
    assert memory.utilisation == pytest.approx(0.3) and memory.utilisation_most == 0.4
    assert (card.device, card.used_bytes, card.model_bytes) == ("card #0", 8, 3)
    assert (card.utilisation, card.power_w, card.temperature_c) == (0.75, 250.0, 80.0)
    (rest, _) = minutes.rows()
    assert rest.used_bytes == 90
    assert minutes.rows() == ()


def test_two_cards_of_one_name_are_two_devices() -> None:
    minutes = Minutes()
    minutes.add(sample(1, CARD, replace(CARD, power_w=None, temperature_c=None)), 0.0)
    _, first, second = minutes.rows()
    assert (first.device, second.device) == ("card #0", "card #1")
    assert second.power_w is None and first.model_bytes == 0  # the driver tells the sum only


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 100)), min_size=1, max_size=50))
def test_no_reading_is_lost(steps: list[tuple[float, int]]) -> None:
    minutes, now, rows = Minutes(), 0.0, []
    for gap, used in steps:
        now += gap
        rows += minutes.add(sample(used), now)
    rows += minutes.rows()
    assert max(row.used_bytes for row in rows) == max(used for _, used in steps)
    assert [row.at for row in rows] == sorted(row.at for row in rows)


def test_the_file_is_private(tmp_path: Path) -> None:
    before = os.umask(0o077)  # as the host has it
    try:
        History(tmp_path / "history.sqlite3").close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "history.sqlite3").stat().st_mode) == 0o600
