"""Deleting with undo: a download goes to the trash of its own folder, where it costs a rename.

FOLDER/.trash/NUMBER/ holds its files at their old places and `model.json`, what it was. The room
comes back when the trash is emptied, by hand or after a week.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from engine.download.disk_errors import disk_error
from engine.download.library_values import LibraryEntry, TrashedModel
from engine.download.moving import drop_empty_folders
from engine.download.names import name_problem, printable
from engine.download.records import record_path
from engine.errors import DownloadError, UsageError

KEPT_SECONDS: Final = 7 * 24 * 3600.0
_TRASH: Final = ".trash"
_NOTE: Final = "model.json"
_LARGEST_NOTE_BYTES: Final = 1 << 20
_MOST_FILES: Final = 10_000


def put_in_trash(entry: LibraryEntry) -> TrashedModel:
    """Raises: UsageError, for what is not ours; DataFolderError."""
    if not entry.is_ours:
        raise UsageError.of("move_not_ours", name=entry.model.name, path=entry.model.path)
    folder = Path(entry.folder)
    now = time.time()
    place = folder / _TRASH / str(time.time_ns())
    model = entry.model
    relative = [Path(file).relative_to(folder).as_posix() for file in entry.files]
    note = {
        "name": model.name,
        "quantization": model.quantization,
        "size_bytes": model.size_bytes,
        "removed_at": now,
        "files": relative,
    }
    try:
        place.mkdir(parents=True)
        with (place / _NOTE).open("w", encoding="utf-8") as file:
            json.dump(note, file)
            file.flush()
            os.fsync(file.fileno())
        for name in relative:
            _carry(folder / name, place / name)
            drop_empty_folders((folder / name).parent, folder)
    except OSError as error:
        raise disk_error(str(folder), error) from error
    return TrashedModel(str(place), model.name, model.quantization, model.size_bytes, now)


def trashed(folders: Iterable[Path]) -> tuple[TrashedModel, ...]:
    """What is in the trash of these models folders, newest first."""
    found = [model for folder in folders for place in _places(folder) if (model := _model(place))]
    return tuple(sorted(found, key=lambda model: -model.removed_at))


def restore(folders: Iterable[Path], key: str) -> None:
    """Brings a deleted model back to where it was.

    Raises: UsageError, when it is not in the trash; DownloadError, where its place is taken;
    DataFolderError.
    """
    place, folder = _place(folders, key)
    names = _names(place)
    if not names:  # its note is damaged: what lies there is left for a person to look at
        raise UsageError.of("trash_unknown", key=key)
    taken = next((name for name in names if (folder / name).exists() and (place / name).exists()), None)
    if taken is not None:
        raise DownloadError.of("move_taken", path=str(folder / taken))
    try:
        for name in names:
            _carry(place / name, folder / name)
        shutil.rmtree(place)
    except OSError as error:
        raise disk_error(str(folder), error) from error


def empty_trash(folders: Iterable[Path], older_than_s: float = 0.0) -> int:
    """Deletes for good what has been in the trash that long; returns the bytes that came free.

    Raises: DataFolderError.
    """
    freed = 0
    for folder in folders:
        for place in _places(folder):
            model = _model(place)
            removed_at = model.removed_at if model else int(place.name[:19]) / 1e9  # its note is damaged
            if time.time() - removed_at < older_than_s:
                continue
            try:
                shutil.rmtree(place)
            except OSError as error:
                raise disk_error(str(place), error) from error
            freed += model.size_bytes if model else 0
        with contextlib.suppress(OSError):  # not empty, or not there
            (folder / _TRASH).rmdir()
    return freed


def _carry(old: Path, new: Path) -> None:
    """A file and its record, by rename; what an earlier try carried already is left alone."""
    for one, other in ((old, new), (record_path(old), record_path(new))):
        if one.exists():
            other.parent.mkdir(parents=True, exist_ok=True)
            one.replace(other)


def _places(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder / _TRASH), key=lambda entry: entry.name)
    except OSError:
        return  # nothing was deleted there
    for entry in entries:
        if entry.name.isdecimal() and entry.is_dir(follow_symlinks=False):
            yield Path(entry.path)


def _place(folders: Iterable[Path], key: str) -> tuple[Path, Path]:
    for folder in folders:
        for place in _places(folder):
            if str(place) == key:
                return place, folder
    raise UsageError.of("trash_unknown", key=key)


def _note(place: Path) -> dict[str, object]:
    """What is known of a place in the trash; empty where that is damaged."""
    path = place / _NOTE
    try:
        if path.stat().st_size > _LARGEST_NOTE_BYTES:
            return {}
        stored = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return stored if isinstance(stored, dict) else {}


def _names(place: Path) -> list[str]:
    """The files of a deleted model, none of which leads out of its folder."""
    listed = _note(place).get("files")
    names = listed[:_MOST_FILES] if isinstance(listed, list) else []
    return [name for name in names if isinstance(name, str) and name_problem(name) is None]


def _model(place: Path) -> TrashedModel | None:
    note = _note(place)
    name, quantization, size, at = (
        note.get(key) for key in ("name", "quantization", "size_bytes", "removed_at")
    )
    if not isinstance(name, str) or not isinstance(quantization, str) or type(size) is not int:
        return None
    if not isinstance(at, int | float) or not _names(place):
        return None
    return TrashedModel(str(place), printable(name), printable(quantization), max(0, size), float(at))
