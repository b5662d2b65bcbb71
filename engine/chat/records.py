"""Conversations as records: everything of one, out of the store and into it."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict

from engine.chat.codec import Codec, storable
from engine.chat.conversation import ChatMessage, Conversation, TitleBy
from engine.chat.database import Database
from engine.chat.options import NOTHING_SET, options_to_dict
from engine.chat.record import ConversationRecord
from engine.chat.schema import next_number
from engine.errors import StoreError


class Records:
    """Raises StoreError from every method."""

    def __init__(self, database: Database, codec: Codec, conversation: Callable[[int], Conversation]) -> None:
        self._db = database
        self._codec = codec
        self._conversation = conversation

    def ids(self) -> tuple[int, ...]:
        """Of everything that is not in the trash, the oldest first."""
        rows = self._db.rows("SELECT id FROM conversations WHERE deleted_at IS NULL ORDER BY created_at, id")
        return tuple(id_ for (id_,) in rows)

    def record(self, conversation_id: int) -> ConversationRecord:
        rows = self._db.rows(
            "SELECT c.uid, c.created_at, c.updated_at, f.name, c.pinned, c.title_by FROM conversations c"
            " LEFT JOIN folders f ON f.id = c.folder_id WHERE c.id = ?",
            (conversation_id,),
        )
        if not rows:
            raise StoreError.of("conversation_missing", id=conversation_id)
        uid, created_at, updated_at, folder, pinned, title_by = rows[0]
        with self._db.failures():
            by = TitleBy(title_by)
        name = self._codec.decode(folder) if folder is not None else ""
        chat = self._conversation(conversation_id)
        return ConversationRecord(chat, uid, created_at, updated_at, name, bool(pinned), by)

    def take_in(self, record: ConversationRecord, folder_id: int | None = None) -> int | None:
        """As a new conversation in that folder, whose number is returned; None where it is there already,
        in the trash or not."""
        uid = storable(record.uid) or uuid.uuid4().hex
        if self._db.rows("SELECT 1 FROM conversations WHERE uid = ?", (uid,)):
            return None
        return self._db.write(lambda db: self._insert(db, record, uid, folder_id))

    def _insert(
        self, db: sqlite3.Connection, record: ConversationRecord, uid: str, folder_id: int | None
    ) -> int:
        chat, now = record.conversation, time.time()
        id_ = next_number(db, "conversation")
        db.execute(
            "INSERT INTO conversations(id, title, created_at, updated_at, title_by, uid, pinned, folder_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                id_,
                self._codec.encode(chat.title),
                record.created_at or now,
                record.updated_at or now,
                record.title_by,
                uid,
                int(record.pinned),
                folder_id,
            ),
        )
        numbers = {message.id: next_number(db, "message") for message in chat.messages}
        for message in chat.messages:
            self._insert_message(db, id_, message, numbers)
        leaf = numbers.get(chat.leaf_id) if chat.leaf_id is not None else None
        db.execute("UPDATE conversations SET leaf_id = ? WHERE id = ?", (leaf, id_))
        if chat.options != NOTHING_SET:
            body = self._codec.encode(json.dumps(options_to_dict(chat.options), ensure_ascii=False))
            db.execute("INSERT OR REPLACE INTO options VALUES (?, ?)", (id_, body))
        return id_

    def _insert_message(
        self, db: sqlite3.Connection, conversation_id: int, message: ChatMessage, numbers: dict[int, int]
    ) -> None:
        id_ = numbers[message.id]
        parent = numbers.get(message.parent_id) if message.parent_id is not None else None
        stats = json.dumps(asdict(message.stats)) if message.stats is not None else None
        db.execute(
            "INSERT INTO messages(id, conversation_id, parent_id, role, state, writer, model, created_at,"
            " stats, revision) VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, ?)",
            (
                id_,
                conversation_id,
                parent,
                message.role,
                message.state,
                storable(message.model),
                message.created_at,
                stats,
                next_number(db, "revision"),
            ),
        )
        db.executemany(
            "INSERT INTO parts(message_id, position, kind, body) VALUES (?, ?, ?, ?)",
            [
                (id_, position, part.kind, self._codec.encode(part.body))
                for position, part in enumerate(message.parts)
            ],
        )
