"""Whether an update took the place of this program while it runs.

A package manager asks nobody, and what was not loaded by then is gone or of another version.
"""

from __future__ import annotations

import sys
from pathlib import Path


def _mark() -> tuple[int, int, int] | None:
    try:
        found = Path(sys.executable).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


_AT_START = _mark()


def was_replaced() -> bool:
    """Only of an installed program: a checkout is changed by whoever works on it."""
    return bool(getattr(sys, "frozen", False)) and _mark() != _AT_START
