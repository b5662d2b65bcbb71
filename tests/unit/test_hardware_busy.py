"""When a measurement counts as disturbed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.hardware.busy import MachineTimes, machine_times, pressure_stall_s, used_share, was_busy

START = MachineTimes(
    at=100.0, busy_s=50.0, idle_s=900.0, steal_s=0.0, own_s=5.0, cpu_stall_s=1.0, memory_stall_s=0.0
)
# Two processors for 3 s, one of them used by us.
QUIET = replace(START, at=103.0, busy_s=53.1, idle_s=902.9, own_s=8.0)


def test_own_work_does_not_count() -> None:
    assert not was_busy(START, QUIET)
    assert used_share(START, QUIET) == pytest.approx(3.1 / 6)


@pytest.mark.parametrize(
    "after",
    [
        replace(QUIET, busy_s=54.5, idle_s=901.5),  # others took 1.5 s
        replace(QUIET, steal_s=0.5),
        replace(QUIET, cpu_stall_s=2.5),
        replace(QUIET, memory_stall_s=0.4),
    ],
)
def test_others_steal_and_pressure_count(after: MachineTimes) -> None:
    assert was_busy(START, after)


def test_without_pressure_figures_and_without_time() -> None:
    assert not was_busy(replace(START, cpu_stall_s=None), QUIET)
    assert not was_busy(START, START)
    assert used_share(START, START) == 0.0


def test_pressure_file() -> None:
    text = "some avg10=1.46 avg60=0.72 avg300=0.18 total=10573450\nfull avg10=0.00 total=7\n"
    assert pressure_stall_s(text) == 10.57345
    assert pressure_stall_s("") is None
    assert pressure_stall_s("some total=x") is None


def test_the_clock_of_this_machine_runs() -> None:
    first = machine_times()
    second = machine_times()
    assert second.at >= first.at and second.busy_s >= first.busy_s and second.own_s >= first.own_s
