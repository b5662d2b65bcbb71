"""Conversations on disk: one SQLite file in WAL mode, readable by plain `sqlite3`.

A store belongs to the thread that made it. An answer that is being written is saved with
state "streaming" and the writer's process; whoever opens the file later and finds that
process gone marks the answer as interrupted, so that nothing is lost and nothing lies.
"""

from __future__ import annotations

import errno
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final, Protocol

import psutil

from engine.chat.conversation import (
    AnswerStats,
    ChatMessage,
    Conversation,
    ConversationSummary,
    MessageState,
    Part,
    PartKind,
    Role,
)
from engine.chat.options import NOTHING_SET, ChatOptions, options_from_dict, options_to_dict
from engine.errors import StoreError

SCHEMA_VERSION: Final = 2

_SCHEMA: Final = """
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    leaf_id INTEGER,
    deleted_at REAL
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations(id),
    parent_id INTEGER REFERENCES messages(id),
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    writer TEXT NOT NULL,
    model TEXT NOT NULL,
    created_at REAL NOT NULL,
    stats TEXT
);
CREATE INDEX messages_by_conversation ON messages(conversation_id);
CREATE TABLE parts (
    message_id INTEGER NOT NULL REFERENCES messages(id),
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (message_id, position)
) WITHOUT ROWID;
"""

# Since version 2. A draft of 0 is what was typed for a conversation that has not begun.
_SIDE_TABLES: Final = """
CREATE TABLE options (
    conversation_id INTEGER PRIMARY KEY,
    body TEXT NOT NULL
);
CREATE TABLE drafts (
    conversation_id INTEGER PRIMARY KEY,
    body TEXT NOT NULL
);
"""

_STEPS: Final = (_SCHEMA, _SIDE_TABLES)  # from nothing to version 1, from 1 to 2


class Codec(Protocol):
    """What bodies and titles pass through on their way to disk; the place for encryption."""

    def encode(self, text: str) -> str: ...

    def decode(self, stored: str) -> str: ...


class PlainCodec:
    """Bodies as they are. Lone surrogates, which SQLite cannot hold, are replaced."""

    def encode(self, text: str) -> str:
        return _storable(text)

    def decode(self, stored: str) -> str:
        return stored


