"""Reads what a damaged chat database still gives, into a good one that is older."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.chat.database import Database
from engine.chat.schema import next_number
from engine.errors import StoreError

_CHAT = "id, title, created_at, updated_at, deleted_at, title_by, uid"
_MESSAGE = "id, conversation_id, parent_id, role, state, writer, model, created_at, stats"

_MOST = 1_000_000  # numbers that are tried one by one: a damaged page may hold any

_Row = tuple[Any, ...]


def salvage(damaged: Path, into: Path) -> int:
    """Takes over the messages that are newer than all of `into`; returns how many could be read.

    That database counts as another one from then on, so that indexes are made anew.
    Raises: StoreError, of `into`.
    """
    good = Database(into)
    try:
        ((newest,),) = good.rows("SELECT value FROM marks WHERE name = 'message'")
        taken = sum(_take(good, rows) for rows in _newer(damaged, int(newest)))
        name = uuid.uuid4().hex
        good.write(lambda db: db.execute("UPDATE marks SET value = ? WHERE name = 'identity'", (name,)))
    finally:
        good.close()
    return taken


def _newer(damaged: Path, newest: int) -> Iterator[tuple[_Row, _Row, list[_Row]]]:
    """(conversation, message, parts), one by one: any of them may be unreadable."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(damaged)) as db:
        last = db.execute("SELECT max(id) FROM messages").fetchone()[0] or 0
        for id_ in range(newest + 1, min(int(last), newest + _MOST) + 1):
            with contextlib.suppress(sqlite3.Error):
                rows = _read(db, id_)
                if rows is not None:
                    yield rows


def _read(db: sqlite3.Connection, id_: int) -> tuple[_Row, _Row, list[_Row]] | None:
    message = db.execute(f"SELECT {_MESSAGE} FROM messages WHERE id = ?", (id_,)).fetchone()
    if message is None:
        return None
    chat = db.execute(f"SELECT {_CHAT} FROM conversations WHERE id = ?", (message[1],)).fetchone()
    parts = "SELECT message_id, position, kind, body FROM parts WHERE message_id = ?"
    return None if chat is None else (chat, message, db.execute(parts, (id_,)).fetchall())


def _take(good: Database, rows: tuple[_Row, _Row, list[_Row]]) -> bool:
    chat, message, parts = rows

    def change(db: sqlite3.Connection) -> None:
        db.execute(f"INSERT OR IGNORE INTO conversations({_CHAT}) VALUES (?, ?, ?, ?, ?, ?, ?)", chat)
        values = (*message, next_number(db, "revision"))
        marks = ", ".join("?" * len(values))
        db.execute(f"INSERT INTO messages({_MESSAGE}, revision) VALUES ({marks})", values)
        db.executemany("INSERT INTO parts(message_id, position, kind, body) VALUES (?, ?, ?, ?)", parts)
        db.execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (message[0], message[1]))
        for number, name in ((message[0], "message"), (message[1], "conversation")):
            db.execute("UPDATE marks SET value = max(value, ?) WHERE name = ?", (number, name))

    try:
        good.write(change)
    except StoreError:  # it points to what is lost
        return False
    return True
