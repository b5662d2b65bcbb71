"""A speed cap: a bucket of bytes that all lanes of all downloads of this program draw from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

_BURST_SECONDS: Final = 0.25  # so much may be read at once
_SMALLEST_PIECE: Final = 4 << 10  # fewer bytes are not worth a call


class Pace:
    """Thread-safe. The limit is in bytes per second, 0 for none, and may change at any time."""

    def __init__(self, limit: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limit = max(0, limit)
        self._there = 0.0
        self._filled_at = clock()

    @property
    def limit(self) -> int:
        return self._limit

    def change(self, limit: int) -> None:
        with self._lock:
            self._limit = max(0, limit)

    def take(self, wanted: int) -> int:
        """How many of `wanted` bytes may be read now; 0: none yet, ask again in a moment."""
        with self._lock:
            if not self._limit:
                return wanted
            now = self._clock()
            most = max(self._limit * _BURST_SECONDS, _SMALLEST_PIECE)
            self._there = min(most, self._there + (now - self._filled_at) * self._limit)
            self._filled_at = now
            if self._there < min(wanted, _SMALLEST_PIECE):
                return 0
            taken = min(wanted, int(self._there))
            self._there -= taken
            return taken

    def give_back(self, count: int) -> None:
        """Bytes that were taken and did not come."""
        with self._lock:
            self._there += count
