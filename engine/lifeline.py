"""A helper process ends with the one that started it, however that one ends and whatever itself is stuck in.

Its standard input is a pipe that nobody writes to: it ends with the one who holds the other end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>
_LOOK_S: Final = 0.5


@contextmanager
def lifeline() -> Iterator[int]:
    """For the standard input of a helper that calls `end_with_lifeline`; it ends with the `with`."""
    theirs, ours = os.pipe()
    try:
        yield theirs
    finally:
        os.close(theirs)
        os.close(ours)


def end_with_lifeline() -> None:
    """To be called before any native code that may never return."""
    threading.Thread(target=_watch, name="lifeline", daemon=True).start()
    end_by_kernel()


def end_by_kernel() -> None:
    """On Linux the system ends this process with the *thread* that started it, though Python's lock be held.
    A thread that has ended already goes unseen: that has to be noticed otherwise."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def end_now() -> None:
    """Ends this process with all its threads, whatever they are in."""
    if sys.platform == "win32":
        # Any gentler end waits for the lock under which libraries are loaded: one that hangs then has it.
        os.kill(os.getpid(), signal.SIGTERM)
    os._exit(0)


def _watch() -> None:
    if sys.platform == "win32":
        import _winapi

        # Not read: meanwhile every library that asks what its standard input is, as it is loaded, waits.
        handle = _winapi.GetStdHandle(_winapi.STD_INPUT_HANDLE)
        try:
            while True:
                _winapi.PeekNamedPipe(handle, 0)
                time.sleep(_LOOK_S)
        except BrokenPipeError:
            end_now()
    else:
        while os.read(0, 64):
            pass
        end_now()
