"""A context that fills up: it is said, with the choice to forget, summarise or leave; never silent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.chat.conversation import ChatMessage, MessageState, Part, PartKind
from engine.events import (
    JobCancelled,
    JobFailed,
    JobId,
    MessageAdded,
    MessageChanged,
    ModelLoaded,
    PromptProgressed,
    TokenDelta,
)
from engine.messages import sentence
from tests.gui import samples
from tests.gui.chat_support import STATS, Chat, answer, conversation, make_chat, press, settle, user

FULL = replace(STATS, prompt_tokens=4000, generated_tokens=95)
NEARLY = replace(STATS, prompt_tokens=3400, generated_tokens=200)


@pytest.fixture
def chat(qtbot: QtBot) -> Chat:
    made = make_chat(qtbot)
    model = replace(samples.STARTER, name="model")  # the name that `answer` gives
    facts = replace(samples.facts(model), context_length=4096)
    made.desk.tell(ModelLoaded(JobId(0), model, facts))
    settle()
    return made


def open_full(chat: Chat) -> None:
    last = answer(4, "and so on", state=MessageState.CUT, stats=FULL)
    chat.open(conversation(user(1, "Q"), answer(2, "A"), user(3, "R"), last))


def words(chat: Chat) -> str:
    notice = chat.page.context
    return f"{notice.accessibleName()} | {notice.accessibleDescription()}"


def summed_up(text: str) -> ChatMessage:
    question = user(3, "R", 2)
    return replace(question, parts=(Part(PartKind.SUMMARY, text), *question.parts))


def test_a_full_context_says_how_full_and_what_to_do(chat: Chat) -> None:
    open_full(chat)
    assert words(chat).startswith("The context is full | ")
    assert "4,095 of 4,096 tokens" in words(chat)
    assert chat.page.context._origin.text() == "measured"
    shown = [chat.page.context.forget, chat.page.context.summarise, chat.page.context.leave]
    assert [button.accessibleName() for button in shown if button.isVisible()] == [
        "Forget the beginning",
        "Summarise the beginning",
        "Leave it",
    ]


def test_forgetting_by_keyboard(chat: Chat) -> None:
    open_full(chat)
    QTest.keyClick(chat.page.composer.draft, Qt.Key.Key_Backtab)
    for _ in range(2):
        QTest.keyClick(chat.page.focusWidget(), Qt.Key.Key_Backtab)
    assert chat.page.focusWidget() is chat.page.context.forget
    QTest.keyClick(chat.page.context.forget, Qt.Key.Key_Return)
    assert chat.desk.arguments("make_room") == (7, 4, "cut")
    settle()
    assert not chat.page.context.isVisible()
    job = chat.desk.last("make_room")
    going_on = answer(4, "and so on", 3, MessageState.STREAMING, stats=None)
    chat.desk.tell(MessageChanged(job, 7, summed_up("")), MessageAdded(job, 7, going_on))
    chat.stream(job, " for ever")
    assert chat.page.model.live_message_id == 4
    chat.end_answer(job, answer(4, "and so on for ever", 3))
    assert "for ever" in chat.shown()
    assert not chat.page.context.isVisible()


def test_a_summary_shows_its_progress_and_can_be_cancelled(chat: Chat) -> None:
    open_full(chat)
    chat.page.context.summarise.setFocus()
    QTest.keyClick(chat.page.context.summarise, Qt.Key.Key_Return)
    job = chat.desk.last("make_room")
    assert chat.desk.arguments("make_room") == (7, 4, "summarise")
    assert chat.page.context.cancel.hasFocus()
    chat.desk.tell(PromptProgressed(job, 300, 1200, 0))
    settle()
    assert "Summarising the beginning … | Reading 300 of 1,200 tokens" in words(chat)
    chat.desk.tell(*(TokenDelta(job, "They spoke", False, 2) for _ in range(8)))
    settle()
    assert "16 tokens of the summary are written, 512 at most" in words(chat)
    assert "They spoke" not in chat.shown()
    QTest.keyClick(chat.page.context.cancel, Qt.Key.Key_Return)
    assert chat.desk.cancelled == [job]
    chat.desk.tell(JobCancelled(job))
    settle()
    # Nothing has changed, so the choice is there again.
    assert words(chat).startswith("The context is full")
    assert chat.page.context.forget.hasFocus()


def test_a_refused_question_says_why_in_the_notice_and_not_twice(chat: Chat) -> None:
    chat.open(conversation(user(11, "before"), answer(12, "it")))
    chat.page.composer.set_text("And?")
    press(chat.page.composer.draft, Qt.Key.Key_Return)
    job = chat.desk.last("send")
    empty = answer(14, "", 13, MessageState.STREAMING, stats=None)
    chat.desk.tell(MessageAdded(job, 7, user(13, "And?", 12)), MessageAdded(job, 7, empty))
    interrupted = replace(empty, state=MessageState.INTERRUPTED)
    too_long = sentence("prompt_too_long", needed=5000, available=4095)
    chat.desk.tell(MessageChanged(job, 7, interrupted), JobFailed(job, too_long))
    settle()
    assert "5,000 of 4,096 tokens" in words(chat)
    assert not chat.page.error.isVisible()
    chat.page.context.summarise.click()
    assert chat.desk.arguments("make_room") == (7, 14, "summarise")
    chat.desk.tell(JobFailed(chat.desk.last("make_room"), sentence("summary_empty", model="model")))
    settle()
    assert "wrote no summary" in chat.page.error.text()
    assert chat.page.context.forget.isVisible()


def test_one_question_that_fills_everything_offers_no_empty_choice(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "A", state=MessageState.CUT, stats=FULL)))
    assert "The last question and its answer alone fill it" in words(chat)
    assert not chat.page.context.forget.isVisible()
    assert chat.page.context.leave.isVisible()


def test_leaving_it_is_kept_until_there_is_news(chat: Chat) -> None:
    open_full(chat)
    chat.page.context.leave.setFocus()
    QTest.keyClick(chat.page.context.leave, Qt.Key.Key_Escape)
    settle()
    assert not chat.page.context.isVisible()
    assert chat.page.composer.draft.hasFocus()
    chat.page.transcript.carry_on_requested.emit(4)
    job = chat.desk.last("carry_on")
    going_on = answer(4, "and so on", 3, MessageState.STREAMING, stats=None)
    too_long = sentence("prompt_too_long", needed=4096, available=4095)
    chat.desk.tell(MessageAdded(job, 7, going_on), JobFailed(job, too_long))
    settle()
    assert chat.page.context.forget.isVisible()


def test_nearly_full_is_said_calmly(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "A", stats=NEARLY)))
    assert words(chat).startswith("The context is 87 % full")
    assert "3,600 of 4,096 tokens" in words(chat)
    assert not chat.page.context.forget.isVisible()
    chat.page.context.close_it.click()
    settle()
    assert not chat.page.context.isVisible()


def test_filling_up_is_said_while_the_answer_is_written(chat: Chat) -> None:
    job = chat.begin_answer()
    chat.desk.tell(PromptProgressed(job, 3480, 3480, 0))
    chat.stream(job, "one")
    assert not chat.page.context.isVisible()
    chat.stream(job, *["x "] * 10)
    assert words(chat).startswith("The context is 85 % full")


def test_plenty_of_room_is_not_mentioned(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "A")))
    assert not chat.page.context.isVisible()


def test_a_full_context_elsewhere_names_the_host(chat: Chat) -> None:
    job = chat.begin_answer()
    chat.end_answer(job, answer(2, "", 1, MessageState.INTERRUPTED, stats=None))
    chat.page.transcript.carry_on_requested.emit(2)
    job = chat.desk.last("carry_on")
    chat.desk.tell(MessageAdded(job, 7, answer(2, "", 1, MessageState.STREAMING, stats=None)))
    full = sentence("remote_context_full", model="big", host="api.example.com", told="")
    chat.desk.tell(JobFailed(job, full))
    settle()
    assert "api.example.com" in words(chat)
    assert not chat.page.context._origin.isVisible()
