"""Processes that get on, wait, or are halted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from engine.runtime.pulse import HALTED_S, STILL_S, Pulse


@pytest.fixture(params=["while True: sum(range(1000))", "input()"])
def process(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[bytes], bool]]:
    made = subprocess.Popen([sys.executable, "-c", request.param], stdin=subprocess.PIPE)
    time.sleep(0.5)  # until it has started
    yield made, request.param != "input()"
    made.kill()
    made.wait()


def test_what_works_moves_and_what_waits_does_not(process: tuple[subprocess.Popen[bytes], bool]) -> None:
    made, works = process
    pulse = Pulse(made.pid)
    assert not pulse.stuck(0.0)
    time.sleep(0.2)
    assert not pulse.stuck(STILL_S - 1)
    assert pulse.stuck(STILL_S + 1) is not works
    pulse.rest()
    assert not pulse.stuck(STILL_S + 2)


def test_a_halted_process_is_stuck_soon_unless_it_goes_on(
    process: tuple[subprocess.Popen[bytes], bool],
) -> None:
    made, _ = process
    pulse = Pulse(made.pid)
    os.kill(made.pid, signal.SIGSTOP)
    time.sleep(0.1)
    assert not pulse.stuck(0.0)
    assert pulse.stuck(HALTED_S)
    os.kill(made.pid, signal.SIGCONT)
    time.sleep(0.1)
    assert not pulse.stuck(HALTED_S + 1)


def test_a_process_that_has_ended_is_not_stuck() -> None:
    made = subprocess.Popen([sys.executable, "-c", ""])
    pulse = Pulse(made.pid)
    made.wait()
    assert not pulse.stuck(0.0)
    assert not pulse.stuck(STILL_S)
