"""Versions of questions and answers: a tree that is walked by arrows and by keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.chat.conversation import ChatMessage, Conversation, MessageState
from engine.events import ConversationOpened, JobFailed, MessageAdded
from engine.messages import sentence
from gui.chat.part_rows import VersionsRow
from tests.gui.chat_support import Chat, answer, make_chat, press, settle, user

ALT = Qt.KeyboardModifier.AltModifier
TREE: tuple[ChatMessage, ...] = (
    user(1, "Why?"),
    answer(2, "first", 1),
    user(3, "below the first", 2),
    answer(4, "second", 1),
    answer(5, "third", 1),
    answer(6, "deep", 3),
)


@pytest.fixture
def chat(qtbot: QtBot) -> Chat:
    made = make_chat(qtbot)
    made.open(Conversation(7, "title", TREE, 4))
    return made


def places(chat: Chat) -> list[str]:
    return [row.text() for row in chat.page.transcript.visible_rows if isinstance(row, VersionsRow)]


def give(chat: Chat, leaf: int) -> None:
    """The engine's answer to a walk."""
    tree = Conversation(7, "title", TREE, leaf)
    chat.desk.tell(ConversationOpened(chat.desk.last("show_branch"), tree))
    settle()


def shown(chat: Chat) -> list[int]:
    return [message.id for message in chat.page.model.messages]


def test_walking_by_keys(chat: Chat) -> None:
    transcript = chat.page.transcript
    transcript.setFocus()
    assert places(chat) == ["2/3"]
    press(transcript, Qt.Key.Key_Left, ALT)
    assert chat.desk.arguments("show_branch") == (7, 2)
    assert not chat.page.composer._sendable  # what is sent now would follow the other branch
    give(chat, 6)
    assert shown(chat) == [1, 2, 3, 6]
    assert places(chat) == ["1/3"]
    assert "deep" in chat.shown() and "second" not in chat.shown()
    # There is no earlier one: the keyboard is at the other arrow.
    assert transcript.accessibleDescription() == "Later version (Alt+Right)"
    press(transcript, Qt.Key.Key_Left, ALT)
    assert chat.desk.count("show_branch") == 1
    press(transcript, Qt.Key.Key_Return)
    assert chat.desk.arguments("show_branch") == (7, 4)
    give(chat, 4)
    press(transcript, Qt.Key.Key_Return)
    assert chat.desk.arguments("show_branch") == (7, 5)
    give(chat, 5)
    assert places(chat) == ["3/3"]
    assert transcript.accessibleDescription() == "Earlier version (Alt+Left)"


def test_walking_by_mouse(chat: Chat) -> None:
    transcript = chat.page.transcript
    ((target, action),) = [(t, a) for t, a in transcript._targets() if t[2] == "later"]
    (placed,) = [p for p in transcript._placed if (p.box, p.index) == target[:2]]
    spot = action.rect.center()
    place = QPoint(round(transcript._column_left() + spot.x()), round(placed.y + spot.y()))
    QTest.mouseClick(transcript.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chat.desk.arguments("show_branch") == (7, 5)


def test_another_answer_is_another_version_and_nothing_is_walked_meanwhile(chat: Chat) -> None:
    chat.page.transcript.regenerate_requested.emit(4)
    job = chat.desk.last("regenerate")
    chat.desk.tell(MessageAdded(job, 7, answer(8, "", 1, MessageState.STREAMING, stats=None)))
    chat.stream(job, "fourth")
    press(chat.page.transcript, Qt.Key.Key_Left, ALT)
    assert chat.desk.count("show_branch") == 0
    chat.end_answer(job, answer(8, "fourth", 1))
    assert places(chat) == ["4/4"]
    press(chat.page.transcript, Qt.Key.Key_Left, ALT)
    assert chat.desk.arguments("show_branch") == (7, 5)


def test_a_walk_that_fails_says_so_and_changes_nothing(chat: Chat) -> None:
    press(chat.page.transcript, Qt.Key.Key_Left, ALT)
    job = chat.desk.last("show_branch")
    chat.desk.tell(JobFailed(job, sentence("unexpected", detail="damaged", log="l")))
    settle()
    assert "damaged" in chat.page.error.text()
    assert shown(chat) == [1, 4]
    assert chat.page.composer._sendable


def test_a_question_has_versions_too(chat: Chat) -> None:
    tree = (user(1, "Why?"), answer(2, "a", 1), user(3, "How?"), answer(4, "b", 3))
    chat.open(Conversation(7, "title", tree, 4))
    assert places(chat) == ["2/2"]
    press(chat.page.transcript, Qt.Key.Key_Left, ALT)
    assert chat.desk.arguments("show_branch") == (7, 1)
    chat.desk.tell(ConversationOpened(chat.desk.last("show_branch"), Conversation(7, "title", tree, 2)))
    settle()
    assert shown(chat) == [1, 2]
    assert chat.page.transcript.accessibleDescription() == "Later version (Alt+Right)"


def test_a_question_is_edited_by_keyboard(chat: Chat) -> None:
    composer, notice = chat.page.composer, chat.page.editing
    composer.set_text("half a thought")
    press(composer.draft, Qt.Key.Key_F2)
    assert (composer.text, notice.isVisible()) == ("Why?", True)
    assert composer.draft.accessibleDescription().startswith("Editing a question.")
    composer.set_text("Why not?")
    press(composer.draft, Qt.Key.Key_Return)
    assert chat.desk.arguments("edit") == (7, 1, "Why not?")
    assert (composer.text, notice.isVisible()) == ("half a thought", False)
    job = chat.desk.last("edit")
    chat.desk.tell(
        MessageAdded(job, 7, user(8, "Why not?")),
        MessageAdded(job, 7, answer(9, "", 8, MessageState.STREAMING, stats=None)),
    )
    settle()
    assert shown(chat) == [8, 9]
    chat.end_answer(job, answer(9, "because", 8))
    assert places(chat) == ["2/2"]


def test_an_edit_is_left_by_esc_and_by_going_elsewhere(chat: Chat) -> None:
    composer, transcript = chat.page.composer, chat.page.transcript
    composer.set_text("half a thought")
    transcript.setFocus()
    transcript.focusNextPrevChild(True)
    press(transcript, Qt.Key.Key_Return)
    assert composer.text == "Why?" and composer.draft.hasFocus()
    press(composer.draft, Qt.Key.Key_Escape)
    assert composer.text == "half a thought" and not chat.page.editing.isVisible()
    press(composer.draft, Qt.Key.Key_F2)
    chat.page.new_conversation()
    assert composer.text == "" and not chat.page.editing.isVisible()
    chat.open(Conversation(7, "title", TREE, 6))
    assert composer.text == "half a thought"
    press(transcript, Qt.Key.Key_F2)
    assert composer.text == "below the first"
    transcript.walk_versions(1, 1)
    give(chat, 4)
    assert composer.text == "half a thought" and not chat.page.editing.isVisible()


def test_an_edit_that_cannot_be_stored_gives_the_words_back(chat: Chat) -> None:
    press(chat.page.composer.draft, Qt.Key.Key_F2)
    chat.page.composer.set_text("Why not?")
    press(chat.page.composer.draft, Qt.Key.Key_Return)
    chat.desk.tell(JobFailed(chat.desk.last("edit"), sentence("unexpected", detail="no room", log="l")))
    settle()
    assert chat.page.composer.text == "Why not?"
