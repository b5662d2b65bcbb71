"""How many threads compute: fewer while other programs need the processor.

llama.cpp's threads wait for each other after every node of the graph, and turn in circles while they
do. When one of them has to wait for a processor, all do: two threads on two busy cores were two to four
times slower than one (measured). So while nobody else works, a batch takes as much time of the
processors as there are threads; what is missing, somebody else had.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

if sys.platform != "win32":
    import resource

_WINDOW_S = 0.3  # of computing, between two decisions
_CROWDED = 0.12  # share of the time of its threads that others had
_FIRST_TRY_S = 4.0  # of fewer threads, before all are tried again ...
_LAST_TRY_S = 60.0  # ... twice as long each time that was too early


def pages_read() -> int:
    """Pages of memory that this process had to wait for the disk for, since it began."""
    return 0 if sys.platform == "win32" else resource.getrusage(resource.RUSAGE_SELF).ru_majflt


class Crew:
    """Told of every batch. Calls `use` with a number of threads when it should change."""

    def __init__(
        self,
        most: int,
        use: Callable[[int], None],
        cpu_s: Callable[[], float] = time.process_time,
        paged: Callable[[], int] = pages_read,
    ) -> None:
        """`cpu_s`: time of all processors that this process has had, in seconds."""
        self.threads = most
        self._most = most
        self._use = use
        self._cpu_s = cpu_s
        self._paged = paged
        self._began_s = 0.0
        self._spent_s = self._computed_s = 0.0  # in the window: of the processors, of the clock
        self._paged_before = paged()
        self._try_again_at = 0.0
        self._try_s = _FIRST_TRY_S

    def begins(self) -> None:
        """A batch is about to be computed."""
        if self._most > 1:
            self._began_s = self._cpu_s()

    def computed(self, seconds: float, now: float) -> None:
        """The batch took so long; `now` in seconds of any clock."""
        if self._most == 1:
            return
        self._spent_s += self._cpu_s() - self._began_s
        self._computed_s += seconds
        if self._computed_s < _WINDOW_S:
            return
        paged = self._paged()
        if paged == self._paged_before:  # else the disk was waited for, which says nothing of others
            self._decide(1 - self._spent_s / (self._computed_s * self.threads), now)
        self._paged_before, self._spent_s, self._computed_s = paged, 0.0, 0.0

    def _decide(self, others: float, now: float) -> None:
        if others > _CROWDED and self.threads > 1:
            if self.threads == self._most:  # all were tried, too early
                self._try_s = min(2 * self._try_s, _LAST_TRY_S) if self._try_again_at else _FIRST_TRY_S
            self._change(max(1, min(self.threads - 1, int(self.threads * (1 - others)))))
            self._try_again_at = now + self._try_s
        elif self.threads < self._most and now >= self._try_again_at:
            self._change(self._most)
        elif self.threads == self._most and now >= self._try_again_at:
            self._try_s, self._try_again_at = _FIRST_TRY_S, 0.0

    def _change(self, threads: int) -> None:
        self.threads = threads
        self._use(threads)
