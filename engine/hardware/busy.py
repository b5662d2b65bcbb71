"""Was somebody else using the machine while we measured it?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.hardware.cgroup import read_text

# Shares of the whole machine's processor time from which on a measurement is called disturbed.
_OTHERS_SHARE = 0.10
_STEAL_SHARE = 0.03
# Shares of the elapsed time in which some task waited (pressure stall information).
_CPU_PRESSURE = 0.25
_MEMORY_PRESSURE = 0.05


@dataclass(frozen=True, slots=True)
class MachineTimes:
    """Processor seconds since boot over all processors; `own_s` those of this process."""

    at: float  # time.monotonic() seconds
    busy_s: float
    idle_s: float
    steal_s: float  # taken by other guests of the same host
    own_s: float
    cpu_stall_s: float | None  # None where the kernel keeps no pressure figures
    memory_stall_s: float | None


def machine_times(root: Path = Path("/")) -> MachineTimes:
    """Now. `root` is the file system to read pressure figures from."""
    times = psutil.cpu_times()
    # "guest" is contained in "user"; "iowait" is idle time; the rest differs by system.
    busy = sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq"))
    return MachineTimes(
        at=time.monotonic(),
        busy_s=busy,
        idle_s=times.idle + getattr(times, "iowait", 0.0),
        steal_s=getattr(times, "steal", 0.0),
        own_s=time.process_time(),
        cpu_stall_s=pressure_stall_s(read_text(root / "proc/pressure/cpu")),
        memory_stall_s=pressure_stall_s(read_text(root / "proc/pressure/memory")),
    )


def pressure_stall_s(text: str) -> float | None:
    """Seconds in which at least one task waited, from a /proc/pressure file."""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        total = rest.rpartition("total=")[2].strip()
        if kind == "some" and total.isdecimal():
            return int(total) / 1e6
    return None


def used_share(before: MachineTimes, after: MachineTimes) -> float:
    """Part of all processors' time in use between the two, 0 to 1."""
    busy = after.busy_s - before.busy_s
    spent = busy + after.idle_s - before.idle_s + after.steal_s - before.steal_s
    return min(1.0, max(0.0, busy / spent)) if spent > 0 else 0.0


def was_busy(before: MachineTimes, after: MachineTimes) -> bool:
    """Whether other programs, other guests or a lack of memory disturbed what ran between the two."""
    elapsed = after.at - before.at
    busy, steal = after.busy_s - before.busy_s, after.steal_s - before.steal_s
    spent = busy + after.idle_s - before.idle_s + steal
    if elapsed <= 0 or spent <= 0:
        return False
    others = busy - (after.own_s - before.own_s)
    return (
        others / spent > _OTHERS_SHARE
        or steal / spent > _STEAL_SHARE
        or _stalled(before.cpu_stall_s, after.cpu_stall_s, elapsed) > _CPU_PRESSURE
        or _stalled(before.memory_stall_s, after.memory_stall_s, elapsed) > _MEMORY_PRESSURE
    )


def _stalled(before: float | None, after: float | None, elapsed: float) -> float:
    return 0.0 if before is None or after is None else (after - before) / elapsed
