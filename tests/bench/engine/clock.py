"""CPU time of processes, to the nanosecond, threads that ended included (Linux)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

_SCHEDULER_CLOCK = 2  # CPUCLOCK_SCHED of the kernel's posix-timers.h


def cpu_s(pids: Iterable[int]) -> float:
    """Of all these processes together, user and system. Raises: OSError, when one is gone.

    /proc/PID/stat counts in ticks of 10 ms; the clock of a process (clock_getcpuclockid(3)) does not.
    """
    return sum(time.clock_gettime((~pid << 3) | _SCHEDULER_CLOCK) for pid in pids)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a piece of work took."""

    tokens: int
    cpu_s: float
    wall_s: float

    @property
    def per_cpu_s(self) -> float:
        """Tokens per CPU-second."""
        return self.tokens / self.cpu_s

    @property
    def per_s(self) -> float:
        return self.tokens / self.wall_s

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.tokens + other.tokens, self.cpu_s + other.cpu_s, self.wall_s + other.wall_s)


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on both clocks."""

    cpu_s: float
    wall_s: float

    @classmethod
    def now(cls, pids: Iterable[int]) -> Mark:
        return cls(cpu_s(pids), time.monotonic())

    def until(self, later: Mark, tokens: int) -> Spent:
        return Spent(tokens, later.cpu_s - self.cpu_s, later.wall_s - self.wall_s)
