"""Conversations in order: titles, pins, folders, the trash."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from engine.chat.conversation import Folder, MessageState, Part, PartKind, Role
from engine.chat.store import ChatStore
from engine.errors import StoreError


@pytest.fixture
def store(tmp_path: Path):
    made = ChatStore(tmp_path / "chats.sqlite3")
    yield made
    made.close()


def text(body: str) -> tuple[Part, ...]:
    return (Part(PartKind.TEXT, body),)


def test_pinned_ones_come_first(store: ChatStore) -> None:
    first, second = store.begin("first"), store.begin("second")
    store.filing.pin(first, True)
    listed = store.filing.conversations()
    assert [(chat.id, chat.pinned) for chat in listed] == [(first, True), (second, False)]
    store.filing.pin(first, False)
    assert [chat.id for chat in store.filing.conversations()] == [second, first]


def test_folders_hold_conversations_and_let_them_go(store: ChatStore) -> None:
    chat = store.begin("t")
    folder = store.filing.make_folder("  work\n things ")
    assert store.filing.folders() == (Folder(folder, "work things"),)
    assert store.filing.make_folder("work things") == folder
    store.filing.move(chat, folder)
    assert store.filing.conversations()[0].folder_id == folder
    store.filing.rename_folder(folder, "Work")
    assert [folder.name for folder in store.filing.folders()] == ["Work"]
    store.filing.remove_folder(folder)
    assert store.filing.folders() == ()
    assert store.filing.conversations()[0].folder_id is None
    with pytest.raises(StoreError, match="folder"):
        store.filing.move(chat, folder)


def test_a_title_of_a_persons_is_never_replaced(store: ChatStore) -> None:
    chat = store.begin("first line")
    assert store.filing.has_first_title(chat)
    assert store.filing.title_by_model(chat, "Of the model")
    assert not store.filing.title_by_model(chat, "Again")
    store.filing.rename(chat, "Mine")
    assert not store.filing.title_by_model(chat, "Of the model")
    assert [chat.title for chat in store.filing.conversations()] == ["Mine"]


def test_the_trash_keeps_until_it_is_emptied(store: ChatStore, tmp_path: Path) -> None:
    kept, gone = store.begin("kept"), store.begin("gone")
    secret = "a secret that must not stay in the file"
    question = store.add(gone, None, Role.USER, text(secret))
    store.add(gone, question.id, Role.ASSISTANT, text("hush"))
    assert store.filing.purge([gone]) == (), "it is not in the trash"
    store.filing.delete(gone)
    assert [chat.title for chat in store.filing.trash()] == ["gone"]
    assert store.filing.purge([kept, gone]) == (gone,)
    assert store.filing.trash() == ()
    assert [chat.id for chat in store.filing.conversations()] == [kept]
    with pytest.raises(StoreError):
        store.conversation(gone)
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("chats.sqlite3*"))
    assert secret.encode() not in raw


def test_numbers_are_never_given_out_again(store: ChatStore) -> None:
    chat = store.begin("t")
    message = store.add(chat, None, Role.USER, text("a"))
    store.filing.delete(chat)
    store.filing.purge([chat])
    again = store.begin("t")
    assert again > chat
    assert store.add(again, None, Role.USER, text("b")).id > message.id


def test_after_a_month_the_trash_is_outdated(store: ChatStore, tmp_path: Path) -> None:
    old, new = store.begin("old"), store.begin("new")
    for chat in (old, new):
        store.filing.delete(chat)
    assert store.filing.outdated() == ()
    with sqlite3.connect(tmp_path / "chats.sqlite3") as db:
        then = time.time() - 31 * 86_400
        db.execute("UPDATE conversations SET deleted_at = ? WHERE id = ?", (then, old))
    assert store.filing.outdated() == (old,)


def test_an_answer_learns_that_its_conversation_was_deleted(store: ChatStore) -> None:
    chat = store.begin("t")
    asked = store.ask(chat, text("?"), "m")
    assert store.update(asked.answer.id, text("a"), MessageState.STREAMING)
    store.filing.delete(chat)
    assert not store.update(asked.answer.id, text("ab"), MessageState.STREAMING)
    assert store.conversation(chat).branch()[-1].text() == "ab"


def test_who_asks_next_asks_below_the_answer_that_is_being_written(store: ChatStore, tmp_path: Path) -> None:
    chat = store.begin("t")
    first = store.ask(chat, text("one"), "m")
    other = ChatStore(tmp_path / "chats.sqlite3")
    second = other.ask(chat, text("two"), "m")
    other.close()
    assert second.question.parent_id == first.answer.id
    assert store.streaming(chat) == (first.answer.id, second.answer.id)
    shown = store.conversation(chat).branch()
    assert [message.text() for message in shown] == ["one", "", "two", ""]
    version = store.ask(chat, text("one, again"), "m", beside=first.question)
    assert version.question.parent_id is None
