"""The search through all conversations on a thread of its own: it never waits for the store, nor the store
for it, and reads what is new while nobody asks."""

from __future__ import annotations

import logging
import queue
import threading
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.chat.found import ChatsFound
from engine.chat.search_index import SearchIndex
from engine.errors import Cancelled, StoreError
from engine.jobs.storekeeper import StoreKeeper

log = logging.getLogger(__name__)

_FRESH_S: Final = 0.02  # for what is new, before a search
_STEP_S: Final = 0.1  # for the rest, between two searches
_PAUSE_S: Final = 0.05

_Asked = tuple["Future[ChatsFound]", str]


class ChatSearcher:
    """Opens the index when first asked. `keeper` says which file is read now."""

    def __init__(self, index: Path, keeper: StoreKeeper) -> None:
        self._index_path = index
        self._keeper = keeper
        self._queue: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._index: SearchIndex | None = None
        self._chats: Path | None = None
        self._behind = False  # there is more to read
        self._thread = threading.Thread(target=self._run, name="chat-search", daemon=True)
        self._thread.start()

    def look_for(self, words: str) -> ChatsFound:
        """Waits for the result; for job threads only. Raises: StoreError; Cancelled once closed."""
        future: Future[ChatsFound] = Future()
        self._put((future, words))
        return future.result()

    def read(self) -> None:
        """Reads what is new, in its own time. Any thread."""
        self._put((Future(), ""))

    def close(self, timeout_s: float) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join(timeout_s)

    def _put(self, asked: _Asked) -> None:
        with self._lock:
            if self._closed:
                raise Cancelled
            self._queue.put(asked)

    def _run(self) -> None:
        while True:
            try:
                asked = self._queue.get(timeout=_PAUSE_S if self._behind else None)
            except queue.Empty:
                self._read_on()
                continue
            if asked is None:
                break
            future, words = asked
            try:
                future.set_result(self._look_for(words))
            except Exception as error:  # noqa: BLE001  handed to the caller, who is waiting
                future.set_exception(error)
                log.warning("the chats were not searched: %s", error)
        if self._index is not None:
            self._index.close()

    def _look_for(self, words: str) -> ChatsFound:
        index = self._open()
        left = index.catch_up(_FRESH_S)
        self._behind = left > 0
        return replace(index.look_for(words), unread=left)

    def _read_on(self) -> None:
        try:
            self._behind = self._open().catch_up(_STEP_S) > 0
        except StoreError as error:
            self._behind = False
            log.warning("the index of the chats is not up to date: %s", error)

    def _open(self) -> SearchIndex:
        """Another database is looked through after damage, or once the copy has taken its place."""
        chats = self._keeper.path
        if self._index is not None and chats != self._chats:
            self._index.close()
            self._index = None
        if self._index is None:
            self._index, self._chats = SearchIndex(self._index_path, chats), chats
        return self._index
