"""The formats of the chat database, oldest first; a new file goes through all of them.

conversations   one row each; leaf_id ends the branch that is shown; deleted_at: in the trash since
messages        the tree; revision grows with every change, so that an index sees what is new
parts           what a message is made of, in order; bodies as the codec writes them
folders         of the side bar
marks           identity of this database, and the last numbers that were given out
"""

from __future__ import annotations

import sqlite3
from typing import Final

SCHEMA_VERSION: Final = 3

_FIRST: Final = """
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
) WITHOUT ROWID
"""

# A draft of 0 is what was typed for a conversation that has not begun.
_SECOND: Final = """
CREATE TABLE options (
    conversation_id INTEGER PRIMARY KEY,
    body TEXT NOT NULL
);
CREATE TABLE drafts (
    conversation_id INTEGER PRIMARY KEY,
    body TEXT NOT NULL
)
"""

# Numbers are given out by `marks`, since SQLite itself would give those of deleted rows out again.
_THIRD: Final = """
CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT NOT NULL, created_at REAL NOT NULL);
ALTER TABLE conversations ADD COLUMN folder_id INTEGER REFERENCES folders(id);
ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN title_by TEXT NOT NULL DEFAULT 'person';
ALTER TABLE conversations ADD COLUMN uid TEXT NOT NULL DEFAULT '';
UPDATE conversations SET uid = lower(hex(randomblob(16)));
CREATE UNIQUE INDEX conversations_by_uid ON conversations(uid);
ALTER TABLE messages ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET revision = id;
CREATE INDEX messages_by_revision ON messages(revision);
CREATE INDEX messages_by_parent ON messages(parent_id);
CREATE INDEX messages_streaming ON messages(state) WHERE state = 'streaming';
CREATE TABLE marks (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO marks VALUES ('identity', lower(hex(randomblob(16))));
INSERT INTO marks VALUES ('purge', 0);
INSERT INTO marks SELECT 'conversation', coalesce(max(id), 0) FROM conversations;
INSERT INTO marks SELECT 'message', coalesce(max(id), 0) FROM messages;
INSERT INTO marks SELECT 'revision', coalesce(max(revision), 0) FROM messages
"""

_STEPS: Final = (_FIRST, _SECOND, _THIRD)


def version_of(db: sqlite3.Connection) -> int:
    """0 for a file with nothing in it."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Inside a transaction of the caller: to the newest format, or not at all."""
    for version in range(version_of(db), SCHEMA_VERSION):
        for statement in _STEPS[version].split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version + 1}")


def next_number(db: sqlite3.Connection, name: str) -> int:
    """A number that was never given out before; `name` is "conversation", "message", "revision" or
    "purge"."""
    row = db.execute("UPDATE marks SET value = value + 1 WHERE name = ? RETURNING value", (name,)).fetchone()
    if row is None:
        raise sqlite3.DatabaseError(f"the database has no mark {name}")
    return int(row[0])
