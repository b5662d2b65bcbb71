"""The queue and the disks as they are now: what may run, and what has to wait for room."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.download.pull import missing_bytes
from engine.download.queue import DownloadQueue, Entries, QueueEntry, QueueState
from engine.download.room import Need, Shortage, shortages
from engine.download.tuning import Tuning

_FRESH_SECONDS: Final = 0.5  # how old a look may be

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class View:
    entries: Entries
    short: dict[Key, Shortage]  # of room

    def find(self, key: Key) -> QueueEntry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def topmost(self, mine: Collection[Key]) -> Key | None:
        """The first of those that are worked for here that can run."""
        able = (entry.key for entry in self.entries if entry.state is QueueState.WAITING)
        return next((key for key in able if key in mine and key not in self.short), None)


class QueueWatch:
    """Looks at most twice a second, however many ask. Thread-safe."""

    def __init__(self, queue: DownloadQueue, tuning: Tuning) -> None:
        self._queue = queue
        self._tuning = tuning
        self._lock = threading.Lock()
        self._view = View((), {})
        self._looked_at = float("-inf")

    def look(self, running: Key | None, afresh: bool = False) -> View:
        """`running` is the one that fetches; it is stopped later than others are held up."""
        with self._lock:
            if afresh or time.monotonic() - self._looked_at > _FRESH_SECONDS:
                entries = self._queue.entries()
                self._view = View(entries, self._short(entries, running))
                self._looked_at = time.monotonic()
            return self._view

    def _short(self, entries: Entries, running: Key | None) -> dict[Key, Shortage]:
        needs, free = [], {}
        for entry in entries:
            if entry.plan is None or entry.state is not QueueState.WAITING:
                continue
            folder = Path(entry.plan.folder)
            try:
                volume = _volume(folder)
                free[volume] = self._tuning.free_bytes(folder)
                missing = missing_bytes(entry.plan)
            except OSError:
                continue  # the transfer meets the same fault, and says it
            needs.append(Need(entry.key, volume, missing, entry.key == running))
        return shortages(needs, free, self._tuning.floor_bytes)


def _volume(folder: Path) -> int:
    """The same number for all folders of one volume; the folder may not exist yet. Raises: OSError."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.stat().st_dev
