"""Conversations to files and back: round trips, hostile files, what a page of HTML may hold."""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.cancellation import CancelToken
from engine.chat.attachments import attached_image, part_of
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
from engine.chat.export import Form, file_name, html_of, markdown_of, text_of
from engine.chat.import_chatgpt import chatgpt_records, is_chatgpt
from engine.chat.importing import read_records
from engine.chat.options import ChatOptions
from engine.chat.record import ConversationRecord
from engine.chat.store import ChatStore
from engine.errors import Cancelled, DesksideError, ImportRefused, StoreError
from engine.jobs.chat_files import TakenIn, export, take_in
from engine.jobs.storekeeper import StoreKeeper
from tests.pictures import png

WORDS = st.text(st.characters(codec="utf-8"), max_size=40)
TIMES = st.floats(0, 3.9e9, allow_nan=False)
PARTS = st.lists(st.builds(Part, st.sampled_from(PartKind), WORDS), max_size=3).map(tuple)
STATS = st.none() | st.builds(
    AnswerStats,
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    st.floats(0, 1e9),
    st.floats(0, 1e9),
    st.floats(0, 1e9),
)


@st.composite
def records(draw: st.DrawFn) -> ConversationRecord:
    """A tree of messages, any of them the end of the branch that is shown."""
    messages: list[ChatMessage] = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        parent = draw(st.none() | st.sampled_from([m.id for m in messages])) if messages else None
        state = draw(
            st.sampled_from([state for state in MessageState if state is not MessageState.STREAMING])
        )
        role, model = draw(st.sampled_from(Role)), draw(WORDS)
        messages.append(
            ChatMessage(number, parent, role, draw(PARTS), state, draw(TIMES), model, draw(STATS))
        )
    leaf = draw(st.sampled_from([m.id for m in messages])) if messages else None
    options = ChatOptions(system=draw(WORDS), temperature=draw(st.none() | st.floats(0, 2)))
    chat = Conversation(0, draw(WORDS), tuple(messages), leaf, options)
    folder = " ".join(draw(WORDS).split())
    created = draw(TIMES.filter(bool))
    return ConversationRecord(
        chat,
        draw(st.uuids()).hex,
        created,
        created + 1,
        folder,
        draw(st.booleans()),
        draw(st.sampled_from(TitleBy)),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=records())
def test_our_json_comes_back_as_it_was(tmp_path: Path, record: ConversationRecord) -> None:
    path = tmp_path / "chats.json"
    path.write_text(text_of(record, Form.JSON), "utf-8")
    assert list(read_records(path)) == [record]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=records())
def test_a_store_gives_back_what_it_took_in(store: ChatStore, record: ConversationRecord) -> None:
    record = replace(record, uid=uuid.uuid4().hex)  # the store remembers those of earlier examples
    folder = store.filing.make_folder(record.folder) if record.folder else None
    id_ = store.records.take_in(record, folder)
    assert id_ is not None
    assert store.records.take_in(record) is None, "it is there already"
    kept = store.records.record(id_)
    assert _shape(kept) == _shape(record)


def _shape(record: ConversationRecord) -> object:
    """Everything but numbers, which are the store's own."""
    chat = record.conversation
    place = {message.id: n for n, message in enumerate(chat.messages)}
    messages = [
        (
            place.get(m.parent_id) if m.parent_id is not None else None,
            m.role,
            m.parts,
            m.state,
            m.model,
            m.created_at,
            m.stats,
        )
        for m in chat.messages
    ]
    leaf = place[chat.leaf_id] if chat.leaf_id is not None else None
    head = (chat.title, chat.options, record.uid, record.created_at, record.updated_at, record.pinned)
    return head, record.folder, record.title_by, messages, leaf


@pytest.fixture
def store(tmp_path: Path):
    made = ChatStore(tmp_path / "store.sqlite3")
    yield made
    made.close()


# ChatGPT


def node(id_: str, parent: str | None, role: str = "user", text: str = "", **more: Any) -> dict[str, Any]:
    content = more.pop("content", {"content_type": "text", "parts": [text]})
    message = {"id": id_, "author": {"role": role}, "create_time": 1.7e9, "content": content, **more}
    return {"id": id_, "parent": parent, "children": [], "message": message}


def exported(*nodes: dict[str, Any], current: str) -> list[dict[str, Any]]:
    root = {"id": "root", "message": None, "parent": None, "children": []}
    mapping = {entry["id"]: entry for entry in (root, *nodes)}
    head = {"title": "Trip", "create_time": 1.7e9, "update_time": 1.71e9, "conversation_id": "abc"}
    return [{**head, "mapping": mapping, "current_node": current}]


def only(document: list[Any]) -> ConversationRecord:
    assert is_chatgpt(document)
    (record,) = chatgpt_records(document)
    assert record is not None
    return record


