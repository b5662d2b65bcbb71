"""Use cases of the library: list, look for models of others, take them in, verify, move, delete, undo."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from engine.cancellation import CancelToken
from engine.download.finding import check_found, look_for_models
from engine.download.library import Library
from engine.download.library_values import KnownModel, LibraryEntry
from engine.download.moving import move
from engine.download.trash import KEPT_SECONDS, empty_trash, put_in_trash, restore, trashed
from engine.download.verifying import verify
from engine.events import (
    Emit,
    JobId,
    LibraryListed,
    ModelMoved,
    ModelRead,
    ModelRemoved,
    ModelsSeen,
    ModelVerified,
    Noticed,
    TrashEmptied,
)
from engine.messages import sentence

_TELL_SECONDS: Final = 0.2


class Keeping:
    """Each method is the work of one job; they may run at the same time for different models."""

    def __init__(self, library: Library, emit: Emit) -> None:
        self._library = library
        self._emit = emit

    def list(self, job: JobId) -> None:
        """LibraryListed."""
        folders = self._library.folders()
        self._emit(LibraryListed(job, self._library.entries(), trashed(folders)))

    def look(self, job: JobId, token: CancelToken, folder: str) -> None:
        """ModelsSeen: what is not in the library yet. Raises: ModelFileError, Cancelled."""
        found = look_for_models(token, Path(folder) if folder else None)
        known = {entry.model.path for entry in self._library.entries()}
        new = tuple(model for model in found.found if model.path not in known)
        self._emit(ModelsSeen(job, type(found)(new, found.refused)))

    def take_in(self, models: tuple[KnownModel, ...]) -> None:
        """Notes files of others, as they are now. Raises: ModelFileError, DataFolderError."""
        for model in models:
            self._library.index.add_model(check_found(model))

    def verify(self, job: JobId, token: CancelToken, path: str) -> None:
        """ModelRead ..., ModelVerified. Raises: ModelFileError, where it is not what it was; Cancelled."""
        entry = self._library.entry(path)
        told = _Telling(job, path, self._emit)
        compared = verify(self._library, entry, lambda done, total: told(done, total, False), token)
        if not compared:
            self._emit(Noticed(job, sentence("verify_first_time", name=entry.model.name)))
        self._emit(ModelVerified(job, path))

    def move(self, job: JobId, token: CancelToken, path: str, folder: str) -> str:
        """ModelRead ..., ModelMoved; returns the new path. Raises: DesksideError, Cancelled."""
        told = _Telling(job, path, self._emit)
        new = move(
            self._library,
            self._library.entry(path),
            Path(folder),
            lambda done, total, comparing: told(done, total, not comparing),
            token,
        )
        self._emit(ModelMoved(job, path, str(new)))
        return str(new)

    def remove(self, job: JobId, path: str) -> None:
        """ModelRemoved. Files of others are only taken off the list. Raises: DesksideError."""
        entry: LibraryEntry = self._library.entry(path)
        gone = None
        if entry.is_ours:
            gone = put_in_trash(entry)
        else:
            self._library.index.forget_model(path)
        self._emit(ModelRemoved(job, path, entry.model.name, gone))

    def restore(self, key: str) -> None:
        """Raises: DesksideError."""
        restore(self._library.folders(), key)

    def empty_trash(self, job: JobId, only_old: bool = False) -> None:
        """TrashEmptied. Raises: DataFolderError."""
        freed = empty_trash(self._library.folders(), KEPT_SECONDS if only_old else 0.0)
        self._emit(TrashEmptied(job, freed))


class _Telling:
    """Tells how far a model is read, five times a second."""

    def __init__(self, job: JobId, path: str, emit: Emit) -> None:
        self._job = job
        self._path = path
        self._emit = emit
        self._last = (float("-inf"), False)

    def __call__(self, done: int, total: int, copying: bool) -> None:
        now = time.monotonic()
        if now - self._last[0] < _TELL_SECONDS and copying == self._last[1]:
            return
        self._last = (now, copying)
        self._emit(ModelRead(self._job, self._path, done, total, copying))
