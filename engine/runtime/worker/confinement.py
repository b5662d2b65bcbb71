"""What a worker does to itself before native code runs: quiet, mortal, talkative when it dies."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def confine() -> None:
    """Nothing native code prints reaches our stdout, and no worker outlives its program."""
    sys.stdout.flush()
    os.dup2(2, 1)
    os.environ["GGML_NO_BACKTRACE"] = "1"  # else a failed assertion starts a debugger on us
    faulthandler.enable()
    # Ctrl-C in a terminal goes to the whole process group; the program decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
