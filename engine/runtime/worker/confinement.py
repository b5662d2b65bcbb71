"""What a worker does to itself before native code runs: quiet, mortal, talkative when it dies."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
from pathlib import Path

from engine.lifeline import end_by_kernel

_FIRST_TO_GO = b"500"  # of 1000: when memory runs out, the system takes this process, not the window


def confine() -> None:
    """Nothing native code prints reaches our stdout, and no worker outlives its program."""
    sys.stdout.flush()
    os.dup2(2, 1)
    os.environ["GGML_NO_BACKTRACE"] = "1"  # else a failed assertion starts a debugger on us
    faulthandler.enable()
    # Ctrl-C in a terminal goes to the whole process group; the program decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_by_kernel()
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a container may forbid it
            Path("/proc/self/oom_score_adj").write_bytes(_FIRST_TO_GO)
