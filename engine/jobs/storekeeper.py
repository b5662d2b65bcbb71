"""The chat store on a thread of its own, so that nobody else ever waits for the disk."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, TypeVar

from engine.chat.copies import copy_is_due, make_copy
from engine.chat.database import silent
from engine.chat.opening import begin_from_copy, open_store
from engine.chat.store import ChatStore
from engine.errors import Cancelled, DesksideError, StoreDamaged, StoreError
from engine.messages import Sentence, sentence

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Use = Callable[[ChatStore], Any]
_Entry = tuple["Future[Any]", Use]

_TRY_AGAIN_S: Final = 2.0  # what could not be saved
_FIRST_COPY_S: Final = 20.0  # after the start, which has other things to do
_LOOK_FOR_COPY_S: Final = 300.0


class StoreKeeper:
    """Runs functions over the store, one after the other. Opens the file when first asked.

    A database that turns out to be damaged is opened anew, read-only, from its last copy; `tell` hears of
    it, and of everything that went well only just.
    """

    def __init__(self, path: Path, tell: Callable[[Sentence], None] = silent) -> None:
        self._path = path
        self._tell = tell
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False  # nobody takes from the queue any more: waiting would never end
        self._store: ChatStore | None = None
        self._owed: dict[int, Use] = {}  # last saves that failed, by message
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chat-store", daemon=True)
        self._thread.start()
        self._copier = threading.Thread(target=self._copy_now_and_then, name="chat-copies", daemon=True)
        self._copier.start()

    @property
    def path(self) -> Path:
        """The file that is read: the database, or the copy that is shown in its place."""
        store = self._store
        return store.path if store is not None else self._path

    def call(self, use: Callable[[ChatStore], Result]) -> Result:
        """Waits for the result; for job threads only. Raises: StoreError; Cancelled once closed."""
        future: Future[Result] = Future()
        with self._lock:
            if self._closed:
                raise Cancelled
            self._queue.put((future, use))
        return future.result()

    def owe(self, message_id: int, save: Use) -> None:
        """Saves what could not be saved as soon as that is possible. Any thread."""
        with self._lock:
            self._owed[message_id] = save

    def begin_from_copy(self) -> Sentence:
        """Goes on with the last good copy of a damaged database; returns what to tell. Raises: StoreError."""
        return self.call(self._begin_from_copy)

    def copy(self) -> None:
        """A copy of what is there now, and no older ones. For job threads. Raises: StoreError."""
        self.call(lambda store: None if store.read_only else make_copy(self._path, only=True))

    def close(self, timeout_s: float) -> None:
        """Writes what is queued, then closes the file."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._end.set()
        self._thread.join(timeout_s)

    # on the thread of the store

    def _run(self) -> None:
        while True:
            try:
                entry = self._queue.get(timeout=_TRY_AGAIN_S if self._owed else None)
            except queue.Empty:
                self._pay()
                continue
            if entry is None:
                break
            future, use = entry
            self._pay()  # first: what is read next shall hold it
            try:
                future.set_result(self._use(use))
            except Exception as error:  # noqa: BLE001  handed to the caller, who is waiting
                future.set_exception(error)
        self._pay()
        if self._store is not None:
            self._store.close()

    def _use(self, use: Use) -> Any:
        if self._store is None:
            self._store = open_store(self._path, self._tell)
        try:
            return use(self._store)
        except StoreDamaged:
            if self._store.read_only:
                raise
            # Damaged while it was in use: what can be read is shown from now on, as after a new start.
            self._store.close()
            self._store = None
            self._store = open_store(self._path, self._tell)
            return use(self._store)

    def _pay(self) -> None:
        """Tries once more to save what is owed."""
        if not self._owed:
            return
        for message_id, save in tuple(self._owed.items()):
            try:
                self._use(save)
            except DesksideError as error:
                log.warning("still not saved: %s", error)
                return
            with self._lock:
                self._owed.pop(message_id, None)
        self._tell(sentence("chats_saved_late"))

    def _begin_from_copy(self, store: ChatStore) -> Sentence:
        if not store.read_only:
            raise StoreError.of("chats_not_damaged")
        store.close()
        self._store = None
        return begin_from_copy(self._path)

    # on a thread of its own

    def _copy_now_and_then(self) -> None:
        pause = _FIRST_COPY_S
        while not self._end.wait(pause):
            pause = _LOOK_FOR_COPY_S
            if self._store is None or self._store.read_only:
                continue
            try:
                if copy_is_due(self._path):
                    make_copy(self._path)
            except StoreDamaged:
                log.exception("the chat database is damaged")
                self._reopen()
            except (StoreError, OSError) as error:
                log.warning("no copy of the chats was made: %s", error)

    def _reopen(self) -> None:
        def again(store: ChatStore) -> None:
            store.close()
            self._store = None
            self._store = open_store(self._path, self._tell)

        with self._lock:
            if not self._closed:
                self._queue.put((Future(), again))
