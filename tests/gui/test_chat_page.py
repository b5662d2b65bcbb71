"""The chat page against a desk: what events make visible, and which of them are dropped."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.chat.conversation import MessageState
from engine.events import (
    ConversationOpened,
    JobFailed,
    LoadProgressed,
    MessageAdded,
    PromptProgressed,
    RuntimeStateChanged,
    TokenDelta,
    new_job_id,
)
from engine.messages import sentence
from engine.runtime.values import RuntimeState
from gui.chat.answer_rows import FooterRow, ThoughtRow
from tests.gui.chat_support import Chat, answer, conversation, make_chat, settle, user
from tests.gui.patience import LIMIT_MS


@pytest.fixture
def chat(qtbot: QtBot) -> Chat:
    return make_chat(qtbot)


def drawn(qtbot: QtBot, chat: Chat, words: str) -> None:
    qtbot.waitUntil(lambda: words in chat.shown(), timeout=LIMIT_MS)


def test_empty_page_teaches_and_fills_the_composer(chat: Chat) -> None:
    assert chat.page.empty.isVisible()
    button = chat.page.empty.buttons[1]
    button.click()
    assert chat.page.composer.text == button.text()
    assert chat.desk.count("send") == 0


def test_streaming_appears_and_ends_with_its_speed(qtbot: QtBot, chat: Chat) -> None:
    with qtbot.waitSignal(chat.page.conversation_opened, timeout=LIMIT_MS) as opened:
        job = chat.begin_answer("Why?")
    assert opened.args == [7]
    assert not chat.page.empty.isVisible()
    chat.stream(job, "## Be", "cause\n\nof **that**")
    drawn(qtbot, chat, "Because")
    assert "Why?" in chat.shown()
    assert chat.page.status.text() == ""
    assert not any(isinstance(row, FooterRow) for row in chat.page.transcript.visible_rows)
    chat.end_answer(job, answer(2, "## Because\n\nof **that**", 1))
    assert "of that" in chat.shown()
    assert "31 tokens/s · first token 0.4 s · 210 tokens" in chat.shown()


def test_prompt_progress_and_loading_in_words(chat: Chat) -> None:
    chat.desk.tell(RuntimeStateChanged(new_job_id(), RuntimeState.LOADING))
    job = chat.begin_answer()
    chat.desk.tell(LoadProgressed(new_job_id(), 0.45))
    settle()
    assert chat.page.status.text() == "Loading the model … 45 %"
    chat.desk.tell(RuntimeStateChanged(new_job_id(), RuntimeState.READY), PromptProgressed(job, 512, 1200, 0))
    settle()
    assert chat.page.status.text() == "Reading 512 of 1,200 tokens"
    chat.stream(job, "x")
    assert chat.page.status.text() == ""


def test_reasoning_is_folded_while_and_after_it_streams(qtbot: QtBot, chat: Chat) -> None:
    job = chat.begin_answer()
    chat.stream(job, "Let me ", "think.", reasoning=True)
    drawn(qtbot, chat, "Thinking …")
    assert "Let me" not in chat.shown()
    chat.stream(job, "Done.")
    drawn(qtbot, chat, "Done.")
    assert "Thought for a moment · 2 tokens" in chat.shown()
    chat.end_answer(job, answer(2, "Done.", 1, reasoning="Let me think."))
    assert "Thought for 18 seconds · 66 tokens" in chat.shown()
    chat.page.transcript.toggle_thought(1)
    assert "Let me think." in chat.shown()
    chat.page.transcript.toggle_thought(1)
    assert "Let me think." not in chat.shown()


def test_tokens_of_other_jobs_and_conversations_are_dropped(qtbot: QtBot, chat: Chat) -> None:
    job = chat.begin_answer()
    stale = new_job_id()
    chat.desk.tell(
        TokenDelta(stale, "stale words", False, 1),
        MessageAdded(stale, 7, answer(99, "stale answer", 1)),
        ConversationOpened(stale, conversation(user(1, "stale talk"))),
    )
    chat.stream(job, "fresh words")
    drawn(qtbot, chat, "fresh words")
    assert "stale" not in chat.shown()


def test_an_answer_goes_on_while_one_looks_elsewhere(qtbot: QtBot, chat: Chat) -> None:
    job = chat.begin_answer()
    chat.stream(job, "first ")
    chat.open(conversation(user(11, "elsewhere"), number=8))
    chat.stream(job, "second ")
    assert "second" not in chat.shown()
    assert chat.page.composer.button.accessibleName() == "Send"
    chat.open(conversation(user(1, "Why?"), answer(2, "first", state=MessageState.STREAMING)))
    chat.stream(job, "third")
    drawn(qtbot, chat, "first second third")
    assert chat.page.composer.button.accessibleName() == "Stop"


def test_a_new_chat_is_not_taken_over_by_the_one_before(chat: Chat) -> None:
    chat.page.composer.set_text("one")
    chat.page.composer.button.click()
    first = chat.desk.last("send")
    chat.page.new_conversation()
    assert chat.page.empty.isVisible()
    chat.desk.tell(MessageAdded(first, 7, user(1, "one")))
    settle()
    assert chat.page.model.conversation_id is None
    assert chat.page.composer.button.accessibleName() == "Send"


def test_interrupted_answer_is_kept_and_carried_on(qtbot: QtBot, chat: Chat) -> None:
    job = chat.begin_answer()
    chat.stream(job, "half an ans")
    reason = sentence("unexpected", detail="the worker died", log="log")
    interrupted = answer(2, "half an ans", 1, MessageState.INTERRUPTED, stats=None)
    chat.end_answer(job, interrupted)
    chat.desk.tell(JobFailed(job, reason))
    settle()
    assert "half an ans" in chat.shown()
    assert "This answer was interrupted." in chat.shown()
    chat.page.transcript.carry_on_requested.emit(2)
    assert chat.desk.arguments("carry_on") == (7, 2)
    again = chat.desk.last("carry_on")
    chat.desk.tell(MessageAdded(again, 7, answer(2, "half an ans", 1, MessageState.STREAMING)))
    chat.stream(again, "wer.")
    drawn(qtbot, chat, "half an answer.")
    assert "interrupted" not in chat.shown()


def test_failure_is_said_where_it_happens(chat: Chat) -> None:
    job = chat.begin_answer()
    chat.stream(job, "half")
    chat.desk.tell(JobFailed(job, sentence("unexpected", detail="a tensor is missing", log="x.log")))
    settle()
    assert "a tensor is missing" in chat.page.error.text()
    # The store said nothing: what had arrived is shown as interrupted all the same.
    assert "half" in chat.shown() and "interrupted" in chat.shown()
    assert chat.page.composer.button.accessibleName() == "Send"


def test_regenerate_replaces_what_follows_the_question(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "old answer"), user(3, "R"), answer(4, "later")))
    chat.page.transcript.regenerate_requested.emit(2)
    assert chat.desk.arguments("regenerate") == (7, 2)
    job = chat.desk.last("regenerate")
    chat.desk.tell(MessageAdded(job, 7, answer(5, "", 1, MessageState.STREAMING, stats=None)))
    settle()
    assert [message.id for message in chat.page.model.messages] == [1, 5]
    assert "old answer" not in chat.shown() and "later" not in chat.shown()


def test_found_streaming_after_a_restart_means_interrupted(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "half", state=MessageState.STREAMING)))
    assert "This answer was interrupted." in chat.shown()
    (footer,) = [row for row in chat.page.transcript.visible_rows if isinstance(row, FooterRow)]
    assert footer.words.carry_on == "Carry on"


def test_opening_that_fails_says_so(chat: Chat) -> None:
    chat.page.open_conversation(3)
    assert chat.page.status.text() == "Opening the conversation …"
    chat.desk.tell(
        JobFailed(chat.desk.last("open_conversation"), sentence("unexpected", detail="damaged", log="l"))
    )
    settle()
    assert chat.page.status.text() == ""
    assert "damaged" in chat.page.error.text()


def test_accessible_names_and_tab_order(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "A")))
    page = chat.page
    assert page.transcript.accessibleName() == "Conversation"
    assert page.composer.draft.accessibleName() == "Message"
    assert all(button.accessibleName() for button in page.empty.buttons)
    assert page.composer.button.accessibleName()
    page.focus_composer()
    settle()
    assert page.composer.draft.hasFocus()


def test_words_follow_the_language(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "A", reasoning="r")))
    QApplication.sendEvent(chat.page.transcript, QEvent(QEvent.Type.LanguageChange))
    assert any(isinstance(row, ThoughtRow) for row in chat.page.transcript.visible_rows)
