"""Conversations on disk: what is written comes back, whatever happens to the writer."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.chat.conversation import AnswerStats, MessageState, Part, PartKind, Role
from engine.chat.store import ChatStore
from engine.errors import StoreError


def text(body: str) -> tuple[Part, ...]:
    return (Part(PartKind.TEXT, body),)


@pytest.fixture
def store(tmp_path: Path):
    made = ChatStore(tmp_path / "chats.sqlite3")
    yield made
    made.close()


def test_a_tree_of_messages_comes_back(store: ChatStore) -> None:
    chat = store.begin("First")
    question = store.add(chat, None, Role.USER, text("why?"))
    first = store.add(chat, question.id, Role.ASSISTANT, text("because"))
    second = store.add(chat, question.id, Role.ASSISTANT, text("since"))
    found = store.conversation(chat)
    assert {message.id for message in found.messages} == {question.id, first.id, second.id}
    assert [message.text() for message in found.branch()] == ["why?", "since"]


def test_branches_are_walked(store: ChatStore) -> None:
    chat = store.begin("First")
    question = store.add(chat, None, Role.USER, text("why?"))
    first = store.add(chat, question.id, Role.ASSISTANT, text("because"))
    below = store.add(chat, first.id, Role.USER, text("really?"))
    second = store.add(chat, question.id, Role.ASSISTANT, text("since"))
    shown = store.conversation(chat).through(first.id)
    assert [message.id for message in shown.branch()] == [question.id, first.id, below.id]
    assert store.conversation(chat).through(question.id).leaf_id == second.id
    before = store.filing.conversations()
    store.show(chat, below.id)
    assert store.conversation(chat).leaf_id == below.id
    assert store.filing.conversations() == before


def test_an_answer_is_updated_while_it_streams_and_at_its_end(store: ChatStore) -> None:
    chat = store.begin("x")
    answer = store.add(chat, None, Role.ASSISTANT, (), MessageState.STREAMING, "SmolLM2")
    store.update(
        answer.id, [Part(PartKind.REASONING, "hm"), Part(PartKind.TEXT, "a")], MessageState.STREAMING
    )
    stats = AnswerStats(10, 4, 3, 100.0, 20.5, 0.25, 1, 0.5)
    store.update(answer.id, text("ab"), MessageState.COMPLETE, stats)
    (kept,) = store.conversation(chat).messages
    assert (kept.text(), kept.state, kept.stats, kept.model) == (
        "ab",
        MessageState.COMPLETE,
        stats,
        "SmolLM2",
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.text())
def test_any_text_survives(store: ChatStore, title: str, body: str) -> None:
    chat = store.begin(title)
    store.add(chat, None, Role.USER, text(body))
    found = store.conversation(chat)
    assert (found.title, found.messages[0].text()) == (title, body)


def test_lone_surrogates_are_replaced_and_not_fatal(store: ChatStore) -> None:
    chat = store.begin("half \ud83d")
    assert store.conversation(chat).title == "half ?"


def test_deleting_hides_and_restoring_brings_back(store: ChatStore) -> None:
    chat = store.begin("gone")
    store.filing.delete(chat)
    assert store.filing.conversations() == ()
    store.filing.restore(chat)
    assert [summary.title for summary in store.filing.conversations()] == ["gone"]


def test_a_killed_writer_leaves_an_interrupted_answer(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite3"
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from engine.chat.store import ChatStore\n"
        "from engine.chat.conversation import *\n"
        "store = ChatStore(Path(sys.argv[1])); chat = store.begin('t')\n"
        "answer = store.add(chat, None, Role.ASSISTANT, (), MessageState.STREAMING)\n"
        "store.update(answer.id, [Part(PartKind.TEXT, 'half an ans')], MessageState.STREAMING)\n"
        "os.kill(os.getpid(), getattr(signal, 'SIGKILL', signal.SIGTERM))\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=root, check=False)
    store = ChatStore(path)
    (message,) = store.conversation(store.filing.conversations()[0].id).messages
    store.close()
    assert (message.state, message.text()) == (MessageState.INTERRUPTED, "half an ans")


def test_another_living_program_keeps_its_streaming_answer(store: ChatStore, tmp_path: Path) -> None:
    chat = store.begin("t")
    store.add(chat, None, Role.ASSISTANT, text("going on"), MessageState.STREAMING)
    second = ChatStore(tmp_path / "chats.sqlite3")
    (message,) = second.conversation(chat).messages
    second.close()
    assert message.state is MessageState.STREAMING


def test_a_foreign_file_is_refused_with_a_sentence_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite3"
    path.write_bytes(b"this is not a database, it is a letter to my aunt" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        ChatStore(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite3"
    ChatStore(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer"):
        ChatStore(path)


def test_a_loop_in_the_tree_ends(store: ChatStore, tmp_path: Path) -> None:
    chat = store.begin("loop")
    first = store.add(chat, None, Role.USER, text("a"))
    second = store.add(chat, first.id, Role.USER, text("b"))
    with sqlite3.connect(tmp_path / "chats.sqlite3") as db:
        db.execute("UPDATE messages SET parent_id = ? WHERE id = ?", (second.id, first.id))
    assert len(store.conversation(chat).branch()) == 2
    assert len(store.conversation(chat).through(first.id).branch()) == 2


def test_nonsense_in_a_row_is_a_sentence(store: ChatStore, tmp_path: Path) -> None:
    chat = store.begin("bad")
    store.add(chat, None, Role.USER, text("a"))
    with sqlite3.connect(tmp_path / "chats.sqlite3") as db:
        db.execute("UPDATE messages SET role = 'emperor'")
    with pytest.raises(StoreError):
        store.conversation(chat)
