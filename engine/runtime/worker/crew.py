"""How many threads compute: fewer while other programs need the processor.

llama.cpp's threads wait for each other after every node of the graph. When one of them has to wait
for a processor, all do; two threads on two busy cores are many times slower than one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_WINDOW_S = 0.3  # of computing, between two decisions
_CROWDED = 0.08  # share of its time that a thread waits for a processor
_FIRST_TRY_S = 4.0  # of fewer threads, before all are tried again ...
_LAST_TRY_S = 60.0  # ... twice as long each time that was too early


def waited_s() -> float | None:
    """Seconds that threads of this process have waited for a processor, together, since they began.
    None where the system does not tell (only Linux does)."""
    total = 0
    try:
        for task in Path("/proc/self/task").iterdir():
            total += int((task / "schedstat").read_bytes().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return total / 1e9


class Crew:
    """Told of every batch. Calls `use` with a number of threads when it should change."""

    def __init__(
        self, most: int, use: Callable[[int], None], waited: Callable[[], float | None] = waited_s
    ) -> None:
        self.threads = most
        self._most = most
        self._use = use
        self._waited = waited
        self._computed_s = 0.0
        self._waited_before = waited()
        self._try_again_at = 0.0
        self._try_s = _FIRST_TRY_S

    def computed(self, seconds: float, now: float) -> None:
        """A batch took so long; `now` in seconds of any clock."""
        if self._most == 1 or self._waited_before is None:
            return
        self._computed_s += seconds
        if self._computed_s < _WINDOW_S:
            return
        waited = self._waited()
        if waited is not None:
            share = (waited - self._waited_before) / (self._computed_s * self.threads)
            self._decide(share, now)
        self._waited_before, self._computed_s = waited, 0.0

    def _decide(self, share: float, now: float) -> None:
        if share > _CROWDED and self.threads > 1:
            if self.threads == self._most:  # all were tried, too early
                self._try_s = min(2 * self._try_s, _LAST_TRY_S) if self._try_again_at else _FIRST_TRY_S
            self._change(max(1, min(self.threads - 1, int(self.threads * (1 - share)))))
            self._try_again_at = now + self._try_s
        elif self.threads < self._most and now >= self._try_again_at:
            self._change(self._most)
        elif self.threads == self._most and now >= self._try_again_at:
            self._try_s, self._try_again_at = _FIRST_TRY_S, 0.0

    def _change(self, threads: int) -> None:
        self.threads = threads
        self._use(threads)
