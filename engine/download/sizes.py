"""Sizes in words."""

from __future__ import annotations

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def size_text(size_bytes: int) -> str:
    """A size for a sentence: "4.6 GiB"."""
    if abs(size_bytes) < 1024:
        return f"{size_bytes} B"
    size, power = size_bytes / 1024, 0
    while abs(size) >= 1024 and power < len(_UNITS) - 1:
        size, power = size / 1024, power + 1
    return f"{size:.1f} {_UNITS[power]}"
