"""The search through all conversations: what is found, shown, kept up to date, and survives."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.chat.codec import PlainCodec
from engine.chat.conversation import MessageState, Part, PartKind, Role
from engine.chat.found import ChatsFound
from engine.chat.search_index import SearchIndex
from engine.chat.snippets import snippet_of
from engine.chat.store import ChatStore
from engine.chat.words import bare, index_text, terms_of
from engine.errors import StoreError
from engine.jobs.chat_searching import ChatSearcher
from engine.jobs.storekeeper import StoreKeeper


class Bench:
    """A store and its index; `add` writes one message into a conversation of its own or a known one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = ChatStore(folder / "chats.sqlite3")
        self.index = SearchIndex(folder / "index.sqlite3", folder / "chats.sqlite3")

    def add(self, body: str, title: str = "t", chat: int | None = None) -> int:
        chat = chat or self.store.begin(title)
        leaf = self.store.conversation(chat).leaf_id
        return self.store.add(chat, leaf, Role.USER, (Part(PartKind.TEXT, body),)).id

    def look(self, query: str) -> ChatsFound:
        assert self.index.catch_up(60) == 0
        return self.index.look_for(query)

    def ids(self, query: str) -> list[int]:
        return [message.id for chat in self.look(query).conversations for message in chat.messages]

    def close(self) -> None:
        self.index.close()
        self.store.close()


@pytest.fixture
def bench(tmp_path: Path):
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("query", "body", "found"),
    [
        ("wolf", "The big bad wolf.", True),
        ("WOLF bad", "The big bad wolf.", True),
        ("wol", "The big bad wolf.", True),  # is being typed
        ("wol ", "The big bad wolf.", False),  # was typed to its end
        ("olf", "The big bad wolf.", False),
        ('"bad wolf"', "The big bad wolf.", True),
        ('"big wolf"', "The big bad wolf.", False),
        ("wolf sheep", "The big bad wolf.", False),
        ("cafe", "A café at the corner", True),
        ("CAFÉ", "A cafe at the corner", True),
        ("ｗｏｌｆ", "wolf", True),
        ("智能", "人工智能的历史", True),
        ("人工智能", "关于人工智能，有很多", True),
        ("工能", "人工智能", False),
        ("工智", "人工智能", True),
        ("智", "人工智能", True),
        ("能", "人工智能", True),
        ("GPU 显存", "这张GPU的显存不够", True),
        ("カタ", "カタカナで書く", True),
        ("한국", "한국어로 쓴다", True),
        ("foo_bar", "call foo_bar()", True),
        ("3.141", "pi is 3.14159", True),
        ("don't", "I don't know", True),
        ("?!", "what?!", False),
        ('"', 'a " b', False),
        ('x" OR "y', "y", False),
        ("body : wolf", "wolf", False),
        ("NEAR(a b)", "a b", False),
    ],
)
def test_what_is_found(bench: Bench, query: str, body: str, found: bool) -> None:
    message = bench.add(body)
    assert bench.ids(query) == ([message] if found else [])


def test_hits_are_grouped_by_conversation_the_newest_first_titles_before_all(bench: Bench) -> None:
    first = bench.store.begin("about cats")
    one = bench.add("a dog here", chat=first)
    second = bench.store.begin("dogs: a dog in the title")
    two = bench.add("nothing", chat=second)
    third = bench.store.begin("other")
    three = bench.add("dog again", chat=third)
    four = bench.add("dog again and again", chat=first)
    found = bench.look("dog").conversations
    assert [chat.id for chat in found] == [second, first, third]
    assert [[message.id for message in chat.messages] for chat in found] == [[], [four, one], [three]]
    assert two not in bench.ids("dog")
    title, marks = found[0].title, found[0].title_marks
    assert [title[start:end] for start, end in marks] == ["dog", "dog"] or "dog" in title


def test_passages_are_short_and_marked(bench: Bench) -> None:
    bench.add("before " * 100 + "the needle\nin  the hay" + " after" * 200)
    (chat,) = bench.look("needle hay").conversations
    snippet = chat.messages[0].snippet
    assert len(snippet.text) <= 182 and "\n" not in snippet.text
    assert snippet.text.startswith("…") and snippet.text.endswith("…")
    assert [snippet.text[start:end] for start, end in snippet.marks] == ["needle", "hay"]


def test_thoughts_are_found_and_told_apart(bench: Bench) -> None:
    chat = bench.store.begin("t")
    parts = (Part(PartKind.REASONING, "maybe a walrus"), Part(PartKind.TEXT, "A seal."))
    bench.store.add(chat, None, Role.ASSISTANT, parts)
    (found,) = bench.look("walrus").conversations
    assert found.messages[0].thought
    (found,) = bench.look("seal").conversations
    assert not found.messages[0].thought


def test_the_index_follows_every_change(bench: Bench) -> None:
    chat = bench.store.begin("t")
    asked = bench.store.ask(chat, [Part(PartKind.TEXT, "question")], "m")
    bench.store.update(asked.answer.id, [Part(PartKind.TEXT, "half")], MessageState.STREAMING)
    assert bench.ids("half") == [], "it is still being written"
    bench.store.update(asked.answer.id, [Part(PartKind.TEXT, "half then whole")], MessageState.COMPLETE)
    assert bench.ids("whole") == [asked.answer.id]
    bench.store.update(asked.answer.id, [Part(PartKind.TEXT, "other words")], MessageState.COMPLETE)
    assert bench.ids("whole") == [] and bench.ids("other") == [asked.answer.id]
    bench.store.filing.rename(chat, "zebra")
    assert bench.look("zebra").conversations[0].id == chat
    bench.store.filing.delete(chat)
    assert bench.look("zebra").conversations == () and bench.ids("other") == []
    bench.store.filing.restore(chat)
    assert bench.ids("other") == [asked.answer.id]


