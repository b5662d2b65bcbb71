from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.host.restarts import (
    MOST_CRASHES,
    WITHIN_S,
    Crashes,
    Return,
    for_memory,
    missing_devices,
    on_device,
)
from engine.messages import Sentence, sentence

KILLED = sentence("worker_killed", model="m")
NO_MEMORY = sentence("worker_out_of_memory", model="m")
FAULT = sentence("worker_segfault", model="m", log="l")
ABORTED = sentence("worker_aborted", model="m", detail="ggml: failed to allocate buffer", log="l")
DAMAGED = sentence("worker_aborted_loading", model="m", detail="GGML_ASSERT(x)", log="l")
VANISHED = sentence("worker_file_vanished", model="m")


def test_plain_crashes_come_back_unchanged_first_then_lower_then_not() -> None:
    crashes = Crashes()
    assert [crashes.next_step(FAULT, False, False, now) for now in (0, 1, 2)] == [
        Return.SAME,
        Return.LOWER,
        Return.NOT,
    ]
    assert crashes.often
    crashes.forgive()
    assert crashes.next_step(FAULT, False, False, 3) is Return.SAME
    assert crashes.total == 4


@pytest.mark.parametrize("reason", [NO_MEMORY, ABORTED])
def test_want_of_memory_goes_lower_at_once(reason: Sentence) -> None:
    assert for_memory(reason)
    assert Crashes().next_step(reason, True, False, 0) is Return.LOWER


@pytest.mark.parametrize(("reason", "loading"), [(VANISHED, False), (FAULT, True)])
def test_what_would_only_happen_again_does_not_come_back(reason: Sentence, loading: bool) -> None:
    assert Crashes().next_step(reason, loading, False, 0) is Return.NOT


def test_a_load_that_was_killed_is_tried_again() -> None:
    assert Crashes().next_step(KILLED, True, False, 0) is Return.SAME


def test_an_instruction_that_is_refused_is_done_without_once() -> None:
    reason = sentence("worker_bad_instruction", model="m", log="l")
    assert Crashes().next_step(reason, False, False, 0) is Return.PLAIN
    assert Crashes().next_step(reason, False, True, 0) is Return.NOT
    assert Crashes().next_step(DAMAGED, True, False, 0) is Return.PLAIN
    assert Crashes().next_step(DAMAGED, True, True, 0) is Return.NOT


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=30))
def test_it_stops_exactly_when_three_crashes_are_close_together(gaps: list[float]) -> None:
    crashes, now, times = Crashes(), 0.0, []
    for gap in gaps:
        now += gap
        times.append(now)
        close = sum(1 for time in times if now - time < WITHIN_S)
        assert (crashes.next_step(FAULT, False, False, now) is Return.NOT) == (close >= MOST_CRASHES)


@pytest.mark.parametrize(
    ("code", "values", "device"),
    [
        ("model_memory", {"model": "m", "reason": "unable to allocate CUDA0 buffer"}, True),
        ("model_memory", {"model": "m", "reason": "failed to allocate RPC0[127.0.0.1:5] buffer"}, True),
        ("model_memory", {"model": "m", "reason": "allocating 9 MiB on device 0: cudaMalloc failed"}, True),
        ("model_memory", {"model": "m", "reason": "unable to allocate CPU buffer"}, False),
        ("model_memory", {"model": "m", "reason": "failed to allocate CPU_REPACK buffer of size 9"}, False),
        ("model_memory", {"model": "m", "reason": "failed to allocate compute buffers"}, False),
        ("worker_out_of_memory", {"model": "m"}, False),
        ("worker_aborted", {"model": "m", "detail": "CUDA error: out of memory", "log": "l"}, True),
        ("worker_aborted", {"model": "m", "detail": "CUDA error: an illegal access", "log": "l"}, False),
    ],
)
def test_whose_memory_ran_out_is_read_from_what_was_said(
    code: str, values: dict[str, object], device: bool
) -> None:
    assert on_device(sentence(code, **values)) is device


@pytest.mark.parametrize(
    ("code", "values", "missing"),
    [
        ("device_missing", {"model": "m", "device": "CUDA1"}, ("CUDA1",)),
        ("node_unreachable", {"endpoint": "127.0.0.1:9", "reason": "r"}, ("127.0.0.1:9/0", "127.0.0.1:9/1")),
        ("node_unreachable", {"endpoint": "127.0.0.1:90", "reason": "r"}, ()),
        ("model_memory", {"model": "m", "reason": "unable to allocate CUDA1 buffer"}, ()),
    ],
)
def test_devices_that_a_load_was_refused_for(
    code: str, values: dict[str, object], missing: tuple[str, ...]
) -> None:
    devices = ("CUDA0", "CUDA1", "127.0.0.1:9/0", "127.0.0.1:9/1")
    assert missing_devices(sentence(code, **values), devices) == missing
