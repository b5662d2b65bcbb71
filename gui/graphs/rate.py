"""Tokens per second out of single tokens, over the last moments."""

from __future__ import annotations

from collections import deque

WINDOW_S = 2.0
# Before that much time has passed a rate would be noise.
_LEAST_SPAN_S = 0.2


class TokenMeter:
    """Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._arrived: deque[tuple[float, int]] = deque()
        self._begun = 0.0  # time of the first tokens after a silence

    def add(self, at: float, tokens: int) -> None:
        self._forget(at)
        if not self._arrived:
            self._begun = at
        self._arrived.append((at, tokens))

    def rate(self, at: float) -> float:
        """Tokens per second now; 0 when nothing came for the length of the window."""
        self._forget(at)
        if not self._arrived:
            return 0.0
        tokens = sum(count for _, count in self._arrived)
        span = at - self._begun
        if span >= WINDOW_S:
            return tokens / WINDOW_S
        if span < _LEAST_SPAN_S:
            return 0.0
        # The first ones were made before the clock started.
        return (tokens - self._arrived[0][1]) / span

    def clear(self) -> None:
        self._arrived.clear()

    def _forget(self, at: float) -> None:
        while self._arrived and self._arrived[0][0] <= at - WINDOW_S:
            self._arrived.popleft()
