"""Figures as people read them, for the values of sentences."""

from __future__ import annotations

from engine.planning.machine import GIB, MIB


def size_text(size: int) -> str:
    """ "4.7 GiB", "377 GiB", "90 MiB"; never 0 for something."""
    if size >= 100 * GIB:
        return f"{size / GIB:,.0f} GiB"
    if size >= GIB:
        return f"{size / GIB:.1f} GiB"
    return f"{max(size / MIB, 1 if size else 0):.0f} MiB"


def rate_text(bytes_per_second: float) -> str:
    """ "62 GB/s", "0.8 GB/s"; decimal, as memory and disks are sold."""
    rate = bytes_per_second / 1e9
    return f"{rate:,.0f} GB/s" if rate >= 10 else f"{rate:.1f} GB/s"


def speed_text(tokens_per_second: float) -> str:
    """ "92", "8.5", "0.4", "0.014" tokens per second; never 0."""
    if tokens_per_second < 0.95:
        return f"{max(tokens_per_second, 1e-4):.2g}"
    return f"{tokens_per_second:.0f}" if tokens_per_second >= 10 else f"{tokens_per_second:.1f}"


def wait_text(seconds: float) -> str:
    """ "8 s", "2 min", "3 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
