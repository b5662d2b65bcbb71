"""Whether a process that has work to do gets on with it, seen from outside and without its help."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

# A stopped process does nothing whatever it has to do; a look or two later that is no accident.
HALTED_S = 3.0
# A busy machine, a slow disk or a swapped-out process still move within that time.
STILL_S = 90.0


@dataclass(frozen=True, slots=True)
class _Signs:
    """What changes while a process gets on: time on the processor, and turns that it took."""

    cpu_s: float
    switches: int


class Pulse:
    """`stuck` is asked now and then while there is work; `rest` when there is none."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._signs: _Signs | None = None
        self._since = 0.0
        self._halted_since: float | None = None

    def rest(self) -> None:
        self._signs = self._halted_since = None

    def stuck(self, now: float) -> bool:
        """Whether it was halted, or has not moved, for too long. `now` in seconds of any clock."""
        try:
            with self._process.oneshot():
                halted = self._process.status() == psutil.STATUS_STOPPED
                signs = self._look()
        except psutil.Error:
            return False  # it has ended, which is told otherwise
        if not halted:
            self._halted_since = None
        elif self._halted_since is None:
            self._halted_since = now
        if signs != self._signs:
            self._signs, self._since = signs, now
        halted_long = self._halted_since is not None and now - self._halted_since >= HALTED_S
        return halted_long or now - self._since >= STILL_S

    def _look(self) -> _Signs:
        times, switches = self._process.cpu_times(), self._process.num_ctx_switches()
        return _Signs(times.user + times.system, switches.voluntary + switches.involuntary)
