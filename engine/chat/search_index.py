"""Full-text search through every message: an index beside the chat database, made from it and disposable.

    docs    which messages the index has read; id: by time, so that the newest come first
    words   FTS5 over the words of each (words.py), without keeping the text a second time
    marks   which database it was made from, how far it was read, and the deletions that it knows of

Any number of programs may read and bring it up to date. An index that is damaged is made anew. Where a
codec does not write in clear, the index lives in memory only.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from engine.chat.codec import Codec, PlainCodec
from engine.chat.conversation import PartKind, Role
from engine.chat.database import is_damage
from engine.chat.found import ChatsFound, FoundConversation, FoundMessage
from engine.chat.snippets import Snippet, snippet_of
from engine.chat.words import Term, bare, index_singles, index_text, match_of, terms_of
from engine.errors import StoreError
from engine.write_ahead import write_ahead

MOST_HITS: Final = 100
_MOST_TITLES: Final = 30
_FORMAT: Final = 1
_BUSY_S: Final = 10.0  # that another program may hold it up
_BATCH: Final = 200  # messages that are read into the index at once
_READ: Final = (PartKind.TEXT, PartKind.REASONING, PartKind.FILE)
_SCHEMA: Final = (
    "CREATE TABLE docs (id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL UNIQUE,"
    " conversation_id INTEGER NOT NULL, packed BLOB NOT NULL)",
    "CREATE INDEX docs_by_conversation ON docs(conversation_id)",
    "CREATE VIRTUAL TABLE words USING fts5(body, singles, content='',"
    ' tokenize="unicode61 remove_diacritics 2")',
    "CREATE TABLE marks (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    "INSERT INTO marks VALUES ('identity', ''), ('revision', 0), ('purge', 0)",
    f"PRAGMA user_version = {_FORMAT}",
)


_Head = tuple[str, tuple[tuple[int, int], ...], float]  # title, marks in it, last use


class SearchIndex:
    """Belongs to the thread that made it. Raises StoreError from every method."""

    def __init__(self, path: Path | None, chats: Path, codec: Codec | None = None) -> None:
        """`path`: of the index, None for one in memory; `chats`: the database that is looked through."""
        self._codec = codec or PlainCodec()
        self._path = path if self._codec.in_clear else None
        self._chats = chats
        self._known_titles: list[tuple[int, str, str, float]] = []
        self._titles_of = -1  # which state of the database they are of
        self._db = self._open()

    def close(self) -> None:
        self._db.close()

    def catch_up(self, seconds: float) -> int:
        """Reads what is new, for about that long; returns how many messages are left to read."""
        end = time.monotonic() + seconds
        return int(self._mended(lambda: self._catch_up(end)))

    def look_for(self, query: str) -> ChatsFound:
        """The newest messages with these words, and conversations with them in their titles."""
        terms = terms_of(query)
        if not terms:
            return ChatsFound(query, ())
        found: ChatsFound = self._mended(lambda: self._look_for(query, terms))
        return found

    # opening

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.Error as error:
            if not is_damage(error):
                raise StoreError.of("search_failed", reason=str(error)) from error
            self._delete()
        try:
            return self._connect()
        except sqlite3.Error as error:
            raise StoreError.of("search_failed", reason=str(error)) from error

    def _connect(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        name = str(self._path) if self._path is not None else ":memory:"
        db = sqlite3.connect(name, timeout=_BUSY_S, isolation_level=None, uri=True)
        try:
            write_ahead(db, _BUSY_S)
            db.execute("PRAGMA synchronous = NORMAL")
            # Never made here: an empty file in its place would pass for a new database.
            db.execute("ATTACH DATABASE ? AS chats", (f"{self._chats.absolute().as_uri()}?mode=rw",))
            db.execute("BEGIN IMMEDIATE")
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version != _FORMAT:
                self._make(db)
            db.execute("COMMIT")
        except BaseException:
            db.close()
            raise
        return db

    def _make(self, db: sqlite3.Connection) -> None:
        for name in ("docs", "words", "marks"):
            db.execute(f"DROP TABLE IF EXISTS main.{name}")
        for statement in _SCHEMA:
            db.execute(statement)

    def _delete(self) -> None:
        if self._path is not None:
            for ending in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)

    def _mended(self, work: Any) -> Any:
        """Once more with a new index, where the old one turns out to be damaged."""
        try:
            return work()
        except sqlite3.Error as error:
            if not is_damage(error):
                raise StoreError.of("search_failed", reason=str(error)) from error
        self._db.close()
        self._delete()
        self._titles_of = -1
        self._db = self._open()
        try:
            return work()
        except sqlite3.Error as error:
            raise StoreError.of("search_failed", reason=str(error)) from error

    # bringing up to date

    def _catch_up(self, end: float) -> int:
        self._begin_anew_for_another_database()
        self._forget_deleted()
        while self._read_some() and time.monotonic() < end:
            pass
        (left,) = self._db.execute(
            "SELECT count(*) FROM chats.messages WHERE revision > ? AND state != 'streaming'",
            (self._mark("revision"),),
        ).fetchone()
        return int(left)

    def _begin_anew_for_another_database(self) -> None:
        (identity,) = self._db.execute("SELECT value FROM chats.marks WHERE name = 'identity'").fetchone()
        if identity == self._mark("identity"):
            return
        with self._writing():
            self._make(self._db)
            self._set_mark("identity", identity)

    def _read_some(self) -> bool:
        """One batch; True if there may be more."""
        with self._writing():
            rows = self._db.execute(
                "SELECT id, conversation_id, created_at, revision FROM chats.messages"
                " WHERE revision > ? AND state != 'streaming' ORDER BY revision LIMIT ?",
                (self._mark("revision"), _BATCH),
            ).fetchall()
            for id_, conversation_id, created_at, _ in rows:
                self._forget(id_)
                self._add(id_, conversation_id, created_at)
            if rows:
                self._set_mark("revision", rows[-1][3])
        return len(rows) == _BATCH

    def _forget_deleted(self) -> None:
        """Of conversations that were deleted for good."""
        (purge,) = self._db.execute("SELECT value FROM chats.marks WHERE name = 'purge'").fetchone()
        if purge == self._mark("purge"):
            return
        with self._writing():
            gone = self._db.execute(
                "SELECT message_id FROM docs d WHERE NOT EXISTS"
                " (SELECT 1 FROM chats.conversations c WHERE c.id = d.conversation_id)"
            ).fetchall()
            for (message_id,) in gone:
                self._forget(message_id)
            self._set_mark("purge", purge)

    def _add(self, message_id: int, conversation_id: int, created_at: float) -> None:
        text = " \n ".join(body for _, body in self._bodies(message_id))
        words = (index_text(text), index_singles(text))
        if not words[0].strip():
            return
        doc = self._number(message_id, created_at)
        self._db.execute("INSERT INTO words(rowid, body, singles) VALUES (?, ?, ?)", (doc, *words))
        packed = zlib.compress("\0".join(words).encode("utf-8", "replace"), 1)
        self._db.execute("INSERT INTO docs VALUES (?, ?, ?, ?)", (doc, message_id, conversation_id, packed))

    def _forget(self, message_id: int) -> None:
        """FTS5 has to be told the very words that it was given."""
        row = self._db.execute("SELECT id, packed FROM docs WHERE message_id = ?", (message_id,)).fetchone()
        if row is None:
            return
        body, _, singles = zlib.decompress(row[1]).decode("utf-8").rpartition("\0")
        values = (row[0], body, singles)
        self._db.execute("INSERT INTO words(words, rowid, body, singles) VALUES ('delete', ?, ?, ?)", values)
        self._db.execute("DELETE FROM docs WHERE id = ?", (row[0],))

    def _number(self, message_id: int, created_at: float) -> int:
        """By time, imported messages too; free."""
        at = created_at if 0 <= created_at < 4e9 else 0.0
        number = (int(at * 1000) << 10) | (message_id & 1023)
        while self._db.execute("SELECT 1 FROM docs WHERE id = ?", (number,)).fetchone():
            number += 1
        return number

    def _bodies(self, message_id: int) -> list[tuple[PartKind, str]]:
        rows = self._db.execute(
            "SELECT kind, body FROM chats.parts WHERE message_id = ? ORDER BY position", (message_id,)
        )
        return [(PartKind(kind), self._codec.decode(body)) for kind, body in rows if kind in _READ]

    def _mark(self, name: str) -> Any:
        return self._db.execute("SELECT value FROM main.marks WHERE name = ?", (name,)).fetchone()[0]

    def _set_mark(self, name: str, value: Any) -> None:
        self._db.execute("UPDATE main.marks SET value = ? WHERE name = ?", (value, name))

    @contextlib.contextmanager
    def _writing(self) -> Any:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    # looking

    def _look_for(self, query: str, terms: tuple[Term, ...]) -> ChatsFound:
        by_title = self._titles(terms)
        hits, more = self._hits(match_of(terms))
        messages: dict[int, list[FoundMessage]] = {}
        for message_id, chat_id, role, created_at in hits:
            messages.setdefault(chat_id, []).append(self._found(message_id, role, created_at, terms))
        chats = {**by_title, **self._conversations(messages.keys() - by_title.keys())}
        order = [*by_title, *(id_ for id_ in messages if id_ not in by_title)]
        found = tuple(
            FoundConversation(id_, *chats[id_], tuple(messages.get(id_, ()))) for id_ in order if id_ in chats
        )
        return ChatsFound(query, found, more)

    def _hits(self, match: str) -> tuple[list[Any], bool]:
        """(message, conversation, role, time) of the newest ones that are not in the trash."""
        rows = self._db.execute(
            "SELECT m.id, m.conversation_id, m.role, m.created_at"
            " FROM words JOIN docs d ON d.id = words.rowid JOIN chats.messages m ON m.id = d.message_id"
            " JOIN chats.conversations c ON c.id = m.conversation_id AND c.deleted_at IS NULL"
            " WHERE words MATCH ? ORDER BY words.rowid DESC LIMIT ?",
            (match, MOST_HITS + 1),
        ).fetchall()
        return rows[:MOST_HITS], len(rows) > MOST_HITS

    def _titles(self, terms: tuple[Term, ...]) -> dict[int, _Head]:
        """Conversations with all of the words in their title, the last used first."""
        found: dict[int, _Head] = {}
        for id_, title, plain, updated_at in self._all_titles():
            if len(found) >= _MOST_TITLES:
                break
            if not all(bare(word) in plain for term in terms for word in term.words):
                continue
            if all(snippet_of(title, (term,)) is not None for term in terms):
                marked = snippet_of(title, terms)
                found[id_] = (title, marked.marks if marked and marked.text == title else (), updated_at)
        return found

    def _all_titles(self) -> list[tuple[int, str, str, float]]:
        """(id, title, bare title, last use), read again only when somebody has written."""
        (version,) = self._db.execute("PRAGMA chats.data_version").fetchone()
        if version != self._titles_of:
            rows = self._db.execute(
                "SELECT id, title, updated_at FROM chats.conversations WHERE deleted_at IS NULL"
                " ORDER BY updated_at DESC"
            )
            decoded = ((id_, self._codec.decode(title), at) for id_, title, at in rows)
            known = {title: plain for _, title, plain, _ in self._known_titles}
            self._known_titles = [
                (id_, title, known.get(title) or bare(title), at) for id_, title, at in decoded
            ]
            self._titles_of = version
        return self._known_titles

    def _conversations(self, ids: Iterable[int]) -> dict[int, _Head]:
        found: dict[int, _Head] = {}
        for id_ in ids:
            row = self._db.execute(
                "SELECT title, updated_at FROM chats.conversations WHERE id = ?", (id_,)
            ).fetchone()
            if row is not None:
                found[id_] = (self._codec.decode(row[0]), (), row[1])
        return found

    def _found(self, message_id: int, role: str, created_at: float, terms: tuple[Term, ...]) -> FoundMessage:
        bodies: Sequence[tuple[PartKind, str]] = sorted(
            self._bodies(message_id), key=lambda part: part[0] is not PartKind.TEXT
        )
        for kind, body in bodies:
            snippet = snippet_of(body, terms)
            if snippet is not None:
                return FoundMessage(message_id, Role(role), created_at, snippet, kind is PartKind.REASONING)
        text = " ".join(bodies[0][1][:180].split()) if bodies else ""
        return FoundMessage(message_id, Role(role), created_at, Snippet(text, ()))
