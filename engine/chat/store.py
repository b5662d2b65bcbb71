"""Conversations on disk: one SQLite file in WAL mode, readable by plain `sqlite3`.

A store belongs to the thread that made it. An answer that is being written is saved with
state "streaming" and the writer's process; whoever opens the file later and finds that
process gone marks the answer as interrupted, so that nothing is lost and nothing lies.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import psutil

from engine.chat.codec import Codec, PlainCodec, storable
from engine.chat.conversation import (
    AnswerStats,
    ChatMessage,
    Conversation,
    MessageState,
    Part,
    PartKind,
    Role,
    TitleBy,
)
from engine.chat.copies import look_through, make_copy
from engine.chat.database import Database, silent
from engine.chat.filing import Filing
from engine.chat.options import NOTHING_SET, ChatOptions, options_from_dict, options_to_dict
from engine.chat.records import Records
from engine.chat.schema import SCHEMA_VERSION, bring_up_to_date, next_number, version_of
from engine.errors import StoreError
from engine.messages import Sentence


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was stored, and the answer that is about to be written below it."""

    question: ChatMessage
    answer: ChatMessage


class ChatStore:
    """Raises StoreError from every method when the file cannot be read or written, StoreDamaged when it
    is damaged. `tell` hears what people should know though it went well."""

    def __init__(
        self,
        path: Path,
        codec: Codec | None = None,
        read_only: bool = False,
        tell: Callable[[Sentence], None] = silent,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._codec = codec or PlainCodec()
        self._writer = _this_process()
        self._db = Database(path, read_only, tell)
        self.filing = Filing(self._db, self._codec)
        self.records = Records(self._db, self._codec, self.conversation)
        try:
            self._begin()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        self._db.close()

    def _begin(self) -> None:
        self._db.prepare(look_through)
        self._bring_up_to_date()
        if not self.read_only:
            self._mark_interrupted()

    # reading

    def conversation(self, conversation_id: int) -> Conversation:
        """The whole tree of one conversation. Raises StoreError if there is none of that id."""
        found = self._db.rows("SELECT title, leaf_id FROM conversations WHERE id = ?", (conversation_id,))
        if not found:
            raise StoreError.of("conversation_missing", id=conversation_id)
        title, leaf_id = found[0]
        with self._db.failures():
            messages = tuple(self._messages(conversation_id))
            options = self._options(conversation_id)
        return Conversation(conversation_id, self._codec.decode(title), messages, leaf_id, options)

    def drafts(self) -> dict[int | None, str]:
        """What was typed and not sent, by conversation; None: for one that has not begun."""
        rows = self._db.rows("SELECT conversation_id, body FROM drafts")
        return {id_ or None: self._codec.decode(body) for id_, body in rows}

    def streaming(self, conversation_id: int) -> tuple[int, ...]:
        """The messages that are being written in that conversation, by any program that lives."""
        rows = self._db.rows(
            "SELECT id, writer FROM messages WHERE conversation_id = ? AND state = 'streaming'",
            (conversation_id,),
        )
        return tuple(id_ for id_, writer in rows if writer == self._writer or _is_running(writer))

    # writing

    def begin(
        self, title: str, options: ChatOptions | None = None, title_by: TitleBy = TitleBy.QUESTION
    ) -> int:
        """A new, empty conversation; returns its id."""
        now = time.time()
        values = (self._codec.encode(title), now, now, title_by, uuid.uuid4().hex)

        def change(db: sqlite3.Connection) -> int:
            id_ = next_number(db, "conversation")
            db.execute(
                "INSERT INTO conversations(id, title, created_at, updated_at, title_by, uid)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (id_, *values),
            )
            if options is not None:
                self._write_options(db, id_, options)
            return id_

        return self._db.write(change)

    def set_options(self, conversation_id: int, options: ChatOptions) -> None:
        self._db.write(lambda db: self._write_options(db, conversation_id, options))

    def keep_draft(self, conversation_id: int | None, text: str) -> None:
        """ "" forgets it."""
        id_ = conversation_id or 0

        def change(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM drafts WHERE conversation_id = ?", (id_,))
            if text:
                db.execute("INSERT INTO drafts VALUES (?, ?)", (id_, self._codec.encode(text)))

        self._db.write(change)

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
        kept = tuple(parts)
        return self._db.write(
            lambda db: self._insert(db, conversation_id, parent_id, role, kept, state, model)
        )

    def ask(
        self, conversation_id: int, question: Iterable[Part], model: str, beside: ChatMessage | None = None
    ) -> Asked:
        """A question with the answer that will be written by `model`: below what is shown now, or as another
        version of the question `beside`.

        Both at once, so that whoever asks next, in whatever window, asks below that answer.
        """
        parts = tuple(question)

        def change(db: sqlite3.Connection) -> Asked:
            parent_id = beside.parent_id if beside is not None else _leaf_of(db, conversation_id)
            asked = self._insert(db, conversation_id, parent_id, Role.USER, parts, MessageState.COMPLETE, "")
            answer = self._insert(
                db, conversation_id, asked.id, Role.ASSISTANT, (), MessageState.STREAMING, model
            )
            return Asked(asked, answer)

        return self._db.write(change)

    def update(
        self,
        message_id: int,
        parts: Iterable[Part],
        state: MessageState,
        stats: AnswerStats | None = None,
    ) -> bool:
        """Replaces a message's parts, state and figures: while streaming, and at its end.

        False where its conversation has been put into the trash meanwhile; it is saved all the same.
        """
        kept = tuple(parts)
        told = json.dumps(asdict(stats)) if stats else None

        def change(db: sqlite3.Connection) -> bool:
            db.execute(
                "UPDATE messages SET state = ?, writer = ?, stats = ?, revision = ? WHERE id = ?",
                (state, self._writer, told, next_number(db, "revision"), message_id),
            )
            db.execute("DELETE FROM parts WHERE message_id = ?", (message_id,))
            self._write_parts(db, message_id, kept)
            listed = db.execute(
                "SELECT 1 FROM messages m JOIN conversations c ON c.id = m.conversation_id"
                " WHERE m.id = ? AND c.deleted_at IS NULL",
                (message_id,),
            )
            return listed.fetchone() is not None

        return self._db.write(change)

    def show(self, conversation_id: int, leaf_id: int) -> None:
        """Makes another branch the one that is shown. The conversation keeps its place in the list."""
        self._db.write(
            lambda db: db.execute(
                "UPDATE conversations SET leaf_id = ? WHERE id = ?", (leaf_id, conversation_id)
            )
        )

    # inside

    def _insert(
        self,
        db: sqlite3.Connection,
        conversation_id: int,
        parent_id: int | None,
        role: Role,
        parts: tuple[Part, ...],
        state: MessageState,
        model: str,
    ) -> ChatMessage:
        now = time.time()
        id_ = next_number(db, "message")
        db.execute(
            "INSERT INTO messages(id, conversation_id, parent_id, role, state, writer, model, created_at,"
            " revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                id_,
                conversation_id,
                parent_id,
                role,
                state,
                self._writer,
                storable(model),
                now,
                next_number(db, "revision"),
            ),
        )
        self._write_parts(db, id_, parts)
        db.execute(
            "UPDATE conversations SET leaf_id = ?, updated_at = ? WHERE id = ?", (id_, now, conversation_id)
        )
        return ChatMessage(id_, parent_id, role, parts, state, now, model)

    def _options(self, conversation_id: int) -> ChatOptions:
        found = self._db.rows("SELECT body FROM options WHERE conversation_id = ?", (conversation_id,))
        return options_from_dict(json.loads(self._codec.decode(found[0][0]))) if found else NOTHING_SET

    def _write_options(self, db: sqlite3.Connection, conversation_id: int, options: ChatOptions) -> None:
        body = json.dumps(options_to_dict(options), ensure_ascii=False)
        db.execute(
            "INSERT OR REPLACE INTO options VALUES (?, ?)", (conversation_id, self._codec.encode(body))
        )

    def _write_parts(self, db: sqlite3.Connection, message_id: int, parts: tuple[Part, ...]) -> None:
        db.executemany(
            "INSERT INTO parts(message_id, position, kind, body) VALUES (?, ?, ?, ?)",
            [
                (message_id, position, part.kind, self._codec.encode(part.body))
                for position, part in enumerate(parts)
            ],
        )

    def _messages(self, conversation_id: int) -> Iterator[ChatMessage]:
        parts: dict[int, list[Part]] = {}
        for message_id, kind, body in self._db.rows(
            "SELECT p.message_id, p.kind, p.body FROM parts p JOIN messages m ON m.id = p.message_id"
            " WHERE m.conversation_id = ? ORDER BY p.message_id, p.position",
            (conversation_id,),
        ):
            parts.setdefault(message_id, []).append(Part(PartKind(kind), self._codec.decode(body)))
        for id_, parent_id, role, state, model, created_at, stats in self._db.rows(
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

    def _bring_up_to_date(self) -> None:
        version: list[int] = []
        self._db.prepare(lambda db: version.append(version_of(db)))
        (found,) = version
        if found > SCHEMA_VERSION or (self.read_only and found < SCHEMA_VERSION):
            raise StoreError.of("chats_too_new", path=str(self.path), found=found, known=SCHEMA_VERSION)
        if found == SCHEMA_VERSION:
            return
        if found > 0:
            make_copy(self.path, f"before-format-{SCHEMA_VERSION}")
        # A second program may be starting at the same moment: the format is looked at again inside.
        self._db.write(bring_up_to_date)

    def _mark_interrupted(self) -> None:
        rows = self._db.rows("SELECT id, writer FROM messages WHERE state = 'streaming'")
        gone = [id_ for id_, writer in rows if not _is_running(writer)]
        if not gone:
            return

        def change(db: sqlite3.Connection) -> None:
            for id_ in gone:
                db.execute(
                    "UPDATE messages SET state = ?, revision = ? WHERE id = ? AND state = 'streaming'",
                    (MessageState.INTERRUPTED, next_number(db, "revision"), id_),
                )

        self._db.write(change)


def _leaf_of(db: sqlite3.Connection, conversation_id: int) -> int | None:
    row = db.execute("SELECT leaf_id FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    if row is None:
        raise StoreError.of("conversation_missing", id=conversation_id)
    leaf: int | None = row[0]
    return leaf


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
