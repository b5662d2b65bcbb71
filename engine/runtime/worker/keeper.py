"""Reads and writes files one after the other, in a thread of its own: answers do not wait for a disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


class Keeper:
    def __init__(self) -> None:
        self._actions: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="keeper", daemon=True).start()

    def do(self, action: Callable[[], None]) -> None:
        """Does that after all it was given before."""
        self._actions.put(action)

    def finish(self) -> None:
        """Waits until all it was given is done."""
        done = threading.Event()
        self.do(done.set)
        done.wait()

    def _work(self) -> None:
        while True:
            self._actions.get()()
