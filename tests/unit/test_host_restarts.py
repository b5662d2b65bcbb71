from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.host.restarts import MOST_CRASHES, WITHIN_S, Crashes, Return, for_memory
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
