"""Conversations through the desk: titles by the model, sends at once, search, copies, the trash."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.chat.attachments import attached_image
from engine.chat.conversation import ConversationSummary, MessageState
from engine.chat.image_parts import image_in, images_of
from engine.events import (
    ChatsSearched,
    ConversationOpened,
    ConversationsListed,
    JobFinished,
    MessageAdded,
    Noticed,
)
from engine.jobs.titling import title_from
from engine.settings import Remote
from tests.endpoint import Endpoint, Line, Request
from tests.pictures import png
from tests.service.remote_bench import WAIT_S, MemoryRing, remote_model, wait_for
from tests.service.test_remote_desk import DeskUnderTest, ring  # noqa: F401  a fixture


class Teller:
    """Answers questions with "Hello!" and the order for a title with `title`, thinking aloud before it."""

    def __init__(self) -> None:
        self.title = "Title: **Greetings from afar.**\n\nI chose this because"
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.titled: list[Request] = []
        self.asked: list[Request] = []

    def __call__(self, request: Request, line: Line) -> None:
        from tests.endpoint import HEAD, models

        if request.method == "GET":
            line.send(models("m"))
            return
        line.send(HEAD)
        if "title" in request.body["messages"][-1]["content"]:
            self.titled.append(request)
            line.say("", reasoning_content="They greet. A title with greetings.")
            line.say(self.title)
        else:
            self.asked.append(request)
            assert self.may_answer.wait(WAIT_S)
            line.say(f"Hello! ({len(request.body['messages'])})")
        line.end()


@pytest.fixture
def teller() -> Teller:
    return Teller()


@pytest.fixture
def under_test(
    tmp_path: Path,
    teller: Teller,
    ring: MemoryRing,  # noqa: F811
) -> Iterator[DeskUnderTest]:
    made = DeskUnderTest(tmp_path)
    with Endpoint(teller) as endpoint:
        made.done(made.desk.add_remote(Remote("", endpoint.url, ("m",)), ""))
        made.done(made.desk.load(remote_model(endpoint.url)))
        yield made
        made.desk.close()


def conversations(under_test: DeskUnderTest) -> tuple[ConversationSummary, ...]:
    (listed,) = [
        event
        for event in under_test.done(under_test.desk.list_conversations())
        if isinstance(event, ConversationsListed)
    ]
    return listed.conversations


def titles(under_test: DeskUnderTest) -> list[str]:
    return [chat.title for chat in conversations(under_test)]


def test_the_model_names_a_conversation_after_its_first_answer(
    under_test: DeskUnderTest, teller: Teller
) -> None:
    under_test.done(under_test.desk.send(None, "Good morning, how are you?"))
    wait_for(lambda: titles(under_test) == ["Greetings from afar"])
    (chat,) = conversations(under_test)
    under_test.done(under_test.desk.send(chat.id, "And now?"))
    assert len(teller.titled) == 1
    assert teller.titled[0].body["messages"][0]["content"] == "Good morning, how are you?"


def test_a_title_of_a_persons_stays(under_test: DeskUnderTest, teller: Teller) -> None:
    teller.may_answer.clear()
    job = under_test.desk.send(None, "Good morning")
    added = under_test.heard.until(job, MessageAdded)
    assert isinstance(added, MessageAdded)
    under_test.done(under_test.desk.rename_conversation(added.conversation_id, "Mine"))
    teller.may_answer.set()
    under_test.done(job)
    assert titles(under_test) == ["Mine"] and teller.titled == []


def test_nothing_is_named_where_that_is_switched_off(under_test: DeskUnderTest, teller: Teller) -> None:
    under_test.desk.change_settings(replace(under_test.desk.settings, name_chats=False))
    under_test.done(under_test.desk.send(None, "Good morning"))
    assert titles(under_test) == ["Good morning"] and teller.titled == []


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Rust and lifetimes", "Rust and lifetimes"),
        ('"Rust and lifetimes."\n', "Rust and lifetimes"),
        ("\n\n## 标题：《红楼梦》的结构\n", "红楼梦》的结构"),
        ("**Title:** A *plan*", "A *plan"),
        ("", ""),
        ("…", ""),
        ("The user wants a title for this conversation, so I would say that it could be something", ""),
    ],
)
def test_titles_are_one_short_line(written: str, title: str) -> None:
    assert title_from(written) == title


def test_two_sends_at_once_follow_each_other(under_test: DeskUnderTest, teller: Teller) -> None:
    under_test.done(under_test.desk.send(None, "first"))
    (chat,) = conversations(under_test)
    teller.may_answer.clear()
    jobs = [under_test.desk.send(chat.id, text) for text in ("one", "two", "three")]
    for job in jobs:
        wait_for(
            lambda job=job: len([e for e in under_test.heard.of(job) if isinstance(e, MessageAdded)]) == 2
        )
    teller.may_answer.set()
    for job in jobs:
        assert isinstance(under_test.heard.until(job, JobFinished), JobFinished)
    opened = under_test.done(under_test.desk.open_conversation(chat.id))[0]
    assert isinstance(opened, ConversationOpened)
    branch = opened.conversation.branch()
    assert len(branch) == len(opened.conversation.messages) == 8
    assert {message.text() for message in branch[2::2]} == {"one", "two", "three"}
    # Each was answered with everything above it.
    assert [message.text() for message in branch[1::2]] == [f"Hello! ({n})" for n in (1, 3, 5, 7)]
    assert all(message.state is MessageState.COMPLETE for message in branch)


def test_what_was_said_is_found_and_opened_in_its_branch(under_test: DeskUnderTest) -> None:
    desk = under_test.desk
    under_test.done(desk.send(None, "a walrus"))
    (chat,) = conversations(under_test)
    opened = under_test.done(desk.open_conversation(chat.id))[0]
    assert isinstance(opened, ConversationOpened)
    first = opened.conversation.branch()[0]
    under_test.done(desk.edit(chat.id, first.id, "a seal"))
    (searched,) = [
        e for e in under_test.done(desk.search_conversations("walrus")) if isinstance(e, ChatsSearched)
    ]
    (hit,) = searched.found.conversations[0].messages
    assert (hit.id, searched.found.conversations[0].id) == (first.id, chat.id)
    opened = under_test.done(desk.open_conversation(chat.id, hit.id))[0]
    assert isinstance(opened, ConversationOpened)
    assert [message.text() for message in opened.conversation.branch()] == ["a walrus", "Hello! (1)"]


def test_folders_pins_and_the_trash_through_the_desk(under_test: DeskUnderTest) -> None:
    desk = under_test.desk
    under_test.done(desk.send(None, "keep me"))
    (chat,) = conversations(under_test)

    def after(job: int) -> ConversationsListed:
        return [e for e in under_test.done(job) if isinstance(e, ConversationsListed)][-1]

    listed = after(desk.make_folder("Work", chat.id))
    assert listed.conversations[0].folder_id == listed.folders[0].id
    assert after(desk.pin_conversation(chat.id, True)).conversations[0].pinned
    assert after(desk.move_conversation(chat.id, None)).conversations[0].folder_id is None
    assert after(desk.rename_folder(listed.folders[0].id, "Play")).folders[0].name == "Play"
    assert after(desk.remove_folder(listed.folders[0].id)).folders == ()
    assert [each.id for each in after(desk.delete_conversation(chat.id)).trash] == [chat.id]
    gone = after(desk.purge_conversations())
    assert gone.trash == () and gone.conversations == ()
    copies = list((under_test.paths.data / "chats-copies").iterdir())
    assert len(copies) == 1, "a copy that does not hold it takes the place of those that do"


def test_a_damaged_database_is_told_and_gone_on_from(tmp_path: Path) -> None:
    first = DeskUnderTest(tmp_path)
    first.desk._keeper.call(lambda store: store.begin("kept"))
    first.desk._keeper.copy()
    first.desk.close()
    with first.paths.chats.open("rb+") as file:
        file.write(b"rubbish " * 100)
    second = DeskUnderTest(tmp_path)
    assert titles(second) == ["kept"]
    notices = [e.message.code for _, e in second.heard.events if isinstance(e, Noticed)]
    assert notices == ["chats_damaged"]
    assert second.failed(second.desk.send(None, "into nothing?")) in ("chats_read_only", "installed_unknown")
    told = second.done(second.desk.go_on_from_copy())
    assert [e.message.code for e in told if isinstance(e, Noticed)] == ["chats_begun_again"]
    (chat,) = conversations(second)
    second.done(second.desk.rename_conversation(chat.id, "goes on"))
    assert titles(second) == ["goes on"]
    second.desk.close()


def test_images_are_kept_and_told_with_every_question(under_test: DeskUnderTest, teller: Teller) -> None:
    image = attached_image("my cat.png", png(seed=4))
    under_test.done(under_test.desk.send(None, "What is it?", (image,)))
    (chat,) = conversations(under_test)
    under_test.done(under_test.desk.send(chat.id, "Are you sure?"))
    first, second = (request.body["messages"] for request in teller.asked[:2])
    assert second[0] == first[0]
    shown, words = first[0]["content"]
    assert image_in(shown["image_url"]["url"]) == png(seed=4)
    assert words == {"type": "text", "text": "What is it?"}
    opened = under_test.done(under_test.desk.open_conversation(chat.id))
    (conversation,) = [event.conversation for event in opened if isinstance(event, ConversationOpened)]
    question = conversation.branch()[0]
    assert images_of(question) == (png(seed=4),)
    assert question.text() == "What is it?"
