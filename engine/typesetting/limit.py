"""A limit on what a process may take for one piece of work: time of the processor, since on a busy machine
the clock on the wall says nothing about the work."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import Final

import psutil

_WAITS: Final = 10.0  # times its limit, by the clock on the wall: one that hangs computes nothing
_LEAST_LOOK_S: Final = 0.05


class Limit:
    """Kills the process where it takes longer. Once `end` returns it is not killed any more."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._begun = _computed_s(process.pid)
        self._latest = time.monotonic() + _WAITS * seconds
        self._ended = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._watch, name="limit", daemon=True).start()

    def end(self) -> None:
        with self._lock:
            self._ended.set()

    def _watch(self) -> None:
        pause = self._seconds
        while not self._ended.wait(pause):
            computed = _computed_s(self._process.pid) - self._begun
            left = min(self._seconds - computed, self._latest - time.monotonic())
            if left <= 0:
                with self._lock:
                    if not self._ended.is_set():
                        self._process.kill()
                return
            pause = max(left, _LEAST_LOOK_S)


def _computed_s(pid: int) -> float:
    """0 for a process that has ended: whoever waits for its answer is told so."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system
