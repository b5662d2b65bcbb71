"""Ctrl+C while the program waits for a person."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from engine.cancellation import CancelToken
from engine.errors import Cancelled


@contextmanager
def ended_by_signals(token: CancelToken) -> Iterator[None]:
    """Ctrl+C and SIGTERM end the wait inside at once, not at the next line. Main thread only.

    Raises: Cancelled.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        token.cancel()
        raise Cancelled

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
