"""Machines whose memory is in parts, each near to some of the processors (NUMA), as Linux lists them."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from engine.hardware.cgroup import read_text
from engine.hardware.cpu import cpu_numbers


def nodes_at_hand(usable: Set[int], root: Path = Path("/")) -> tuple[int, ...]:
    """Nodes with memory that this process may take, near to a processor that it may run on (`usable`).

    Memory without processors is slower (CXL) or belongs to a graphics card (Grace Hopper).
    """
    status = read_text(root / "proc/self/status").splitlines()
    allowed = next((line for line in status if line.startswith("Mems_allowed_list:")), "").partition(":")[2]
    folder = root / "sys/devices/system/node"
    with_memory = cpu_numbers(read_text(folder / "has_memory")) & cpu_numbers(allowed)
    near = (node for node in with_memory if cpu_numbers(read_text(folder / f"node{node}/cpulist")) & usable)
    return tuple(sorted(near))
