"""A helper that hangs in native code ends with the process that started it, though that one was killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]

STARTER = """
import subprocess, sys
from engine.lifeline import lifeline
with lifeline() as rope:
    sys.exit(subprocess.run([sys.executable, "-c", sys.argv[1]], stdin=rope).returncode)
"""
BEGINS = """
import ctypes, os, sys, time
from engine import lifeline
"""
SAYS_SO = "print(os.getpid(), flush=True)\n"
HANGS = "ctypes.windll.kernel32.Sleep(-1) if sys.platform == 'win32' else ctypes.CDLL(None).pause()\n"
HOLDS_PYTHON = "ctypes.pythonapi.pause()\n"  # and with it the lock of all its threads


def start(helper: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, BEGINS + helper], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def ends(process: psutil.Process) -> bool:
    """Within two minutes: whoever has to take note of its end may be busy."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize(
    "ways",
    [
        "lifeline.end_with_lifeline()\n",
        pytest.param(
            "lifeline.end_by_kernel = lambda: None\nlifeline.end_with_lifeline()\n", id="by the pipe alone"
        ),
        pytest.param(
            "lifeline.end_by_kernel()\n",
            id="by the kernel alone",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux alone does that"),
        ),
    ],
)
def test_it_ends_when_its_starter_is_killed(ways: str) -> None:
    killed_as_it_hangs(ways + SAYS_SO + HANGS)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone does that")
def test_it_ends_though_no_thread_of_python_can_go_on() -> None:
    killed_as_it_hangs("lifeline.end_with_lifeline()\n" + SAYS_SO + HOLDS_PYTHON)


def killed_as_it_hangs(helper: str) -> None:
    starter = start(helper)
    assert starter.stdout is not None
    hanging = psutil.Process(int(starter.stdout.readline()))
    end_the_starter(starter, hanging)


def end_the_starter(starter: subprocess.Popen[str], hanging: psutil.Process) -> None:
    try:
        assert hanging.is_running()
        starter.kill()
        starter.wait()
        assert ends(hanging), "it hangs for ever"
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            hanging.kill()


def test_it_is_left_alone_while_its_starter_lives() -> None:
    starter = start("lifeline.end_with_lifeline()\ntime.sleep(2)\nprint('well')\n")
    told, _ = starter.communicate(timeout=300)
    assert (told.strip(), starter.returncode) == ("well", 0)


ASKS = """
import sys
from engine.hardware.vulkan import vulkan_cards
vulkan_cards([sys.executable, sys.argv[1], "_vulkan"], seconds=600)
"""
DRIVER = """
#include <stdio.h>
#include <unistd.h>
int vkCreateInstance(void *a, void *b, void *c) { fclose(fopen(REACHED, "w")); for (;;) pause(); }
"""


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("gcc") is None, reason="needs a compiler")
def test_a_driver_that_hangs_in_a_check_ends_with_it(tmp_path: Path) -> None:
    reached, source = tmp_path / "reached", tmp_path / "driver.c"
    source.write_text(DRIVER)
    words = [
        "gcc",
        "-shared",
        "-fPIC",
        f'-DREACHED="{reached}"',
        "-o",
        str(tmp_path / "libvulkan.so.1"),
        str(source),
    ]
    subprocess.run(words, check=True, timeout=200)
    asking = subprocess.Popen(
        [sys.executable, "-c", ASKS, str(ROOT / "tests" / "worker_entry.py")],
        cwd=ROOT,
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
    )
    deadline = time.monotonic() + 120
    while not reached.exists():
        assert time.monotonic() < deadline and asking.poll() is None
        time.sleep(0.02)
    (hanging,) = psutil.Process(asking.pid).children()
    end_the_starter(asking, hanging)
