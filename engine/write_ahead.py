"""SQLite's write-ahead log, switched on though another program opens the same file in that moment."""

from __future__ import annotations

import sqlite3
import time
from typing import Final

_PAUSE_S: Final = 0.01


def write_ahead(db: sqlite3.Connection, patience_s: float) -> None:
    """Readers and one writer do not hold each other up from here on. Raises sqlite3.OperationalError, as
    SQLite does, if the file is still locked after that long.

    Two programs that change the mode of one new file both hold its shared lock and wait for the other's.
    SQLite refuses one of them at once, without the connection's own timeout: the other is done soon.
    """
    end = time.monotonic() + patience_s
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not _is_locked(error) or time.monotonic() >= end:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _is_locked(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