class ChatStore:
    """Raises StoreError from every method when the file cannot be read or written."""

    def __init__(self, path: Path, codec: Codec | None = None) -> None:
        self._path = path
        self._codec = codec or PlainCodec()
        self._writer = _this_process()
        with self._failures():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._migrate()
            self._mark_interrupted()

    def close(self) -> None:
        self._db.close()

    # reading

    def conversations(self) -> tuple[ConversationSummary, ...]:
        """Those not in the trash, the last used first."""
        with self._failures():
            rows = self._db.execute(
                "SELECT id, title, updated_at FROM conversations WHERE deleted_at IS NULL"
                " ORDER BY updated_at DESC, id DESC"
            ).fetchall()
        return tuple(ConversationSummary(id_, self._codec.decode(title), at) for id_, title, at in rows)

    def conversation(self, conversation_id: int) -> Conversation:
        """The whole tree of one conversation. Raises StoreError if there is none of that id."""
        with self._failures():
            found = self._db.execute(
                "SELECT title, leaf_id FROM conversations WHERE id = ?", (conversation_id,)
            ).fetchone()
            if found is None:
                raise StoreError.of("conversation_missing", id=conversation_id)
            messages = tuple(self._messages(conversation_id))
            options = self._options(conversation_id)
        return Conversation(conversation_id, self._codec.decode(found[0]), messages, found[1], options)

    def drafts(self) -> dict[int | None, str]:
        """What was typed and not sent, by conversation; None: for one that has not begun."""
        with self._failures():
            rows = self._db.execute("SELECT conversation_id, body FROM drafts").fetchall()
        return {id_ or None: self._codec.decode(body) for id_, body in rows}

    # writing

    def begin(self, title: str, options: ChatOptions | None = None) -> int:
        """A new, empty conversation; returns its id."""
        now = time.time()
        with self._writing():
            cursor = self._db.execute(
                "INSERT INTO conversations(title, created_at, updated_at) VALUES (?, ?, ?)",
                (self._codec.encode(title), now, now),
            )
            conversation_id = _row_id(cursor)
            if options is not None:
                self._write_options(conversation_id, options)
        return conversation_id

    def set_options(self, conversation_id: int, options: ChatOptions) -> None:
        with self._writing():
            self._write_options(conversation_id, options)

    def keep_draft(self, conversation_id: int | None, text: str) -> None:
        """ "" forgets it."""
        with self._writing():
            self._db.execute("DELETE FROM drafts WHERE conversation_id = ?", (conversation_id or 0,))
            if text:
                self._db.execute(
                    "INSERT INTO drafts VALUES (?, ?)", (conversation_id or 0, self._codec.encode(text))
                )

    def add(
        self,
        conversation_id: int,
        parent_id: int | None,
        role: Role,
        parts: Iterable[Part],
        state: MessageState = MessageState.COMPLETE,
        model: str = "",
    ) -> ChatMessage:
        """Appends a message under `parent_id` and makes it the end of the shown branch."""
        now = time.time()
        kept = tuple(parts)
        with self._writing():
            cursor = self._db.execute(
                "INSERT INTO messages(conversation_id, parent_id, role, state, writer, model, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (conversation_id, parent_id, role, state, self._writer, _storable(model), now),
            )
            message_id = _row_id(cursor)
            self._write_parts(message_id, kept)
            self._db.execute(
                "UPDATE conversations SET leaf_id = ?, updated_at = ? WHERE id = ?",
                (message_id, now, conversation_id),
            )
        return ChatMessage(message_id, parent_id, role, kept, state, now, model)

    def update(
        self,
        message_id: int,
        parts: Iterable[Part],
        state: MessageState,
        stats: AnswerStats | None = None,
    ) -> None:
        """Replaces a message's parts, state and figures: while streaming, and at its end."""
        with self._writing():
            self._db.execute(
                "UPDATE messages SET state = ?, writer = ?, stats = ? WHERE id = ?",
                (state, self._writer, json.dumps(asdict(stats)) if stats else None, message_id),
            )
            self._db.execute("DELETE FROM parts WHERE message_id = ?", (message_id,))
            self._write_parts(message_id, parts)

    def show(self, conversation_id: int, leaf_id: int) -> None:
        """Makes another branch the one that is shown. The conversation keeps its place in the list."""
        with self._writing():
            self._db.execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (leaf_id, conversation_id))

    def rename(self, conversation_id: int, title: str) -> None:
        with self._writing():
            self._db.execute(
                "UPDATE conversations SET title = ? WHERE id = ?",
                (self._codec.encode(title), conversation_id),
            )

    def delete(self, conversation_id: int) -> None:
        """To the trash: hidden, not erased."""
        self._set_deleted(conversation_id, time.time())

    def restore(self, conversation_id: int) -> None:
        self._set_deleted(conversation_id, None)

    # inside

    def _set_deleted(self, conversation_id: int, at: float | None) -> None:
        with self._writing():
            self._db.execute("UPDATE conversations SET deleted_at = ? WHERE id = ?", (at, conversation_id))

    def _options(self, conversation_id: int) -> ChatOptions:
        found = self._db.execute(
            "SELECT body FROM options WHERE conversation_id = ?", (conversation_id,)
        ).fetchone()
        if found is None:
            return NOTHING_SET
        return options_from_dict(json.loads(self._codec.decode(found[0])))

    def _write_options(self, conversation_id: int, options: ChatOptions) -> None:
        body = json.dumps(options_to_dict(options), ensure_ascii=False)
        self._db.execute(
            "INSERT OR REPLACE INTO options VALUES (?, ?)", (conversation_id, self._codec.encode(body))
        )

    def _write_parts(self, message_id: int, parts: Iterable[Part]) -> None:
        self._db.executemany(
            "INSERT INTO parts(message_id, position, kind, body) VALUES (?, ?, ?, ?)",
            [
                (message_id, position, part.kind, self._codec.encode(part.body))
                for position, part in enumerate(parts)
            ],
        )

    def _messages(self, conversation_id: int) -> Iterator[ChatMessage]:
        parts: dict[int, list[Part]] = {}
        for message_id, kind, body in self._db.execute(
            "SELECT p.message_id, p.kind, p.body FROM parts p JOIN messages m ON m.id = p.message_id"
            " WHERE m.conversation_id = ? ORDER BY p.message_id, p.position",
            (conversation_id,),
        ):
            parts.setdefault(message_id, []).append(Part(PartKind(kind), self._codec.decode(body)))
        for id_, parent_id, role, state, model, created_at, stats in self._db.execute(
            "SELECT id, parent_id, role, state, model, created_at, stats FROM messages"
            " WHERE conversation_id = ? ORDER BY id",
            (conversation_id,),
        ):
            yield ChatMessage(
                id_,
                parent_id,
                Role(role),
                tuple(parts.get(id_, ())),
                MessageState(state),
                created_at,
                model,
                _parse_stats(stats),
            )

    def _migrate(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION:
            return
        if version > SCHEMA_VERSION:
            raise StoreError.of("chats_too_new", path=str(self._path), found=version, known=SCHEMA_VERSION)
        # executescript would commit first; a second program may be starting at the same moment.
        with self._writing():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            for step in _STEPS[version:]:
                for statement in filter(str.strip, step.split(";")):
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _mark_interrupted(self) -> None:
        rows = self._db.execute(
            "SELECT DISTINCT writer FROM messages WHERE state = ?", (MessageState.STREAMING,)
        ).fetchall()
        gone = [writer for (writer,) in rows if not _is_running(writer)]
        with self._writing():
            self._db.executemany(
                "UPDATE messages SET state = ? WHERE state = ? AND writer = ?",
                [(MessageState.INTERRUPTED, MessageState.STREAMING, writer) for writer in gone],
            )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._failures():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled the transaction back already, also at COMMIT.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            if _is_disk_full(error):
                raise StoreError.of("disk_full", path=str(self._path)) from error
            raise StoreError.of("chats_failed", path=str(self._path), reason=str(error)) from error


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _row_id(cursor: sqlite3.Cursor) -> int:
    if cursor.lastrowid is None:
        raise sqlite3.DatabaseError("no row was inserted")
    return cursor.lastrowid


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno == errno.ENOSPC


def _this_process() -> str:
    process = psutil.Process()
    return f"{process.pid} {process.create_time():.2f}"


def _is_running(writer: str) -> bool:
    """Whether the process that wrote that mark still lives (same pid and same start)."""
    pid, _, started = writer.partition(" ")
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == started
    except (psutil.Error, ValueError, OverflowError):
        return False


def _parse_stats(text: str | None) -> AnswerStats | None:
    if text is None:
        return None
    stored = json.loads(text)
    if not isinstance(stored, dict):
        raise ValueError("the figures of an answer are not an object")
    known = {entry.name for entry in fields(AnswerStats)}
    try:
        return AnswerStats(**{name: value for name, value in stored.items() if name in known})
    except TypeError as error:
        raise ValueError(f"the figures of an answer are incomplete: {error}") from error
