"""Copies of the chat database beside it: the last good states, for the day when the file is damaged.

    chats-copies/chats-20261127-101500.sqlite3              the newest, and the newest of an earlier day
    chats-copies/before-format-2-20261127-101500.sqlite3    made before the format was changed; kept

A copy counts only after SQLite has looked through all of it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.chat.database import is_damage
from engine.errors import StoreDamaged, StoreError

COPY_EVERY_S: Final = 3600.0
_FORM: Final = "%Y%m%d-%H%M%S"


@dataclass(frozen=True, slots=True)
class Copy:
    path: Path
    at: float  # seconds since the epoch


def copies_of(database: Path) -> list[Copy]:
    """Newest first, and last those of the future: a clock was wrong, and nobody knows how old they are.
    Those made before a change of the format are not among them."""
    found = []
    for path in _folder(database).glob(f"{database.stem}-*{database.suffix}"):
        with contextlib.suppress(ValueError):
            stamp = path.stem.removeprefix(f"{database.stem}-")
            found.append(Copy(path, time.mktime(time.strptime(stamp, _FORM))))
    return sorted(found, key=lambda copy: (not _is_of_the_future(copy), copy.at), reverse=True)


def copy_is_due(database: Path) -> bool:
    """Whether something was written since the last copy, and that one is an hour old."""
    newest = next(iter(copies_of(database)), None)
    if not database.exists():
        return False
    if newest is None or _is_of_the_future(newest):
        return True
    wal = database.with_name(database.name + "-wal")
    changed = max(path.stat().st_mtime for path in (database, wal) if path.exists())
    return changed > newest.at and time.time() - newest.at >= COPY_EVERY_S


def make_copy(database: Path, name: str = "", only: bool = False) -> Path:
    """A copy that was looked through, under the time of now; older ones that it replaces go, with `only`
    all of them: they may hold what was deleted for good.

    Writers are not held up. Raises: StoreDamaged, when the database is; StoreError.
    """
    folder = _folder(database)
    stamp = time.strftime(_FORM)
    target = folder / f"{name or database.stem}-{stamp}{database.suffix}"
    fresh = target.with_suffix(f".{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _copy(database, fresh)
        fresh.replace(target)
    except (sqlite3.Error, OSError) as error:
        if is_damage(error):
            raise StoreDamaged.of("chats_failed", path=str(database), reason=str(error)) from error
        raise StoreError.of("copy_failed", folder=str(folder), reason=str(error)) from error
    finally:
        with contextlib.suppress(OSError):  # the failure itself is what is told
            fresh.unlink(missing_ok=True)
    if not name:
        _prune(database, target, only)
    return target


def look_through(db: sqlite3.Connection) -> None:
    """Raises: sqlite3.DatabaseError, of damage, unless the whole file is as it should be."""
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        error = sqlite3.DatabaseError(str(verdict).strip())
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _copy(database: Path, target: Path) -> None:
    with contextlib.closing(sqlite3.connect(database, timeout=10)) as source:
        source.execute("PRAGMA query_only = ON")
        with contextlib.closing(sqlite3.connect(target)) as made:
            source.backup(made)
            # One plain file, that can be read without a second one beside it.
            made.execute("PRAGMA journal_mode = DELETE")
            look_through(made)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def _prune(database: Path, newest: Path, only: bool) -> None:
    """Keeps the newest, and the newest of an earlier day unless `only` one is wanted."""
    others = [copy for copy in copies_of(database) if copy.path != newest]
    day = newest.stem.removeprefix(f"{database.stem}-")[:8]
    earlier = [copy for copy in others if time.strftime("%Y%m%d", time.localtime(copy.at)) != day]
    for copy in others:
        if only or copy not in earlier[:1]:
            copy.path.unlink(missing_ok=True)


def _is_of_the_future(copy: Copy) -> bool:
    """By more than the hour that a clock is put back in autumn."""
    return copy.at > time.time() + COPY_EVERY_S


def _folder(database: Path) -> Path:
    return database.with_name(f"{database.stem}-copies")
