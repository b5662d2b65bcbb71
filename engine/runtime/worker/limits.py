"""Bounds on time and memory for code that came with a model file."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

if sys.platform == "linux":
    import resource


class TimeExceeded(BaseException):
    """Not an Exception: the code that is bounded must not be able to catch it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupts Python code of this thread between two of its lines, once it has computed for so long:
    waiting for a processor that others use is not its fault. Raises: TimeExceeded."""
    began, deadline = time.thread_time(), time.monotonic() + seconds

    def watch(_frame: FrameType, _event: str, _argument: Any) -> Any:
        # The cheaper clock is asked first.
        if time.monotonic() > deadline and time.thread_time() - began > seconds:
            raise TimeExceeded
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        yield
    finally:
        sys.settrace(before)


@contextmanager
def memory_limit(extra_bytes: int) -> Iterator[None]:
    """Lets the process grow by at most that much private memory; beyond it MemoryError.

    Linux alone can bound private memory without counting mapped model files; elsewhere the
    limits on single operations (templates.py) and the worker's own expendability have to do.
    """
    if sys.platform != "linux":
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _private_bytes() + extra_bytes
    ceiling = min((limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY), default=wanted)
    resource.setrlimit(resource.RLIMIT_DATA, (min(wanted, ceiling), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _private_bytes() -> int:
    found = re.search(r"^VmData:\s+(\d+) kB$", Path("/proc/self/status").read_text("ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 2**62
