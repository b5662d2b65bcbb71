"""Reports as JSON: there and back, and whatever else may stand in such a file."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.hardware.report import (
    BandwidthMeasurement,
    CpuInfo,
    DiskInfo,
    GpuInfo,
    HardwareReport,
    MemoryInfo,
)
from engine.hardware.report_json import load_report, report_from_json, report_to_json, save_report
from engine.messages import sentence

words = st.text(max_size=40)
sizes = st.integers(0, 2**50)
rates = st.floats(1.0, 1e13)
sentences = st.one_of(
    st.just(sentence("machine_busy")),
    words.map(lambda path: sentence("disk_cached", path=path)),
)
measurements = st.builds(
    BandwidthMeasurement,
    rates,
    st.integers(1, 512),
    st.booleans(),
    st.lists(st.tuples(st.integers(1, 512), rates), max_size=3).map(tuple),
)


@st.composite
def cpus(draw: st.DrawFn) -> CpuInfo:
    fast = draw(st.integers(1, 64))
    physical = fast + draw(st.integers(0, 64))
    logical = physical + draw(st.integers(0, 128))
    usable = draw(st.floats(0.1, logical))
    sets = tuple(draw(st.lists(words, max_size=4)))
    return CpuInfo(draw(words), draw(words), physical, logical, fast, usable, sets, draw(st.none() | sizes))


@st.composite
def memories(draw: st.DrawFn) -> MemoryInfo:
    total = draw(sizes)
    measured = draw(st.none() | measurements)
    limit = draw(st.none() | sizes)
    return MemoryInfo(total, draw(st.integers(0, total)), limit, draw(sizes), draw(st.booleans()), measured)


@st.composite
def gpus(draw: st.DrawFn) -> GpuInfo:
    vram = draw(sizes)
    return GpuInfo(
        draw(words),
        draw(words),
        draw(words),
        vram,
        draw(st.integers(0, vram)),
        draw(sizes),
        draw(words),
        draw(st.none() | rates),
        draw(st.booleans()),
        draw(st.none() | sentences),
        tuple(draw(st.lists(words, max_size=3))),
    )


@st.composite
def disks(draw: st.DrawFn) -> DiskInfo:
    total = draw(sizes)
    free = draw(st.integers(0, total))
    read, reason = draw(st.none() | measurements), draw(st.none() | sentences)
    return DiskInfo(draw(words), draw(words), draw(words), draw(words), total, free, read, reason)


reports = st.builds(
    HardwareReport,
    st.datetimes(timezones=st.just(timezone(timedelta(hours=8)))),
    words,
    cpus(),
    memories(),
    st.lists(gpus(), max_size=2).map(tuple),
    st.lists(disks(), max_size=2).map(tuple),
    st.booleans(),
    st.lists(sentences, max_size=2).map(tuple),
)

EXAMPLE = HardwareReport(
    datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=8))),
    "Linux 6.1",
    CpuInfo("x", "x86_64", 2, 4, 2, 4.0, ("avx2",), None),
    MemoryInfo(100, 50, None, 0, False, BandwidthMeasurement(3e10, 2, False, ((1, 2e10), (2, 3e10)))),
    (),
    (DiskInfo("/d", "/", "/dev/a", "ext4", 100, 50, None, sentence("disk_cached", path="/d")),),
    False,
    (sentence("machine_busy"),),
)


@given(reports)
def test_there_and_back(report: HardwareReport) -> None:
    text = json.dumps(report_to_json(report), allow_nan=False)
    assert report_from_json(json.loads(text)) == report


def test_file_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "hardware.json"
    save_report(path, EXAMPLE)
    save_report(path, EXAMPLE)
    assert load_report(path) == EXAMPLE
    assert [file.name for file in path.parent.iterdir()] == ["hardware.json"]


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, item in inner for found in paths_in(item, (*path, key))]


@given(json_values)
def test_anything_is_refused_with_a_sentence_or_believed(data: Any) -> None:
    with pytest.raises(UsageError):
        report_from_json(data)


@given(st.data(), json_values)
def test_a_damaged_report_is_refused_with_a_sentence_or_still_a_report(
    data: st.DataObject, other: Any
) -> None:
    written = report_to_json(EXAMPLE)
    *above, last = data.draw(st.sampled_from(paths_in(written)))
    place = written
    for key in above:
        place = place[key]
    place[last] = other
    try:
        report = report_from_json(written)
    except UsageError as error:
        assert error.message.code == "report_invalid"
    else:
        assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("memory", "total_bytes"), -1),
        (("memory", "total_bytes"), True),
        (("memory", "total_bytes"), 1e3),
        (("memory", "total_bytes"), 10**40),
        (("memory", "available_bytes"), 101),
        (("memory", "bandwidth", "bytes_per_second"), float("nan")),
        (("memory", "bandwidth", "bytes_per_second"), 0),
        (("cpu", "physical_cores"), 0),
        (("cpu", "physical_cores"), 99),
        (("cpu", "usable_cores"), 0.0),
        (("cpu", "model"), "x" * 5000),
        (("cpu", "surprise"), 1),
        (("remarks",), [{"code": "no such code"}]),
        (("remarks",), [{"code": "disk_cached", "values": {}}]),
        (("remarks",), [{"code": "disk_cached", "values": {"path": ["x"]}}]),
        (("disks",), [0] * 2000),
        (("created_at",), "2026-01-02T00:00:00"),
        (("created_at",), "yesterday"),
        (("schema",), 2),
    ],
)
def test_what_no_machine_can_be(path: tuple[str, ...], value: Any) -> None:
    written = report_to_json(EXAMPLE)
    place: Any = written
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(UsageError) as refused:
        report_from_json(written)
    assert path[0] in str(refused.value)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b"1" * 5000, b" " * (2**20 + 5)]
)
def test_files_that_are_no_reports(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        load_report(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        load_report(tmp_path / "none.json")
    assert refused.value.message.code == "report_unreadable"
