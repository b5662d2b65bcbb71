"""The chat store on a thread of its own, so that nobody else ever waits for the disk."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from engine.chat.store import ChatStore
from engine.errors import Cancelled

Result = TypeVar("Result")
_Entry = tuple["Future[Any]", Callable[[ChatStore], Any]]


class StoreKeeper:
    """Runs functions over the store, one after the other. Opens the file when first asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False  # nobody takes from the queue any more: waiting would never end
        self._thread = threading.Thread(target=self._run, name="chat-store", daemon=True)
        self._thread.start()

    def call(self, use: Callable[[ChatStore], Result]) -> Result:
        """Waits for the result; for job threads only. Raises: StoreError; Cancelled once closed."""
        future: Future[Result] = Future()
        with self._lock:
            if self._closed:
                raise Cancelled
            self._queue.put((future, use))
        return future.result()

    def close(self, timeout_s: float) -> None:
        """Writes what is queued, then closes the file."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        store: ChatStore | None = None
        while (entry := self._queue.get()) is not None:
            future, use = entry
            try:
                if store is None:
                    store = ChatStore(self._path)
                future.set_result(use(store))
            except Exception as error:  # noqa: BLE001  handed to the caller, who is waiting
                future.set_exception(error)
        if store is not None:
            store.close()
