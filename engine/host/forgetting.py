"""The parked states of deleted conversations go as well, on threads of their own: a disk may be slow."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from engine.messages import Sentence, sentence
from engine.runtime import state_files

log = logging.getLogger(__name__)


class Forgetting:
    """Belongs to one thread; what it is given to call comes from another."""

    def __init__(self, parked: Path) -> None:
        self._parked = parked
        self._names: set[str] = set()  # deleted while workers might still keep them

    def forget(self, conversation: str, done: Callable[[Sentence | None], None]) -> None:
        """`done` hears why it could not be deleted, or None."""
        self._names.add(conversation)

        def delete() -> None:
            try:
                state_files.forget(self._parked, conversation)
            except OSError as error:
                done(sentence("host_not_forgotten", reason=error.strerror or str(error)))
            else:
                done(None)

        threading.Thread(target=delete, name="forget", daemon=True).start()

    def worker_gone(self, others: bool) -> None:
        """What was parking while it left may have written what had just been deleted. `others`: workers are
        left that might still do so."""
        names = tuple(self._names)
        if not others:
            self._names.clear()
        if names:
            threading.Thread(target=self._delete, args=(names,), name="forget", daemon=True).start()

    def _delete(self, names: Iterable[str]) -> None:
        for name in names:
            try:
                state_files.forget(self._parked, name)
            except OSError as error:
                log.warning("the state of a deleted conversation cannot be deleted: %s", error)
