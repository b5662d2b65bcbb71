"""A port that a program may listen at soon."""

from __future__ import annotations

import contextlib
import random
import socket


def free_port() -> int:
    """Below those that the system gives to whoever connects somewhere (from 32768 on, on Linux): one of them
    might take it before the program does."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), contextlib.closing(socket.socket()) as asked:
            asked.bind(("127.0.0.1", port))
            return port
