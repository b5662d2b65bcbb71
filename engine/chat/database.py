"""One connection to the chat database: how it is opened, written, and how its failures are said."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from engine.chat.reserve import Reserve
from engine.errors import StoreDamaged, StoreError
from engine.messages import Sentence, sentence
from engine.write_ahead import write_ahead

Result = TypeVar("Result")

_BUSY_S: Final = 10.0  # that another program may hold up a write
_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def silent(said: Sentence) -> None:
    """For callers who have nobody to tell."""


class Database:
    """Belongs to the thread that made it. Raises StoreError from every method, StoreDamaged where SQLite
    finds the file damaged. `tell` hears of what went well only just."""

    def __init__(
        self, path: Path, read_only: bool = False, tell: Callable[[Sentence], None] = silent
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._tell = tell
        self._reserve = Reserve(path)
        with self.failures():
            self._db = _connect_to_read(path) if read_only else _connect(path)
        self._file = _file_at(path)

    def close(self) -> None:
        self._db.close()

    def prepare(self, make: Callable[[sqlite3.Connection], None]) -> None:
        """For the first look at the file and changes of its format. Raises as `make` does, and StoreError."""
        with self.failures():
            make(self._db)
        self._reserve.hold()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self.failures():
            return self._db.execute(query, values).fetchall()

    def pragma(self, text: str) -> None:
        with self.failures():
            self._db.execute(f"PRAGMA {text}").fetchall()

    def write(self, change: Callable[[sqlite3.Connection], Result]) -> Result:
        """All of it or nothing; `change` may be called twice, and does nothing but write."""
        if self.read_only:
            raise StoreError.of("chats_read_only")
        self._find_file_again()
        try:
            return self._transaction(change)
        except StoreError as error:
            if error.message.code != "disk_full" or not self._reserve.release():
                raise
            done = self._transaction(change)
        self._tell(sentence("disk_full_reserve", path=str(self.path)))
        return done

    def _transaction(self, change: Callable[[sqlite3.Connection], Result]) -> Result:
        with self.failures():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                done = change(self._db)
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled the transaction back already, also at COMMIT.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            return done

    def _find_file_again(self) -> None:
        """What is written to a file that was moved or deleted meanwhile would be lost without a word."""
        now = _file_at(self.path)
        if now == self._file:
            return
        if now is None:
            raise StoreError.of("chats_gone", path=str(self.path))
        self._db.close()
        with self.failures():
            self._db = _connect(self.path)
        self._file = now

    @contextmanager
    def failures(self) -> Iterator[None]:
        """What SQLite and nonsense in rows raise, as StoreError."""
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            if _is_disk_full(error):
                raise StoreError.of("disk_full", path=str(self.path)) from error
            kind = StoreDamaged if is_damage(error) else StoreError
            raise kind.of("chats_failed", path=str(self.path), reason=str(error)) from error


def is_damage(error: Exception) -> bool:
    """Whether SQLite says that the file is no database, or not any more."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, sqlite3.Error) and code is not None and code & 0xFF in _DAMAGE


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        write_ahead(db, _BUSY_S)
        # FULL: what was saved is still there after a power cut, not only after a crash of the program.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Without locks and without its WAL: of a file that nobody writes."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)


def _file_at(path: Path) -> tuple[int, int] | None:
    """What tells one file from another of the same name."""
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(path)  # noqa: PTH116
        return found.st_dev, found.st_ino
    return None
