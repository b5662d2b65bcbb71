"""Speed as people expect it: over the last seconds, and zero in a stall."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 2.75  # with a report every fifth of a second a stall is shown as 0 within 3 s


class SpeedMeter:
    """Bytes per second over the last `WINDOW_SECONDS`; times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def note(self, now: float, total_bytes: int) -> None:
        """Notes how many bytes there are. A total that shrinks begins a new measurement."""
        if self._samples and total_bytes < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((now, total_bytes))
        while len(self._samples) > 1 and self._samples[1][0] <= now - WINDOW_SECONDS:
            self._samples.popleft()

    def bytes_per_second(self) -> float:
        """0 while fewer than two samples are known."""
        if len(self._samples) < 2:
            return 0.0
        (first, begun), (last, ended) = self._samples[0], self._samples[-1]
        return (ended - begun) / (last - first) if last > first else 0.0
