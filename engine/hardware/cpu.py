"""The processor: name, cores, instruction sets, caches, and how much of it this process may use."""

from __future__ import annotations

import math
import os
import platform
import sys
from pathlib import Path

import psutil

from engine.hardware import cpu_elsewhere
from engine.hardware.cgroup import cpu_quota, read_number, read_text
from engine.hardware.cpu_caches import cpu_caches
from engine.hardware.report import CpuInfo

# What ggml's kernels are chosen by, as the kernel of Linux spells it → as we show it.
_X86_SETS = {
    "sse4_2": "sse4_2",
    "avx": "avx",
    "avx2": "avx2",
    "avx_vnni": "avx_vnni",
    "fma": "fma",
    "f16c": "f16c",
    "bmi2": "bmi2",
    "avx512f": "avx512f",
    "avx512bw": "avx512bw",
    "avx512dq": "avx512dq",
    "avx512vl": "avx512vl",
    "avx512vbmi": "avx512_vbmi",
    "avx512_vnni": "avx512_vnni",
    "avx512_bf16": "avx512_bf16",
    "amx_tile": "amx_tile",
    "amx_int8": "amx_int8",
    "amx_bf16": "amx_bf16",
}
_ARM_SETS = {
    "asimd": "neon",
    "neon": "neon",
    "asimddp": "dotprod",
    "asimdhp": "fp16",
    "i8mm": "i8mm",
    "bf16": "bf16",
    "sve": "sve",
    "sve2": "sve2",
    "sme": "sme",
}
_SETS = _X86_SETS | _ARM_SETS

# Cores below this share of the fastest core's capacity are efficiency cores.
_PERFORMANCE_SHARE = 0.7


def probe_cpu(root: Path = Path("/")) -> CpuInfo:
    """What the processor is. `root` is the file system to read on Linux. Raises: OSError."""
    architecture = platform.machine()
    if not sys.platform.startswith("linux"):
        return cpu_elsewhere.probe_cpu()
    facts = _cpuinfo(root)
    cores = _cores(root)
    logical = len(cores) or psutil.cpu_count() or 1
    physical = len(set(cores.values())) or psutil.cpu_count(logical=False) or logical
    caches, affinity, quota = cpu_caches(root), os.sched_getaffinity(0), cpu_quota(root)
    return CpuInfo(
        model=cpu_name(facts, architecture),
        architecture=architecture,
        physical_cores=physical,
        logical_cores=logical,
        performance_cores=_performance_cores(root, cores) or physical,
        usable_cores=usable_cores(logical, affinity, quota),
        instruction_sets=instruction_sets(facts.get("flags", "") or facts.get("features", "")),
        l3_bytes=sum(cache.size_bytes * cache.count for cache in caches if cache.level == 3) or None,
        caches=caches,
        sockets=len({package for package, _ in cores.values()}) or None,
        numa_nodes=_numa_nodes(root),
        affinity_cores=len(affinity) or None,
        quota_cores=quota,
    )


def usable_cores(logical: int, affinity: set[int], quota: float | None) -> float:
    """Logical processors that this process may keep busy: the tightest of affinity and quota."""
    return min(float(logical), float(len(affinity) or logical), math.inf if quota is None else quota)


def instruction_sets(flags: str) -> tuple[str, ...]:
    """Those of /proc/cpuinfo's flags that matter to ggml, weakest first."""
    present = set(flags.lower().split())
    return tuple(dict.fromkeys(shown for flag, shown in _SETS.items() if flag in present))


def cpu_name(facts: dict[str, str], architecture: str) -> str:
    """The name people know it by; the architecture where the kernel tells none (many ARM boards)."""
    for key in ("model name", "cpu model", "hardware", "model"):
        name = " ".join(facts.get(key, "").split())
        if name and not name.isdigit():
            return name[:200]
    return architecture


def cpu_numbers(text: str) -> set[int]:
    """The kernel's list format: "0-3,8" is {0, 1, 2, 3, 8}. Broken parts count for nothing."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            start, end = int(first), int(last or first)
            if start <= end < 65_536:
                numbers.update(range(start, end + 1))
    return numbers


def _cpuinfo(root: Path) -> dict[str, str]:
    """The first value of each key of /proc/cpuinfo, keys in lower case."""
    facts: dict[str, str] = {}
    for line in read_text(root / "proc/cpuinfo").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            facts.setdefault(key.strip().lower(), value.strip())
    return facts


def _cores(root: Path) -> dict[int, tuple[int, int]]:
    """Logical processor → (package, core) for those that are online."""
    cores: dict[int, tuple[int, int]] = {}
    for folder in (root / "sys/devices/system/cpu").glob("cpu[0-9]*"):
        package = read_number(folder / "topology/physical_package_id")
        core = read_number(folder / "topology/core_id")
        if package is not None and core is not None and folder.name[3:].isdecimal():
            cores[int(folder.name[3:])] = (package, core)
    return cores


def _performance_cores(root: Path, cores: dict[int, tuple[int, int]]) -> int:
    """Physical cores of the fast kind; 0 where the kernel does not tell kinds apart."""
    fast = cpu_numbers(read_text(root / "sys/devices/cpu_core/cpus"))  # Intel hybrids
    if not fast:
        folder = root / "sys/devices/system/cpu"
        capacities = {cpu: read_number(folder / f"cpu{cpu}/cpu_capacity") or 0 for cpu in cores}
        least = _PERFORMANCE_SHARE * max(capacities.values(), default=0)
        fast = {cpu for cpu, capacity in capacities.items() if capacity >= least > 0}
    return len({core for cpu, core in cores.items() if cpu in fast})


def _numa_nodes(root: Path) -> int | None:
    """Nodes with processors of their own: one that only holds memory does not compute."""
    folders = (root / "sys/devices/system/node").glob("node[0-9]*")
    return sum(bool(cpu_numbers(read_text(folder / "cpulist"))) for folder in folders) or None
