"""Enter sends, but never what an input method still composes; a failed message is not lost."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.chat.conversation import MessageState
from engine.events import JobCancelled, JobFailed, MessageChanged
from engine.messages import sentence
from tests.gui.chat_support import Chat, answer, conversation, make_chat, press, settle, user


@pytest.fixture
def chat(qtbot: QtBot) -> Chat:
    return make_chat(qtbot)


def compose(chat: Chat, preedit: str, commit: str = "") -> None:
    event = QInputMethodEvent(preedit, [])
    if commit:
        event.setCommitString(commit)
    QApplication.sendEvent(chat.page.composer.draft, event)


def test_enter_sends_and_clears(chat: Chat) -> None:
    chat.page.composer.set_text("  hello  ")
    press(chat.page.composer.draft, Qt.Key.Key_Return)
    assert chat.desk.arguments("send") == (None, "hello")
    assert chat.page.composer.text == ""


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_never_sends_what_is_composed(chat: Chat, key: Qt.Key) -> None:
    chat.page.composer.set_text("你")
    compose(chat, "hao")
    press(chat.page.composer.draft, key)
    assert chat.desk.count("send") == 0
    compose(chat, "", "好")
    press(chat.page.composer.draft, key)
    assert chat.desk.arguments("send") == (None, "你好")


def test_shift_enter_begins_a_line_and_blank_text_is_not_sent(chat: Chat) -> None:
    press(chat.page.composer.draft, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert chat.page.composer.text == "\n"
    press(chat.page.composer.draft, Qt.Key.Key_Return)
    assert chat.desk.count("send") == 0
    assert not chat.page.composer.button.isEnabled()


def test_field_grows_to_a_limit(chat: Chat) -> None:
    low = chat.page.composer.draft.height()
    chat.page.composer.set_text("line\n" * 4)
    middle = chat.page.composer.draft.height()
    chat.page.composer.set_text("line\n" * 400)
    high = chat.page.composer.draft.height()
    assert low < middle < high <= 220


def test_button_becomes_stop_and_back(chat: Chat) -> None:
    button = chat.page.composer.button
    assert button.accessibleName() == "Send"
    job = chat.begin_answer()
    assert button.accessibleName() == "Stop" and button.isEnabled()
    chat.page.composer.set_text("next")
    press(chat.page.composer.draft, Qt.Key.Key_Return)
    assert chat.desk.count("send") == 1
    button.click()
    assert chat.desk.cancelled == [job]
    assert chat.page.status.text() == "Stopping …"
    stopped = answer(2, "so far", 1, MessageState.STOPPED)
    chat.desk.tell(MessageChanged(job, 7, stopped), JobCancelled(job))
    settle()
    assert button.accessibleName() == "Send"
    assert chat.page.composer.text == "next"
    assert "You stopped this answer." in chat.shown()


def test_escape_stops_from_the_field(chat: Chat) -> None:
    press(chat.page.composer.draft, Qt.Key.Key_Escape)
    assert chat.desk.cancelled == []
    job = chat.begin_answer()
    press(chat.page.composer.draft, Qt.Key.Key_Escape)
    assert chat.desk.cancelled == [job]


def test_a_message_that_was_not_stored_comes_back(chat: Chat) -> None:
    chat.page.composer.set_text("precious")
    press(chat.page.composer.draft, Qt.Key.Key_Return)
    chat.page.composer.set_text("typed since")
    reason = sentence("disk_full", path="/data")
    chat.desk.tell(JobFailed(chat.desk.last("send"), reason))
    settle()
    assert chat.page.composer.text == "precious\ntyped since"
    assert chat.page.error.isVisible() and "/data" in chat.page.error.text()
    chat.page.composer.set_text("again")
    press(chat.page.composer.draft, Qt.Key.Key_Return)
    assert not chat.page.error.isVisible()


def test_a_message_that_failed_after_one_went_elsewhere_waits_there(chat: Chat) -> None:
    chat.page.composer.set_text("precious")
    press(chat.page.composer.draft, Qt.Key.Key_Return)
    chat.open(conversation(user(1, "other")))
    chat.desk.tell(JobFailed(chat.desk.last("send"), sentence("disk_full", path="/data")))
    settle()
    assert chat.page.composer.text == ""
    assert not chat.page.error.isVisible()
    chat.page.new_conversation()
    assert chat.page.composer.text == "precious"


def test_drafts_stay_with_their_conversation(chat: Chat) -> None:
    chat.page.composer.set_text("for a new one")
    chat.open(conversation(user(1, "old")))
    assert chat.page.composer.text == ""
    chat.page.composer.set_text("for seven")
    chat.page.new_conversation()
    assert chat.page.composer.text == "for a new one"
    chat.open(conversation(user(1, "old")))
    assert chat.page.composer.text == "for seven"
