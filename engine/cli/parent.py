"""Commands that a window starts end with it: it holds the other end of their standard input."""

from __future__ import annotations

import os
import sys
import threading

from engine.cancellation import CancelToken
from engine.errors import UsageError


def end_with_parent(token: CancelToken, command: str) -> None:
    """Cancels once standard input ends. Raises: UsageError, where there is none."""
    if sys.stdin is None:
        raise UsageError.of("usage", problem="--with-parent needs standard input", program=command)
    handle = sys.stdin.fileno()

    def watch() -> None:
        while os.read(handle, 4096):
            pass
        token.cancel()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
