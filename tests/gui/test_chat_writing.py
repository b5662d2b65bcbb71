"""Drafts, history, slash commands, settings of a chat, and files that go with a message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.chat.attachments import attached, part_of
from engine.chat.conversation import ChatMessage, MessageState, Part, PartKind, Role
from engine.chat.options import NOTHING_SET, ChatOptions
from engine.chat.shelf import Preset, Prompt, Shelf
from engine.events import DraftsListed, FileRead, JobFailed, JobFinished, JobId, MessageAdded, ShelfRead
from engine.messages import sentence
from gui.chat.input_history import InputHistory
from tests.gui.chat_support import Chat, answer, conversation, make_chat, press, settle, user
from tests.gui.patience import LIMIT_MS

SHELF = Shelf(
    (Prompt("Translate", "Translate into {{language}}:\n{{text}}"),),
    (Preset("Terse", ChatOptions("Be terse.", temperature=0.1)),),
)


@pytest.fixture
def chat(qtbot: QtBot) -> Chat:
    made = make_chat(qtbot)
    made.page.focus_composer()
    settle()
    return made


def draft_key(chat: Chat, *keys: Qt.Key) -> None:
    for key in keys:
        press(chat.page.composer.draft, key)
    settle()


# drafts
def test_a_draft_is_kept_on_disk_and_by_conversation(chat: Chat, qtbot: QtBot) -> None:
    chat.page.composer.set_text("half a thought")
    qtbot.waitUntil(lambda: chat.desk.count("keep_draft") == 1, timeout=LIMIT_MS)
    assert chat.desk.arguments("keep_draft") == (None, "half a thought")
    chat.open(conversation(user(1, "a"), answer(2, "b")))
    assert chat.page.composer.text == ""
    chat.page.composer.set_text("elsewhere")
    chat.page.new_conversation()
    assert chat.page.composer.text == "half a thought"
    chat.page.keep()
    assert (7, "elsewhere") in [given for name, given, _ in chat.desk.commands if name == "keep_draft"]


def test_drafts_of_an_earlier_start_come_back(chat: Chat) -> None:
    chat.desk.tell(DraftsListed(chat.desk.last("list_drafts"), {None: "from before", 7: "there too"}))
    settle()
    assert chat.page.composer.text == "from before"
    chat.open(conversation(user(1, "a"), answer(2, "b")))
    assert chat.page.composer.text == "there too"


def test_what_is_typed_before_the_drafts_come_stays(chat: Chat) -> None:
    chat.page.composer.set_text("newer")
    chat.desk.tell(DraftsListed(chat.desk.last("list_drafts"), {None: "older"}))
    settle()
    assert chat.page.composer.text == "newer"


def test_what_was_sent_is_no_draft_any_more(chat: Chat, qtbot: QtBot) -> None:
    chat.page.composer.set_text("a question")
    chat.page.keep()
    chat.begin_answer("a question")
    chat.page.keep()
    assert chat.desk.arguments("keep_draft") == (None, "")


def test_a_question_that_is_edited_is_no_draft(chat: Chat) -> None:
    chat.open(conversation(user(1, "Why?"), answer(2, "So.")))
    chat.page.composer.set_text("a draft")
    chat.page.transcript.edit_requested.emit(1)
    chat.page.composer.set_text("Why then?")
    chat.page.keep()
    assert chat.desk.arguments("keep_draft") == (7, "a draft")


# history
def test_up_brings_earlier_questions_back(chat: Chat) -> None:
    chat.open(conversation(user(1, "first"), answer(2, "x"), user(3, "second\nline"), answer(4, "y")))
    draft_key(chat, Qt.Key.Key_Up)
    assert chat.page.composer.text == "second\nline"
    draft_key(chat, Qt.Key.Key_Up)
    assert chat.page.composer.text == "first"
    draft_key(chat, Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert chat.page.composer.text == ""


def test_up_in_a_text_moves_the_cursor(chat: Chat) -> None:
    chat.open(conversation(user(1, "first"), answer(2, "x")))
    chat.page.composer.set_text("one\ntwo")
    draft_key(chat, Qt.Key.Key_Up)
    assert chat.page.composer.text == "one\ntwo"


def test_history_gives_nothing_beyond_its_ends() -> None:
    history = InputHistory()
    assert history.walk("", -1) is None
    history.show(["a", "b", "b"])
    assert [history.walk("", -1), history.walk("b", -1), history.walk("a", -1)] == ["b", "a", None]
    assert history.walk("changed", -1) is None
    assert history.walk("", 1) is None


# slash commands
def test_a_slash_opens_a_list_that_escape_closes(chat: Chat) -> None:
    chat.page.composer.set_text("/")
    assert chat.page.composer.slashes.isVisible()
    draft_key(chat, Qt.Key.Key_Escape)
    assert not chat.page.composer.slashes.isVisible()
    assert chat.page.composer.text == "/"
    chat.page.composer.set_text("a/b")
    assert not chat.page.composer.slashes.isVisible()


def test_a_number_is_set_by_slash_and_kept_with_the_chat(chat: Chat) -> None:
    chat.open(conversation(user(1, "a"), answer(2, "b")))
    chat.page.composer.set_text("/temp")
    draft_key(chat, Qt.Key.Key_Tab)
    assert chat.page.composer.text == "/temperature "
    chat.page.composer.set_text("/temperature 0,3")
    draft_key(chat, Qt.Key.Key_Return)
    assert chat.desk.arguments("set_options") == (7, ChatOptions(temperature=0.3))
    assert chat.page.composer.text == ""
    assert chat.desk.count("send") == 0


def test_a_number_that_is_none_is_refused_with_its_limits(chat: Chat) -> None:
    chat.page.composer.set_text("/temperature 9")
    draft_key(chat, Qt.Key.Key_Return)
    assert chat.page.model.options == NOTHING_SET
    assert "from 0.0 to 2.0" in chat.page.status.text()
    chat.page.composer.set_text("h")
    assert "from 0.0" not in chat.page.status.text()


def test_commands_of_the_window_are_handed_on(chat: Chat) -> None:
    wanted: list[str] = []
    chat.page.command_wanted.connect(wanted.append)
    chat.page.composer.set_text("/find")
    draft_key(chat, Qt.Key.Key_Return)
    assert wanted == ["find"]


def test_a_prompt_is_put_in_and_tab_goes_through_its_placeholders(chat: Chat) -> None:
    chat.desk.tell(ShelfRead(JobId(0), SHELF))
    settle()
    chat.page.composer.set_text("/trans")
    draft_key(chat, Qt.Key.Key_Return)
    field = chat.page.composer.draft
    assert field.textCursor().selectedText() == "{{language}}"
    field.insertPlainText("German")
    draft_key(chat, Qt.Key.Key_Tab)
    assert field.textCursor().selectedText() == "{{text}}"
    field.insertPlainText("Hallo")
    assert chat.page.composer.text == "Translate into German:\nHallo"


def test_a_preset_is_used_by_slash(chat: Chat) -> None:
    chat.desk.tell(ShelfRead(JobId(0), SHELF))
    settle()
    chat.page.composer.set_text("/preset ter")
    draft_key(chat, Qt.Key.Key_Return)
    assert chat.page.model.options == SHELF.presets[0].options


# settings of a chat
def test_settings_of_a_new_chat_go_with_its_first_message(chat: Chat) -> None:
    chat.page.toggle_options()
    chat.page.options.system.setPlainText("Be terse.")
    chat.page.options.numbers["temperature"].setValue(0.2)
    chat.begin_answer("Why?")
    assert chat.desk.arguments("send") == (None, "Why?", (), ChatOptions("Be terse.", temperature=0.2))
    assert chat.desk.count("set_options") == 0


def test_settings_that_change_while_a_chat_begins_are_kept_too(chat: Chat) -> None:
    chat.page.composer.set_text("Why?")
    draft_key(chat, Qt.Key.Key_Return)
    chat.page.options.use(ChatOptions(top_k=9))
    assert chat.desk.count("set_options") == 0
    chat.desk.tell(MessageAdded(chat.desk.last("send"), 7, user(1, "Why?")))
    settle()
    assert chat.desk.arguments("set_options") == (7, ChatOptions(top_k=9))


def test_settings_are_those_of_the_chat_that_is_shown(chat: Chat) -> None:
    own = ChatOptions("Own.", top_k=3, seed=0)
    chat.open(replace(conversation(user(1, "a"), answer(2, "b")), options=own))
    panel = chat.page.options
    assert panel.system.toPlainText() == "Own."
    assert panel.numbers["top_k"].chosen() == 3
    assert panel.numbers["seed"].chosen() == 0
    assert panel.numbers["temperature"].chosen() is None
    panel.system.setPlainText("Changed.")
    chat.page.new_conversation()  # before the moment was over
    assert chat.desk.arguments("set_options") == (7, replace(own, system="Changed."))
    assert panel.system.toPlainText() == ""
    assert chat.page.model.options == NOTHING_SET


def test_the_panel_is_as_wide_as_its_fields(chat: Chat) -> None:
    chat.page.toggle_options()
    settle()
    panel = chat.page.options
    for field in (*panel.numbers.values(), panel.system, panel._keep, panel._forget, panel._thinking):
        right = field.mapTo(panel, field.rect().topRight()).x()
        assert right <= panel.width() - 10, field.accessibleName()


def test_presets_are_kept_used_and_forgotten(chat: Chat) -> None:
    panel = chat.page.options
    chat.page.toggle_options()
    panel.numbers["temperature"].setValue(1.0)
    panel._name.setText("Warm")
    panel._keep.click()
    kept = Shelf().with_preset(Preset("Warm", ChatOptions(temperature=1.0)))
    assert chat.desk.arguments("keep_shelf") == (kept,)
    chat.desk.tell(ShelfRead(JobId(0), kept))
    settle()
    assert panel._preset.currentText() == "Warm"
    panel._forget.click()
    assert chat.desk.arguments("keep_shelf") == (Shelf(),)


# files
def drop(chat: Chat, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    chat.page.composer.draft.insertFromMimeData(data)
    settle()


def read(chat: Chat, name: str, text: str) -> None:
    job = chat.desk.last("attach")
    chat.desk.tell(FileRead(job, name, attached(name, text)), JobFinished(job))
    settle()


def test_files_cost_is_shown_and_they_are_sent_with_the_words(chat: Chat, tmp_path: Path) -> None:
    drop(chat, tmp_path / "a.py")
    assert chat.desk.arguments("attach") == (str(tmp_path / "a.py"),)
    (chip,) = chat.page.composer.chips.chips
    assert "reading" in chip.accessibleName()
    chat.page.composer.set_text("What is this?")
    assert not chat.page.composer.button.isEnabled()  # it is not read yet
    read(chat, "a.py", "print(1)\n" * 100)
    assert "about" in chip.accessibleName() and "tokens" in chip.accessibleName()
    draft_key(chat, Qt.Key.Key_Return)
    assert chat.desk.arguments("send")[:2] == (None, "What is this?")
    assert [file.name for file in chat.desk.arguments("send")[2]] == ["a.py"]
    assert not chat.page.composer.chips.isVisible()


def test_files_are_dropped_anywhere_on_the_page(chat: Chat, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "report.pdf"))])
    copy, left, bare = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(60, 60), copy, data, left, bare)
    entered.ignore()
    QApplication.sendEvent(chat.page, entered)
    assert chat.page.acceptDrops() and entered.isAccepted()
    QApplication.sendEvent(chat.page, QDropEvent(QPointF(60, 60), copy, data, left, bare))
    assert chat.desk.arguments("attach") == (str(tmp_path / "report.pdf"),)
    words = QMimeData()
    words.setText("just words")
    entered = QDragEnterEvent(QPoint(60, 60), copy, words, left, bare)
    entered.ignore()
    QApplication.sendEvent(chat.page, entered)
    assert not entered.isAccepted()


def test_a_file_can_be_sent_alone_or_left_out(chat: Chat, tmp_path: Path) -> None:
    drop(chat, tmp_path / "a.txt")
    read(chat, "a.txt", "words")
    assert chat.page.composer.button.isEnabled()
    chat.page.composer.chips.chips[0].remove.click()
    assert not chat.page.composer.button.isEnabled()
    assert chat.page.composer.chips.files == ()


def test_files_wait_while_a_question_is_edited(chat: Chat, tmp_path: Path) -> None:
    chat.open(conversation(user(1, "Why?"), answer(2, "So.")))
    drop(chat, tmp_path / "a.txt")
    read(chat, "a.txt", "words")
    chat.page.transcript.edit_requested.emit(1)
    chat.page.composer.set_text("Why then?")
    draft_key(chat, Qt.Key.Key_Return)
    assert chat.desk.arguments("edit") == (7, 1, "Why then?")
    assert [file.name for file in chat.page.composer.chips.files] == ["a.txt"]


def test_a_file_that_cannot_be_read_says_why(chat: Chat, tmp_path: Path) -> None:
    drop(chat, tmp_path / "a.bin")
    chat.desk.tell(JobFailed(chat.desk.last("attach"), sentence("attachment_no_text", name="a.bin")))
    settle()
    assert chat.page.composer.chips.chips == []
    assert "a.bin" in chat.page.error.text()


def test_files_come_back_when_sending_failed(chat: Chat, tmp_path: Path) -> None:
    drop(chat, tmp_path / "a.txt")
    read(chat, "a.txt", "words")
    draft_key(chat, Qt.Key.Key_Return)
    chat.desk.tell(JobFailed(chat.desk.last("send"), sentence("disk_full", path="/")))
    settle()
    assert [file.name for file in chat.page.composer.chips.files] == ["a.txt"]


def test_pasted_words_stay_words(chat: Chat) -> None:
    data = QMimeData()
    data.setText("just words")
    chat.page.composer.draft.insertFromMimeData(data)
    assert chat.page.composer.text == "just words"
    assert chat.desk.count("attach") == 0


def test_files_stand_above_the_question_in_the_transcript(chat: Chat) -> None:
    parts = (part_of(attached("report.pdf", "long")), Part(PartKind.TEXT, "Sum it up"))
    question = ChatMessage(1, None, Role.USER, parts, MessageState.COMPLETE, 0.0)
    chat.open(conversation(question, answer(2, "Short.")))
    shown = chat.shown()
    assert shown.index("report.pdf") < shown.index("Sum it up")
    assert "long" not in shown
