"""The library's own notes: which folders hold downloads, and which files of others are used in place.

Read as hostile: an entry that is not as the program writes it counts as absent.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine.download.library_values import ELSEWHERE, KnownFile, KnownModel
from engine.errors import DataFolderError

_LARGEST_FILE_BYTES = 16 << 20
_MOST_MODELS = 5_000
_MOST_FOLDERS = 100
_MOST_FILES = 10_000
_LONGEST_TEXT = 4_096
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Notes:
    folders: tuple[str, ...] = ()  # models folders beside the usual one
    models: tuple[KnownModel, ...] = ()  # newest first

    def model(self, path: str) -> KnownModel | None:
        return next((model for model in self.models if model.path == path), None)


class LibraryIndex:
    """Reads the file anew at every call; any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def notes(self) -> Notes:
        try:
            if self._path.stat().st_size > _LARGEST_FILE_BYTES:
                return Notes()
            stored = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return Notes()
        if not isinstance(stored, dict):
            return Notes()
        folders, models = stored.get("folders"), stored.get("models")
        return Notes(
            tuple(_folders(folders if isinstance(folders, list) else [])),
            tuple(_models(models if isinstance(models, list) else [])),
        )

    def change(self, change: Callable[[Notes], Notes]) -> None:
        """Raises: DataFolderError."""
        fresh = self._path.with_suffix(f".{os.getpid()}.new")
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                after = change(self.notes())
                after = Notes(after.folders[:_MOST_FOLDERS], after.models[:_MOST_MODELS])
                with fresh.open("w", encoding="utf-8") as file:
                    json.dump(asdict(after), file, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(self._path)
        except OSError as error:
            raise DataFolderError.of(
                "data_folder_unwritable", path=str(self._path), reason=error.strerror or str(error)
            ) from error

    def add_folder(self, folder: str) -> None:
        """Raises: DataFolderError."""
        if folder not in self.notes().folders:
            self.change(lambda notes: replace(notes, folders=(*notes.folders, folder)))

    def add_model(self, model: KnownModel) -> None:
        """In place of the one at the same path. Raises: DataFolderError."""
        self.change(lambda notes: replace(notes, models=(model, *_others(notes, model.path))))

    def forget_model(self, path: str) -> None:
        """Raises: DataFolderError."""
        self.change(lambda notes: replace(notes, models=_others(notes, path)))


def _others(notes: Notes, path: str) -> tuple[KnownModel, ...]:
    return tuple(model for model in notes.models if model.path != path)


def _folders(stored: list[Any]) -> list[str]:
    return [text for text in stored[:_MOST_FOLDERS] if _is_path(text)]


def _models(stored: list[Any]) -> list[KnownModel]:
    models = [model for entry in stored[:_MOST_MODELS] if (model := _model(entry)) is not None]
    return list({model.path: model for model in models}.values())


def _model(stored: object) -> KnownModel | None:
    if not isinstance(stored, dict):
        return None
    texts = [stored.get(key) for key in ("name", "quantization", "repository")]
    files, source, at = stored.get("files"), stored.get("source"), stored.get("verified_at")
    if not all(isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in texts):
        return None
    if source not in ELSEWHERE or not isinstance(files, list) or not 0 < len(files) <= _MOST_FILES:
        return None
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 <= at < 1e12:
        return None
    known = tuple(file for entry in files if (file := _file(entry)) is not None)
    if len(known) != len(files):
        return None
    name, quantization, repository = (str(text) for text in texts)
    return KnownModel(known, name, quantization, str(source), repository, float(at))


def _file(stored: object) -> KnownFile | None:
    if not isinstance(stored, dict):
        return None
    path, size, mtime, sha256 = (stored.get(key) for key in ("path", "size_bytes", "mtime_ns", "sha256"))
    if not _is_path(path) or type(size) is not int or type(mtime) is not int or size < 0:
        return None
    if not isinstance(sha256, str) or (sha256 and not _SHA256.fullmatch(sha256)):
        return None
    return KnownFile(str(path), size, mtime, sha256)


def _is_path(text: object) -> bool:
    return isinstance(text, str) and len(text) <= _LONGEST_TEXT and "\0" not in text and os.path.isabs(text)  # noqa: PTH117
