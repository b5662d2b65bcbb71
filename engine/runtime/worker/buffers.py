"""How much memory a load took, from what llama.cpp logs: "NAME buffer size = N MiB"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from engine.hardware.nodes import node_device
from engine.runtime.values import MemoryShare
from engine.runtime.worker.breakdown import BufferSizes

_MIB = 1024 * 1024
_KV = "(?:KV|RS) buffer size"
_GRAPH = "compute buffer size"
_OUTPUT = "output buffer size"
_WEIGHTS = "model buffer size"
# "RPC0[127.0.0.1:50052]": a number among that node's devices, and where it is reached
_OF_NODE = re.compile(r"RPC(\d+)\[(.+)\]")
# CPU_REPACK, CPU_AARCH64, AMX: weights once more, in an order that suits the processor
_REPACKED = re.compile(r"REPACK|AARCH64|AMX|KLEIDIAI|RISCV|SPACEMIT|HBM", re.IGNORECASE)


def memory_shares(
    lines: Sequence[str], devices: Sequence[str], told: Sequence[BufferSizes] | None = None
) -> tuple[MemoryShare, ...]:
    """By device and part. `devices` are ggml's names, "CUDA0" say; memory of the host that a device reads
    ("CUDA_Host") counts as "CPU". `told` is llama.cpp's own account, where there is one."""
    sizes: Counter[tuple[str, str]] = Counter()

    def add(buffer: str, part: str, size: int) -> None:
        sizes[_device_of(buffer, devices), part] += size

    for name, size in announced(lines, _OUTPUT):
        add(name.split()[0], "output", size)
    if told is None:
        told = _from_log(lines)
    for one in told:
        add(one.buffer, "repack" if _REPACKED.search(one.buffer) else "weights", one.model)
        add(one.buffer, "kv_cache", one.context)
        add(one.buffer, "compute", one.compute)
    return tuple(MemoryShare(device, part, size) for (device, part), size in sizes.items() if size)


def _from_log(lines: Sequence[str]) -> list[BufferSizes]:
    model = [BufferSizes(name.split()[0], size, 0, 0) for name, size in announced(lines, _WEIGHTS)]
    context = [BufferSizes(name.split()[0], 0, size, 0) for name, size in announced(lines, _KV)]
    # announced again when they are measured again
    compute = dict(announced(lines, _GRAPH)).items()
    return [*model, *context, *(BufferSizes(name.split()[0], 0, 0, size) for name, size in compute)]


def announced(lines: Sequence[str], what: str) -> list[tuple[str, int]]:
    """llama.cpp's log lines "NAME WHAT = N MiB", in bytes (of two decimals of a MiB)."""
    pattern = re.compile(rf"^\w+: +(\S+ +{what}) = +([0-9.]+) MiB")
    found = [match for line in lines if (match := pattern.match(line))]
    return [(match[1], round(float(match[2]) * _MIB)) for match in found]


def _device_of(buffer: str, devices: Sequence[str]) -> str:
    if "host" in buffer.lower() or _REPACKED.search(buffer):
        return "CPU"
    if found := _OF_NODE.fullmatch(buffer):
        return node_device(found[2], int(found[1]))
    fitting = [name for name in devices if buffer.lower().startswith(name.lower())]
    return max(fitting, key=len, default=buffer.partition("_")[0])