def test_words_that_were_deleted_for_good_leave_the_index(bench: Bench) -> None:
    message = bench.add("unforgettable")
    assert bench.ids("unforgettable") == [message]
    chat = bench.store.filing.conversations()[0].id
    bench.store.filing.delete(chat)
    bench.store.filing.purge([chat])
    assert bench.ids("unforgettable") == []
    assert bench.index._db.execute("SELECT count(*) FROM docs").fetchone() == (0,)
    bench.index._db.execute("INSERT INTO words(words) VALUES ('integrity-check')")


def test_a_damaged_index_is_made_anew(bench: Bench, tmp_path: Path) -> None:
    message = bench.add("here I am")
    assert bench.ids("here") == [message]
    bench.index.close()
    for ending in ("-wal", "-shm"):
        (tmp_path / f"index.sqlite3{ending}").unlink(missing_ok=True)
    (tmp_path / "index.sqlite3").write_bytes(os.urandom(100_000))
    bench.index = SearchIndex(tmp_path / "index.sqlite3", tmp_path / "chats.sqlite3")
    assert bench.ids("here") == [message]


def test_an_index_of_another_database_is_made_anew(bench: Bench, tmp_path: Path) -> None:
    bench.add("of the first database")
    assert bench.ids("first")
    bench.close()
    for path in tmp_path.glob("chats.sqlite3*"):
        path.unlink()
    bench.store = ChatStore(tmp_path / "chats.sqlite3")
    bench.index = SearchIndex(tmp_path / "index.sqlite3", tmp_path / "chats.sqlite3")
    assert bench.ids("first") == []


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        SearchIndex(tmp_path / "index.sqlite3", tmp_path / "chats.sqlite3")
    assert not (tmp_path / "chats.sqlite3").exists()


def test_two_programs_share_an_index(bench: Bench, tmp_path: Path) -> None:
    other = SearchIndex(tmp_path / "index.sqlite3", tmp_path / "chats.sqlite3")
    message = bench.add("shared")
    assert other.catch_up(5) == 0
    assert bench.index.look_for("shared").messages == 1
    bench.store.update(message, [Part(PartKind.TEXT, "changed")], MessageState.COMPLETE)
    assert bench.ids("changed") == [message]
    assert other.look_for("shared").messages == 0
    other.close()


class _Secret(PlainCodec):
    """Writes what nobody can read, as an encrypting codec would."""

    in_clear = False

    def encode(self, text: str) -> str:
        return "".join(chr(ord(letter) + 1) for letter in text)

    def decode(self, stored: str) -> str:
        return "".join(chr(ord(letter) - 1) for letter in stored)


def test_what_a_codec_hides_is_not_written_into_an_index(tmp_path: Path) -> None:
    store = ChatStore(tmp_path / "chats.sqlite3", _Secret())
    chat = store.begin("hidden title")
    message = store.add(chat, None, Role.USER, [Part(PartKind.TEXT, "hidden words")])
    index = SearchIndex(tmp_path / "index.sqlite3", tmp_path / "chats.sqlite3", _Secret())
    index.catch_up(5)
    assert [found.messages[0].id for found in index.look_for("words").conversations] == [message.id]
    assert not (tmp_path / "index.sqlite3").exists()
    index.close()
    store.close()


def test_the_searcher_reads_in_its_own_time(tmp_path: Path) -> None:
    keeper = StoreKeeper(tmp_path / "chats.sqlite3")
    chat = keeper.call(lambda store: store.begin("t"))
    parts = [Part(PartKind.TEXT, "early")]
    keeper.call(lambda store: store.add(chat, None, Role.USER, parts))
    searcher = ChatSearcher(tmp_path / "index.sqlite3", keeper)
    searcher.read()
    assert searcher.look_for("early").messages == 1
    searcher.close(5)
    keeper.close(5)


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)


@settings(max_examples=200)
@given(_TEXTS, st.integers(0, 60), st.integers(1, 12))
def test_no_word_of_any_text_is_a_query_that_fails(body: str, start: int, length: int) -> None:
    """With FTS5's own tokenizer, without a store."""
    pieces = [word for word in index_text(body).split() if word]
    assume(pieces)
    word = pieces[start % len(pieces)]
    terms = terms_of(word + " ")
    assume(terms)
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.execute(
            "CREATE VIRTUAL TABLE w USING fts5(body, singles, tokenize='unicode61 remove_diacritics 2')"
        )
        from engine.chat.words import index_singles, match_of

        db.execute("INSERT INTO w VALUES (?, ?)", (index_text(body), index_singles(body)))
        db.execute("SELECT 1 FROM w WHERE w MATCH ?", (match_of(terms),)).fetchall()  # never an error


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(_TEXTS, _TEXTS)
def test_marks_lie_within_the_passage(body: str, query: str) -> None:
    terms = terms_of(query)
    assume(terms)
    snippet = snippet_of(body, terms)
    if snippet is not None:
        assert all(0 <= start <= end <= len(snippet.text) for start, end in snippet.marks)
        assert bare(snippet.text.strip("…")) or not body.strip()
