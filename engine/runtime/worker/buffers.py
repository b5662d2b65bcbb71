"""How much memory a load took, from what llama.cpp logs: "NAME buffer size = N MiB"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.runtime.values import MemoryShare

_MIB = 1024 * 1024
_KV = "(?:KV|RS) buffer size"
_COMPUTE = "(?:compute|output) buffer size"
_WEIGHTS = "model buffer size"
# CPU_REPACK, CPU_AARCH64, AMX: weights once more, in an order that suits the processor
_REPACKED = re.compile(r"REPACK|AARCH64|AMX|KLEIDIAI|RISCV|SPACEMIT|HBM", re.IGNORECASE)


def kv_cache_bytes(lines: Sequence[str]) -> int:
    return announced_bytes(lines, _KV)


def compute_bytes(lines: Sequence[str]) -> int:
    return last_announced_bytes(lines, _COMPUTE)


def repack_bytes(lines: Sequence[str]) -> int:
    return sum(size for name, size in _announced(lines, _WEIGHTS) if _REPACKED.search(name.split()[0]))


def memory_shares(lines: Sequence[str], devices: Sequence[str]) -> tuple[MemoryShare, ...]:
    """By device and part. `devices` are ggml's names, "CUDA0" say; memory of the host that a device reads
    ("CUDA_Host") counts as "CPU"."""
    sizes: dict[tuple[str, str], int] = {}

    def add(buffer: str, part: str, size: int) -> None:
        key = (_device_of(buffer, devices), part)
        sizes[key] = sizes.get(key, 0) + size

    for name, size in _announced(lines, _WEIGHTS):
        buffer = name.split()[0]
        add(buffer, "repack" if _REPACKED.search(buffer) else "weights", size)
    for name, size in _announced(lines, _KV):
        add(name.split()[0], "kv_cache", size)
    for name, size in dict(_announced(lines, _COMPUTE)).items():
        add(name.split()[0], "compute", size)
    return tuple(MemoryShare(device, part, size) for (device, part), size in sizes.items() if size)


def announced_bytes(lines: Sequence[str], what: str, of: str = r"\S+") -> int:
    """The sum of llama.cpp's log lines "NAME WHAT = N MiB", in bytes (of two decimals of a MiB)."""
    return sum(size for _, size in _announced(lines, what, of))


def last_announced_bytes(lines: Sequence[str], what: str) -> int:
    """As `announced_bytes`, for buffers that are announced again when they are measured again."""
    return sum(dict(_announced(lines, what)).values())


def _announced(lines: Sequence[str], what: str, of: str = r"\S+") -> list[tuple[str, int]]:
    pattern = re.compile(rf"^\w+: +({of} +{what}) = +([0-9.]+) MiB")
    found = [match for line in lines if (match := pattern.match(line))]
    return [(match[1], round(float(match[2]) * _MIB)) for match in found]


def _device_of(buffer: str, devices: Sequence[str]) -> str:
    if "host" in buffer.lower() or _REPACKED.search(buffer):
        return "CPU"
    fitting = [name for name in devices if buffer.lower().startswith(name.lower())]
    return max(fitting, key=len, default=buffer.partition("_")[0])