def test_an_export_of_chatgpt_with_branches_thoughts_and_tools() -> None:
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "Plan", "content": "Think of trains."}]}
    picture = {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer"}, "what?"]}
    hidden = {"is_visually_hidden_from_conversation": True}
    document = exported(
        node("s", "root", "system", "You are"),
        node("q", "s", "user", "Where to?"),
        node("h", "q", "assistant", "hidden", metadata=hidden),
        node("t", "h", "assistant", content=thoughts),
        node("c", "t", "assistant", "search()", recipient="browser"),
        node("r", "c", "tool", "result"),
        node("a", "r", "assistant", "To Bern.", metadata={"model_slug": "gpt-x"}),
        node("b", "q", "assistant", "To Rome.", status="finished_partial_completion"),
        node("p", "a", "user", content=picture),
        current="p",
    )
    record = only(document)
    chat = record.conversation
    shown = [(message.role, message.text()) for message in chat.branch()]
    assert shown == [(Role.USER, "Where to?"), (Role.ASSISTANT, "To Bern."), (Role.USER, "[image]\n\nwhat?")]
    first, answered = chat.branch()[:2]
    assert answered.text(PartKind.REASONING) == "Plan\nThink of trains."
    assert answered.model == "gpt-x"
    (other,) = [m for m in chat.messages if m.parent_id == first.id and m.id != answered.id]
    assert (other.text(), other.state) == ("To Rome.", MessageState.CUT)
    assert (record.uid, chat.title, record.updated_at) == ("chatgpt-abc", "Trip", 1.71e9)


def test_loops_and_lost_parents_of_chatgpt_end() -> None:
    document = exported(
        node("a", "b", "user", "one"),
        node("b", "a", "user", "two"),
        node("c", "gone", "user", "three"),
        current="?",
    )
    chat = only(document).conversation
    assert sorted(message.text() for message in chat.messages) == ["one", "three", "two"]
    assert chat.branch()


def test_a_chain_of_ten_thousand_is_no_recursion() -> None:
    nodes = [node(str(n), str(n - 1) if n else None, "user", f"{n}") for n in range(10_000)]
    assert len(only(exported(*nodes, current="9999")).conversation.branch()) == 10_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["mapping", "message", "author", "role", "content", "parts", "parent", "thoughts"]
            )
            | st.sampled_from(
                ["content_type", "create_time", "title", "messages", "id", "stats", "kind", "x"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
_NODES = st.dictionaries(
    st.sampled_from("abcd"),
    st.fixed_dictionaries(
        {},
        optional={
            "parent": st.sampled_from("abcd") | JSON,
            "message": JSON
            | st.fixed_dictionaries(
                {},
                optional={
                    "author": JSON | st.just({"role": "assistant"}),
                    "content": JSON
                    | st.fixed_dictionaries(
                        {"content_type": st.sampled_from(["text", "thoughts"])},
                        optional={"parts": JSON, "thoughts": JSON},
                    ),
                    "metadata": JSON,
                    "create_time": JSON,
                },
            ),
        },
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        JSON | st.fixed_dictionaries({"mapping": _NODES}, optional={"title": JSON, "current_node": JSON}),
        max_size=3,
    )
    | st.fixed_dictionaries({"format": st.just("deskside-chats"), "conversations": JSON})
    | JSON
)
def test_whatever_a_file_holds_is_refused_or_taken_in(
    tmp_path: Path, store: ChatStore, document: Any
) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document), "utf-8")
    try:
        found = [record for record in read_records(path) if record is not None]
    except ImportRefused:
        return
    for record in found:
        store.records.take_in(record)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b"PK\x03\x04nothing",
        b"[1]",
        b'{"format": "other"}',
        b"9" * 5000,
    ],
)
def test_other_files_are_refused_with_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(ImportRefused, match="file"):
        list(read_records(path))


def test_a_bomb_is_counted_and_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.chat.importing.MOST_BYTES", 5_000_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", b" " * 50_000_000)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02") + 24  # the size that the directory tells
    data[at : at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(ImportRefused):
        list(read_records(path))


# pages


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> ![x](https://evil.example/x.png)"
    " [a](javascript:alert(1)) [b](https://good.example) </article></body><iframe src='//evil'>"
    " <svg/onload=alert(1)> `</code><script>`\n\n```html\n</pre><script>x</script>\n```\n"
)


@pytest.mark.parametrize("kind", list(PartKind))
@pytest.mark.parametrize("role", list(Role))
def test_nothing_in_a_page_runs_or_is_fetched(kind: PartKind, role: Role) -> None:
    message = ChatMessage(1, None, role, (Part(kind, HOSTILE),), MessageState.COMPLETE, 1.0, "<b>m</b>")
    record = ConversationRecord(Conversation(0, "</title><script>", (message,), 1), "u", 1.0, 1.0)
    page = _Page()
    page.feed(html_of(record))
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "svg", "object", "embed", "link", "b"}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name == "src" for name in attributes)
        assert (attributes.get("href") or "https://").startswith("https://"), "clicked, not fetched"
    assert "prefers-color-scheme: dark" in html_of(record)


