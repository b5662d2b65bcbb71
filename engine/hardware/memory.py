"""System memory: what there is, what is free, and what limits this process."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import psutil

from engine.hardware.cgroup import MemoryLimit, memory_limit, read_text
from engine.hardware.memory_modules import memory_modules, populated_channels
from engine.hardware.report import MemoryInfo

log = logging.getLogger(__name__)


def probe_memory(root: Path = Path("/")) -> MemoryInfo:
    """Memory now, without its bandwidth. `root` is the file system to read limits from."""
    machine, (swap, swap_free) = psutil.virtual_memory(), swap_bytes()
    limited = limited_memory(machine.total, machine.available, swap, memory_limit(root), is_wsl(root))
    modules = memory_modules(root)
    return replace(
        limited,
        swap_free_bytes=min(swap_free, swap),
        modules=modules,
        channels=populated_channels(modules),
    )


def swap_bytes() -> tuple[int, int]:
    """All of it and what is free. None counts as there where the system does not tell: Windows does not,
    where its performance counters were switched off or are broken."""
    try:
        swap = psutil.swap_memory()
    except (OSError, RuntimeError) as error:
        log.warning("the swap of this machine is not known: %s", error)
        return 0, 0
    return swap.total, swap.free


def free_memory(root: Path = Path("/")) -> int:
    """Bytes that are available at this moment, to this process."""
    limit = memory_limit(root)
    available = int(psutil.virtual_memory().available)
    return min(available, limit.available_bytes) if limit is not None else available


def limited_memory(total: int, available: int, swap: int, limit: MemoryLimit | None, wsl: bool) -> MemoryInfo:
    """The machine's memory under a group's limit; a limit above the total is none. Sizes in bytes."""
    limits = limit is not None and limit.limit_bytes < total
    return MemoryInfo(
        total_bytes=total,
        available_bytes=min(available, limit.available_bytes) if limit is not None else available,
        limit_bytes=limit.limit_bytes if limit is not None and limits else None,
        swap_bytes=swap,
        wsl=wsl,
        bandwidth=None,
    )


def is_wsl(root: Path = Path("/")) -> bool:
    """Whether this Linux is a guest of Windows, which gives it a part of the memory only."""
    return "microsoft" in read_text(root / "proc/sys/kernel/osrelease").lower()
