"""How conversations are kept in order: titles, pins, folders, and the trash."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from typing import Final

from engine.chat.codec import Codec
from engine.chat.conversation import (
    ConversationSummary,
    FilingView,
    Folder,
    TitleBy,
    TrashedConversation,
)
from engine.chat.database import Database
from engine.chat.schema import next_number
from engine.errors import StoreError

TRASH_DAYS: Final = 30
LONGEST_TITLE: Final = 200  # characters


class Filing:
    """Raises StoreError from every method."""

    def __init__(self, database: Database, codec: Codec) -> None:
        self._db = database
        self._codec = codec

    def view(self) -> FilingView:
        return FilingView(self.conversations(), self.folders(), self.trash())

    def conversations(self) -> tuple[ConversationSummary, ...]:
        """Those not in the trash: the pinned ones, then the others, the last used first."""
        rows = self._db.rows(
            "SELECT id, title, updated_at, folder_id, pinned FROM conversations WHERE deleted_at IS NULL"
            " ORDER BY pinned DESC, updated_at DESC, id DESC"
        )
        return tuple(
            ConversationSummary(id_, self._codec.decode(title), at, folder_id, bool(pinned))
            for id_, title, at, folder_id, pinned in rows
        )

    # titles

    def rename(self, conversation_id: int, title: str) -> None:
        """A title of a person's, which no model replaces."""
        self._set(conversation_id, "title = ?, title_by = ?", self._title(title), TitleBy.PERSON)

    def has_first_title(self, conversation_id: int) -> bool:
        """Whether the title is still the first line of the first question."""
        query = "SELECT 1 FROM conversations WHERE id = ? AND title_by = ? AND deleted_at IS NULL"
        return bool(self._db.rows(query, (conversation_id, TitleBy.QUESTION)))

    def title_by_model(self, conversation_id: int, title: str) -> bool:
        """False, and nothing is changed, where somebody has chosen a title meanwhile."""

        def change(db: sqlite3.Connection) -> bool:
            done = db.execute(
                "UPDATE conversations SET title = ?, title_by = ? WHERE id = ? AND title_by = ?",
                (self._title(title), TitleBy.MODEL, conversation_id, TitleBy.QUESTION),
            )
            return done.rowcount > 0

        return self._db.write(change)

    # pins and folders

    def pin(self, conversation_id: int, pinned: bool) -> None:
        self._set(conversation_id, "pinned = ?", int(pinned))

    def folders(self) -> tuple[Folder, ...]:
        """By name."""
        rows = self._db.rows("SELECT id, name FROM folders")
        found = (Folder(id_, self._codec.decode(name)) for id_, name in rows)
        return tuple(sorted(found, key=lambda folder: (folder.name.casefold(), folder.id)))

    def make_folder(self, name: str) -> int:
        """Its number; that of the folder of that name, if there is one."""
        same = [
            folder.id for folder in self.folders() if folder.name == self._codec.decode(self._title(name))
        ]
        if same:
            return same[0]

        def change(db: sqlite3.Connection) -> int:
            cursor = db.execute(
                "INSERT INTO folders(name, created_at) VALUES (?, ?)", (self._title(name), time.time())
            )
            return int(cursor.lastrowid or 0)

        return self._db.write(change)

    def rename_folder(self, folder_id: int, name: str) -> None:
        self._db.write(
            lambda db: db.execute("UPDATE folders SET name = ? WHERE id = ?", (self._title(name), folder_id))
        )

    def remove_folder(self, folder_id: int) -> None:
        """What was in it stays, outside."""

        def change(db: sqlite3.Connection) -> None:
            db.execute("UPDATE conversations SET folder_id = NULL WHERE folder_id = ?", (folder_id,))
            db.execute("DELETE FROM folders WHERE id = ?", (folder_id,))

        self._db.write(change)

    def move(self, conversation_id: int, folder_id: int | None) -> None:
        """Into a folder, or out of all. Raises: StoreError, where the folder has gone."""
        if folder_id is not None and not self._db.rows("SELECT 1 FROM folders WHERE id = ?", (folder_id,)):
            raise StoreError.of("folder_missing")
        self._set(conversation_id, "folder_id = ?", folder_id)

    # the trash

    def delete(self, conversation_id: int) -> None:
        """To the trash: hidden, not erased."""
        self._set(conversation_id, "deleted_at = ?", time.time())

    def restore(self, conversation_id: int) -> None:
        self._set(conversation_id, "deleted_at = ?", None)

    def trash(self) -> tuple[TrashedConversation, ...]:
        """The last deleted first."""
        rows = self._db.rows(
            "SELECT id, title, deleted_at FROM conversations WHERE deleted_at IS NOT NULL"
            " ORDER BY deleted_at DESC, id DESC"
        )
        return tuple(TrashedConversation(id_, self._codec.decode(title), at) for id_, title, at in rows)

    def purge(self, conversation_ids: Iterable[int]) -> tuple[int, ...]:
        """Deletes for good what is in the trash of these; returns which that were.

        What stood there is overwritten in the file, not only given free.
        """
        wanted = set(conversation_ids)
        gone = tuple(chat.id for chat in self.trash() if chat.id in wanted)
        if not gone:
            return ()
        self._db.pragma("secure_delete = ON")
        try:
            self._db.write(lambda db: _erase(db, gone))
        finally:
            self._db.pragma("secure_delete = OFF")
        self._db.pragma("wal_checkpoint(TRUNCATE)")
        return gone

    def outdated(self) -> tuple[int, ...]:
        """What has been in the trash for `TRASH_DAYS`."""
        before = time.time() - TRASH_DAYS * 86_400
        return tuple(chat.id for chat in self.trash() if chat.deleted_at < before)

    # inside

    def _title(self, title: str) -> str:
        """One line, not endless, as it is stored."""
        return self._codec.encode(" ".join(title.split())[:LONGEST_TITLE])

    def _set(self, conversation_id: int, changes: str, *values: object) -> None:
        query = f"UPDATE conversations SET {changes} WHERE id = ?"
        self._db.write(lambda db: db.execute(query, (*values, conversation_id)))


def _erase(db: sqlite3.Connection, conversation_ids: tuple[int, ...]) -> None:
    next_number(db, "purge")  # the index of words has something to forget
    for id_ in conversation_ids:
        db.execute(
            "DELETE FROM parts WHERE message_id IN (SELECT id FROM messages WHERE conversation_id = ?)",
            (id_,),
        )
        # Children before their parents would need an order; the branch as a whole does not.
        db.execute("UPDATE messages SET parent_id = NULL WHERE conversation_id = ?", (id_,))
        db.execute("DELETE FROM messages WHERE conversation_id = ?", (id_,))
        for table in ("options", "drafts"):
            db.execute(f"DELETE FROM {table} WHERE conversation_id = ?", (id_,))
        db.execute("DELETE FROM conversations WHERE id = ?", (id_,))
