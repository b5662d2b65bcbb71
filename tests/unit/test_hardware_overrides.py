"""Figures set by hand: parsed strictly, applied purely, marked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.hardware.overrides import KNOWN_KEYS, apply_overrides, believable, parse_overrides
from engine.hardware.report_json import report_from_json, report_to_json
from engine.jobs.checking import changed_overrides
from engine.messages import english
from engine.planning.machine import machine_of
from tests.unit.planning_machines import GIB, gpu, machine


def report():
    return machine(32 * GIB, 8, 40e9, disk=2e9)


def test_each_figure_is_put_in_place_and_marked() -> None:
    before = report()
    pairs = (
        ("memory.total", "64GiB"),
        ("memory.bandwidth", "50 GB/s"),
        ("disk.read", "3e9"),
        ("cpu.threads", "2"),
    )
    with pytest.raises(UsageError):
        parse_overrides(pairs)  # "3e9" is no size that people write
    after = apply_overrides(before, parse_overrides((*pairs[:2], ("disk.read", "3GB/s"), pairs[3])))
    used = before.memory.total_bytes - before.memory.available_bytes
    assert after.memory.total_bytes == 64 * GIB
    assert after.memory.available_bytes == max(0, 64 * GIB - used)
    assert after.memory.bandwidth is not None
    assert (after.memory.bandwidth.bytes_per_second, after.memory.bandwidth.by_hand) == (50e9, True)
    assert after.disks[0].read is not None and after.disks[0].read.bytes_per_second == 3e9
    assert after.cpu.usable_cores == 2
    assert after.overridden == ("cpu.threads", "memory.total", "memory.bandwidth", "disk.read")
    assert report_from_json(report_to_json(after)) == after


def test_gpus_by_their_place() -> None:
    before = replace(report(), gpus=(gpu("RTX 4090", 24 * GIB, 1010e9),))
    pairs = (("gpu.0.vram", "8GiB"), ("gpu.0.usable", "no"), ("gpu.7.usable", "no"))
    after = apply_overrides(before, parse_overrides(pairs))
    (card,) = after.gpus
    assert card.vram_bytes == 8 * GIB and card.vram_free_bytes <= card.vram_bytes
    assert not card.usable and card.reason is not None and "by hand" in english(card.reason)
    assert after.overridden == ("gpu.0.vram", "gpu.0.usable")
    again = apply_overrides(after, parse_overrides((("gpu.0.usable", "yes"),)))
    assert again.gpus[0].usable and again.gpus[0].reason is None


def test_a_chip_without_memory_of_its_own_gets_none_by_hand() -> None:
    """What is set is how much of main memory it may use (macOS: iogpu.wired_limit_mb)."""
    chip = replace(gpu("Apple M2 Max", 0, 400e9), vendor="Apple", shared_bytes=48 * GIB)
    before = replace(machine(64 * GIB, 12, 100e9), gpus=(chip,))
    after = apply_overrides(before, parse_overrides((("gpu.0.vram", "56GiB"),)))
    assert (after.gpus[0].vram_bytes, after.gpus[0].shared_bytes) == (0, 56 * GIB)
    less, more = machine_of(before), machine_of(after)
    assert more.vram_budget == 0
    assert less.gpus[0].budget < more.gpus[0].budget <= more.ram_budget


def test_applied_twice_is_applied_once() -> None:
    overrides = parse_overrides((("memory.total", "1GiB"), ("memory.bandwidth", "20GB/s")))
    once = apply_overrides(report(), overrides)
    assert apply_overrides(once, overrides) == once


def test_nothing_to_correct_changes_nothing() -> None:
    assert apply_overrides(report(), parse_overrides(())) == report()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("memory.total", ""),
        ("memory.total", "-1"),
        ("memory.total", "9999999PiB"),
        ("memory.total", "64GiB/s"),
        ("memory.bandwidth", "0"),
        ("memory.bandwidth", "nan"),
        ("cpu.threads", "٣"),
        ("cpu.threads", "0"),
        ("gpu.0.usable", "perhaps"),
        ("gpu.x.vram", "1GiB"),
        ("disk", "1"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_overrides(((key, value),))
    assert key in english(refused.value.message)
    assert believable(((key, value), ("cpu.threads", "1"))) == (("cpu.threads", "1"),)


@given(
    st.lists(st.tuples(st.sampled_from(KNOWN_KEYS) | st.text(max_size=20), st.text(max_size=20)), max_size=4)
)
def test_any_texts_are_refused_or_applied(pairs: list[tuple[str, str]]) -> None:
    after = apply_overrides(report(), parse_overrides(believable(pairs)))
    assert report_from_json(report_to_json(after)) == after


def test_setting_and_taking_back() -> None:
    first = changed_overrides((), (("Memory.Total ", " 64GiB"),), ())
    assert first == (("memory.total", "64GiB"),)
    assert changed_overrides(first, (("memory.total", "32GiB"),), ()) == (("memory.total", "32GiB"),)
    assert changed_overrides(first, (("cpu.threads", "2"),), ("memory.total",)) == (("cpu.threads", "2"),)
    assert changed_overrides(first, (), ("all",)) == ()
