"""The processor's caches, as the kernel of Linux lists them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from engine.hardware.cgroup import read_number, read_text
from engine.hardware.report import CpuCache

_KINDS = ("Data", "Instruction", "Unified")
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}
_MOST_BYTES = 2**40


def cpu_caches(root: Path = Path("/")) -> tuple[CpuCache, ...]:
    """Lowest level first; each cache is listed under every processor that shares it and counted once."""
    seen: dict[tuple[int, str, str], int] = {}
    for folder in (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cache/index*"):
        level, kind = read_number(folder / "level"), read_text(folder / "type") or "Unified"
        size = cache_bytes(read_text(folder / "size"))
        if level is not None and 1 <= level <= 9 and kind in _KINDS and size:
            sharers = read_text(folder / "shared_cpu_list") or folder.parent.parent.name
            seen[level, kind.lower(), sharers] = size
    counts = Counter((level, kind, size) for (level, kind, _), size in seen.items())
    return tuple(CpuCache(level, kind, size, count) for (level, kind, size), count in sorted(counts.items()))


def cache_bytes(text: str) -> int:
    """ "48K" is 49152; 0 for anything that is no such size."""
    unit = _UNITS.get(text[-1:].upper(), 0)
    digits = text[:-1] if unit else text
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 15:
        return 0
    size = int(digits) * (unit or 1)
    return size if size <= _MOST_BYTES else 0
