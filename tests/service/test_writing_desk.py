"""What a person sets and attaches reaches the model, and is kept: real desk and store, and an endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.chat.attachments import AttachedFile, files_of
from engine.chat.conversation import Conversation
from engine.chat.options import ChatOptions, with_number
from engine.chat.shelf import Preset, Prompt, Shelf
from engine.events import ConversationOpened, DraftsListed, FileRead, MessageAdded, ShelfRead
from engine.settings import Remote
from tests.endpoint import HEAD, Endpoint, Line, Request, models
from tests.service.remote_bench import MemoryRing, remote_model
from tests.service.test_remote_desk import DeskUnderTest, ring  # noqa: F401  a fixture
from tests.unit.test_chat_attachments import words_pdf


class Listener:
    def __init__(self) -> None:
        self.asked: list[Request] = []

    def __call__(self, request: Request, line: Line) -> None:
        if request.method == "GET":
            line.send(models("m"))
            return
        if "title" not in request.body["messages"][-1]["content"]:
            self.asked.append(request)
        line.send(HEAD)
        line.say("Yes.")
        line.end()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def under_test(
    tmp_path: Path,
    listener: Listener,
    ring: MemoryRing,  # noqa: F811
) -> Iterator[DeskUnderTest]:
    made = DeskUnderTest(tmp_path)
    with Endpoint(listener) as endpoint:
        made.done(made.desk.add_remote(Remote("", endpoint.url, ("m",)), ""))
        made.done(made.desk.load(remote_model(endpoint.url)))
        yield made
        made.desk.close()


def attach(under_test: DeskUnderTest, path: Path) -> AttachedFile:
    events = under_test.done(under_test.desk.attach(str(path)))
    return next(event.file for event in events if isinstance(event, FileRead))


def opened(under_test: DeskUnderTest, conversation_id: int) -> Conversation:
    events = under_test.done(under_test.desk.open_conversation(conversation_id))
    return next(event.conversation for event in events if isinstance(event, ConversationOpened))


def test_options_and_files_reach_the_model_and_stay(
    under_test: DeskUnderTest, listener: Listener, tmp_path: Path
) -> None:
    code, pdf = tmp_path / "a.py", tmp_path / "report.pdf"
    code.write_text("print(1)\n")
    pdf.write_bytes(words_pdf(b"Revenue grew"))
    files = (attach(under_test, code), attach(under_test, pdf))
    assert files[1].pages == 1 and all(file.tokens for file in files)
    options = ChatOptions("Be terse.", temperature=0.25, seed=7, max_tokens=9)
    events = under_test.done(under_test.desk.send(None, "Compare.", files, options))
    chat = next(event.conversation_id for event in events if isinstance(event, MessageAdded))
    body = listener.asked[-1].body
    assert body["messages"][0] == {"role": "system", "content": "Be terse."}
    said = body["messages"][1]["content"]
    assert said == (
        "File: a.py\n```py\nprint(1)\n```\n\nFile: report.pdf\n```\nRevenue grew\n```\n\nCompare."
    )
    assert (body["temperature"], body["seed"]) == (0.25, 7)
    assert 9 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    kept = opened(under_test, chat)
    assert kept.options == options
    assert [file.name for file in files_of(kept.branch()[0])] == ["a.py", "report.pdf"]
    # From the next answer on.
    under_test.done(under_test.desk.set_options(chat, with_number(options, "temperature", None)))
    under_test.done(under_test.desk.send(chat, "And now?"))
    assert "temperature" not in listener.asked[-1].body
    assert listener.asked[-1].body["messages"][1]["content"] == said


def test_drafts_and_the_shelf_come_back(under_test: DeskUnderTest) -> None:
    desk = under_test.desk
    under_test.done(desk.keep_draft(None, "half"))
    for text in ("a", "ab", "abc"):
        job = desk.keep_draft(3, text)
    under_test.done(job)
    (listed,) = [event for event in under_test.done(desk.list_drafts()) if isinstance(event, DraftsListed)]
    assert listed.drafts == {None: "half", 3: "abc"}
    shelf = Shelf((Prompt("p", "{{x}}"),), (Preset("q", ChatOptions(top_k=1)),))
    under_test.done(desk.keep_shelf(shelf))
    (read,) = [event for event in under_test.done(desk.read_shelf()) if isinstance(event, ShelfRead)]
    assert read.shelf == shelf


def test_a_file_that_is_no_text_fails_with_a_sentence(under_test: DeskUnderTest, tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(256)))
    assert under_test.failed(under_test.desk.attach(str(path))) == "attachment_no_text"
