"""Processes that get on, wait, or are halted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from engine.runtime.pulse import HALTED_S, STILL_S, Pulse


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_halted(process: subprocess.Popen[bytes]) -> bool:
    return psutil.Process(process.pid).status() == psutil.STATUS_STOPPED


@pytest.fixture(params=["while True: sum(range(1000))", "input()"])
def process(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[bytes], bool]]:
    """One that has started, and either works or waits."""
    program = f"print('up', flush=True)\n{request.param}"
    made = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert made.stdout is not None and made.stdout.readline()
    works = request.param != "input()"
    if not works:
        wait_for(lambda: psutil.Process(made.pid).status() == psutil.STATUS_SLEEPING)
    yield made, works
    made.kill()
    made.communicate()


def test_what_works_moves_and_what_waits_does_not(process: tuple[subprocess.Popen[bytes], bool]) -> None:
    made, works = process
    pulse = Pulse(made.pid)
    assert not pulse.stuck(0.0)
    before = psutil.Process(made.pid).cpu_times().user
    if works:
        wait_for(lambda: psutil.Process(made.pid).cpu_times().user > before)
    assert not pulse.stuck(STILL_S - 1)
    assert pulse.stuck(STILL_S + 1) is not works
    pulse.rest()
    assert not pulse.stuck(STILL_S + 2)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows halts no process")
def test_a_halted_process_is_stuck_soon_unless_it_goes_on(
    process: tuple[subprocess.Popen[bytes], bool],
) -> None:
    made, _ = process
    pulse = Pulse(made.pid)
    os.kill(made.pid, signal.SIGSTOP)
    wait_for(lambda: is_halted(made))
    assert not pulse.stuck(0.0)
    assert pulse.stuck(HALTED_S)
    os.kill(made.pid, signal.SIGCONT)
    wait_for(lambda: not is_halted(made))
    assert not pulse.stuck(HALTED_S + 1)


def test_a_process_that_has_ended_is_not_stuck() -> None:
    made = subprocess.Popen([sys.executable, "-c", ""])
    pulse = Pulse(made.pid)
    made.wait()
    assert not pulse.stuck(0.0)
    assert not pulse.stuck(STILL_S)