def test_markdown_holds_what_is_shown() -> None:
    question = (Part(PartKind.FILE, "a.py\nx = '```'"), Part(PartKind.TEXT, "why?"))
    parts = (Part(PartKind.REASONING, "hm\nso"), Part(PartKind.TEXT, "# It is\n\n42"))
    messages = (
        ChatMessage(1, None, Role.USER, question, MessageState.COMPLETE, 1.0),
        ChatMessage(2, 1, Role.ASSISTANT, (Part(PartKind.TEXT, "other"),), MessageState.COMPLETE, 1.0),
        ChatMessage(3, 1, Role.ASSISTANT, parts, MessageState.COMPLETE, 1.0, "SmolLM2"),
    )
    record = ConversationRecord(Conversation(0, "About\nit", messages, 3), "u", 1.0, 1.0)
    text = re.sub(r"\*.*\*\n", "*date*\n", markdown_of(record), count=1)
    assert text.split("\n\n") == [
        "# About it",
        "*date*",
        "## You",
        "**a.py**",
        "````\nx = '```'\n````",
        "why?",
        "## Model (SmolLM2)",
        "> hm\n> so",
        "# It is",
        "42\n",
    ]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("a/b\\c:d", "a b c d.md"),
        ("../../etc", "etc.md"),
        ("", "chat.md"),
        ("CON", "CON_.md"),
        ("...", "chat.md"),
        ("数学\n题", "数学 题.md"),
    ],
)
def test_names_of_files_are_safe(title: str, name: str) -> None:
    record = ConversationRecord(Conversation(0, title, (), None), "u", 1.0, 1.0)
    taken: set[str] = set()
    assert file_name(record, Form.MARKDOWN, taken) == name
    assert file_name(record, Form.MARKDOWN, taken) != name


# all of them


@pytest.fixture
def keeper(tmp_path: Path):
    made = StoreKeeper(tmp_path / "chats.sqlite3")
    yield made
    made.close(5)


def test_everything_goes_out_and_comes_in_elsewhere(tmp_path: Path, keeper: StoreKeeper) -> None:
    token = CancelToken()
    for title in ("one", "two"):
        chat = keeper.call(lambda store, title=title: store.begin(title))
        keeper.call(lambda s, chat=chat: s.add(chat, None, Role.USER, [Part(PartKind.TEXT, "hello")]))
    assert export(keeper, tmp_path / "all.json", Form.JSON, (), token) == 2
    assert export(keeper, tmp_path / "all.zip", Form.HTML, (), token) == 2
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert sorted(archive.namelist()) == ["one.html", "two.html"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(tmp_path / "all.json", "folder/chats.json")
    (tmp_path / "packed.zip").write_bytes(packed.getvalue())
    other = StoreKeeper(tmp_path / "other.sqlite3")
    try:
        assert take_in(other, tmp_path / "packed.zip", token) == TakenIn(2)
        assert take_in(other, tmp_path / "all.json", token) == TakenIn(0, 2)
        titles = other.call(lambda store: [chat.title for chat in store.filing.conversations()])
        assert sorted(titles) == ["one", "two"]
    finally:
        other.close(5)


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path, keeper: StoreKeeper) -> None:
    token = CancelToken()
    with pytest.raises(StoreError):
        export(keeper, tmp_path / "none.json", Form.JSON, (), token)
    keeper.call(lambda store: store.begin("one"))
    with pytest.raises(DesksideError):
        export(keeper, tmp_path / "gone" / "x.json", Form.JSON, (), token)
    token.cancel()
    with pytest.raises(Cancelled):
        export(keeper, tmp_path / "x.json", Form.JSON, (), token)
    assert not list(tmp_path.glob("*.json")) and not list(tmp_path.glob(".*.part"))


def test_images_stand_in_pages_and_are_named_in_markdown() -> None:
    image = part_of(attached_image("my <cat>.png", png()))
    foreign = Part(PartKind.IMAGE, "https://example.com/a.png")
    parts = (image, foreign, Part(PartKind.TEXT, "What is it?"))
    question = ChatMessage(1, None, Role.USER, parts, MessageState.COMPLETE, 1.0)
    record = ConversationRecord(Conversation(0, "Cat", (question,), 1), uuid.uuid4().hex, 1.0, 1.0)
    page = html_of(record)
    assert page.count("<img ") == 1
    assert 'alt="my &lt;cat&gt;.png"' in page
    assert "example.com" not in page
    written = markdown_of(record)
    assert "*image: my <cat>.png*" in written and "base64" not in written
