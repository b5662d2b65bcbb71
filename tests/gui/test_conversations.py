"""The side bar's tree, the search through all conversations and the trash, by keyboard and by dragging."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from engine.chat.conversation import (
    Conversation,
    ConversationSummary,
    Folder,
    Role,
    TrashedConversation,
)
from engine.chat.found import ChatsFound, FoundConversation, FoundMessage
from engine.chat.snippets import Snippet
from engine.events import ChatsSearched, ConversationOpened, ConversationsListed, JobFinished, JobId, Noticed
from engine.messages import sentence
from engine.settings import Settings
from gui.conversations.list_view import ConversationView
from gui.shell.window import Page
from tests.gui.chat_support import answer, user
from tests.gui.patience import LIMIT_MS
from tests.gui.test_shell import CONTROL, SHIFT, press_button
from tests.gui.window_under_test import WindowUnderTest

pytestmark = pytest.mark.parametrize(
    "window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True
)
FOLDERS = (Folder(1, "Home"), Folder(2, "Work & more"))
CHATS = (
    ConversationSummary(5, "Pinned one", 1.0, None, True),
    ConversationSummary(1, "Softmax", 9.0),
    ConversationSummary(2, "Attention", 8.0, 2),
    ConversationSummary(3, "Streams", 7.0),
)
TRASH = (TrashedConversation(8, "Old one", 1.7e9), TrashedConversation(9, "Older", 1.6e9))


def tell_list(
    window: WindowUnderTest,
    chats: tuple[ConversationSummary, ...] = CHATS,
    folders: tuple[Folder, ...] = FOLDERS,
    trash: tuple[TrashedConversation, ...] = TRASH,
) -> ConversationView:
    window.tell(ConversationsListed(JobId(0), chats, folders, trash))
    return window.parts.sidebar.chats


def rows(view: ConversationView, parent: QModelIndex | None = None) -> list[str]:
    model, parent = view.model(), parent or QModelIndex()
    return [model.index(row, 0, parent).data() for row in range(model.rowCount(parent))]


def at(view: ConversationView, title: str) -> QModelIndex:
    model = view.model()
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        if index.data() == title:
            return index
        for inner in range(model.rowCount(index)):
            if model.index(inner, 0, index).data() == title:
                return model.index(inner, 0, index)
    raise AssertionError(title)


def go_to(view: ConversationView, title: str) -> None:
    view.setFocus()
    view.setCurrentIndex(at(view, title))


def menu_actions(view: ConversationView) -> dict[str, object]:
    """Of the menu that has just opened."""
    (menu,) = [menu for menu in view.findChildren(QMenu) if menu.isVisible()]
    return {action.text(): action for action in menu.actions()}


def test_pinned_ones_folders_and_the_others(window: WindowUnderTest) -> None:
    view = tell_list(window)
    assert rows(view) == ["Pinned one", "Home", "Work & more", "Softmax", "Streams"]
    assert rows(view, at(view, "Work & more")) == ["Attention"]
    go_to(view, "Work & more")
    window.press(Qt.Key.Key_Return)
    assert view.isExpanded(at(view, "Work & more"))
    go_to(view, "Attention")
    window.press(Qt.Key.Key_Return)
    assert window.desk.arguments("open_conversation") == (2,)


def test_folders_stay_open_and_the_place_stays_when_the_list_changes(window: WindowUnderTest) -> None:
    view = tell_list(window)
    view.expand(at(view, "Work & more"))
    window.parts.sidebar.mark(2)
    tell_list(window, (ConversationSummary(4, "Newest", 10.0), *CHATS))
    assert view.isExpanded(at(view, "Work & more")) and not view.isExpanded(at(view, "Home"))
    assert view.currentIndex().data() == "Attention"


def test_the_filter_reaches_into_folders(window: WindowUnderTest) -> None:
    view = tell_list(window)
    view.expand(at(view, "Home"))
    window.press(Qt.Key.Key_F, CONTROL | SHIFT)
    window.type("atten")
    assert rows(view) == ["Work & more"] and view.isExpanded(at(view, "Work & more"))
    window.press(Qt.Key.Key_Escape)
    assert len(rows(view)) == 5 and not view.isExpanded(at(view, "Work & more"))
    assert view.isExpanded(at(view, "Home"))


def test_keys_pin_rename_move_and_delete(window: WindowUnderTest, qtbot: QtBot) -> None:
    view = tell_list(window)
    go_to(view, "Softmax")
    window.press(Qt.Key.Key_D, CONTROL)
    assert window.desk.arguments("pin_conversation") == (1, True)
    window.press(Qt.Key.Key_D, CONTROL | SHIFT)
    menu_actions(view)["Work && more"].trigger()
    assert window.desk.arguments("move_conversation") == (1, 2)
    go_to(view, "Pinned one")
    window.press(Qt.Key.Key_D, CONTROL)
    assert window.desk.arguments("pin_conversation") == (5, False)
    go_to(view, "Home")
    window.press(Qt.Key.Key_F2)
    editor = view.findChild(QLineEdit)
    editor.setText("House")
    editor.setFocus()
    window.press(Qt.Key.Key_Return)
    assert window.desk.arguments("rename_folder") == (1, "House")
    go_to(view, "Home")
    window.press(Qt.Key.Key_Delete)
    assert window.desk.arguments("remove_folder") == (1,)


def test_a_pinned_one_that_is_moved_is_found_in_its_folder(window: WindowUnderTest) -> None:
    view = tell_list(window)
    view.moved.emit(5, 1)
    assert window.desk.arguments("pin_conversation") == (5, False)
    assert window.desk.arguments("move_conversation") == (5, 1)


def test_a_new_folder_is_named_at_once(window: WindowUnderTest) -> None:
    view = tell_list(window)
    go_to(view, "Softmax")
    window.press(Qt.Key.Key_D, CONTROL | SHIFT)
    menu_actions(view)["New folder"].trigger()
    assert window.desk.arguments("make_folder") == ("New folder", 1)
    tell_list(window, CHATS, (*FOLDERS, Folder(3, "New folder")))
    editor = view.findChild(QLineEdit)
    assert editor is not None and editor.text() == "New folder"
    editor.setText("Maths")
    editor.setFocus()
    window.press(Qt.Key.Key_Return)
    assert window.desk.arguments("rename_folder") == (3, "Maths")


@pytest.mark.parametrize(
    ("dragged", "onto", "moved"),
    [("Softmax", "Home", (1, 1)), ("Attention", "Streams", (2, None)), ("Attention", "Work & more", None)],
)
def test_dragging_moves(
    window: WindowUnderTest, dragged: str, onto: str, moved: tuple[int, int | None] | None
) -> None:
    view = tell_list(window)
    view.expandAll()
    go_to(view, dragged)
    place = QPointF(view.visualRect(at(view, onto)).center())
    drop = QDropEvent(
        place,
        Qt.DropAction.MoveAction,
        QMimeData(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    view.dropEvent(drop)
    assert window.desk.count("move_conversation") == (moved is not None)
    if moved is not None:
        assert window.desk.arguments("move_conversation") == moved
    assert rows(view) == ["Pinned one", "Home", "Work & more", "Softmax", "Streams"], "only the store moves"


# the search
def found() -> ChatsFound:
    hit = FoundMessage(11, Role.USER, 2.0, Snippet("…of the 🐺 wolf and the 狼群", ((10, 14), (23, 25))))
    thought = FoundMessage(12, Role.ASSISTANT, 1.0, Snippet("a wolf?", ((2, 6),)), thought=True)
    chats = (
        FoundConversation(7, "About a wolf", ((8, 12),), 3.0, (hit, thought)),
        FoundConversation(8, "Other", (), 2.0, ()),
    )
    return ChatsFound("wolf", chats)


def search(window: WindowUnderTest, qtbot: QtBot, words: str = "wolf") -> None:
    window.press(Qt.Key.Key_F, CONTROL | SHIFT)
    window.type(words)
    qtbot.waitUntil(lambda: window.desk.count("search_conversations") > 0, timeout=LIMIT_MS)
    assert window.desk.arguments("search_conversations") == (words,)
    job = window.desk.last("search_conversations")
    window.tell(ChatsSearched(job, found()), JobFinished(job))


def test_typing_searches_and_enter_opens_at_the_message(window: WindowUnderTest, qtbot: QtBot) -> None:
    tell_list(window)
    search(window, qtbot)
    assert window.parts.window.page is Page.SEARCH
    page = window.parts.search
    assert [row.words for row in page.results.rows] == [
        "About a wolf",
        "…of the 🐺 wolf and the 狼群",
        "a wolf?",
        "Other",
    ]
    assert page._told.text() == "Chats: 2, messages: 2"
    window.press(Qt.Key.Key_Return)
    assert window.focused() is page.view
    window.press(Qt.Key.Key_Down)
    window.press(Qt.Key.Key_Return)
    assert window.desk.arguments("open_conversation") == (7, 11)
    assert window.parts.window.page is Page.CHAT
    messages = (user(10, "hello"), user(11, "of the 🐺 wolf and the 狼群", 10), answer(12, "wolf", 11))
    window.tell(ConversationOpened(window.desk.last("open_conversation"), Conversation(7, "t", messages, 12)))
    bar = window.parts.chat.find_bar
    assert not bar.isHidden() and bar.field.text() == "wolf"
    assert bar.count.text() == "1 of 2"


def test_older_answers_are_dropped_and_escape_leaves(window: WindowUnderTest, qtbot: QtBot) -> None:
    tell_list(window)
    search(window, qtbot)
    stale = window.desk.last("search_conversations")
    window.type("s")
    qtbot.waitUntil(lambda: window.desk.count("search_conversations") == 2, timeout=LIMIT_MS)
    window.tell(ChatsSearched(stale, ChatsFound("wolf", ())))
    assert len(window.parts.search.results.rows) == 4
    window.tell(ChatsSearched(window.desk.last("search_conversations"), ChatsFound("wolfs", (), unread=12)))
    assert window.parts.search._told.text() == "Nothing found. 12 messages are still being read."
    window.press(Qt.Key.Key_Escape)
    assert window.parts.window.page is Page.CHAT
    assert window.parts.sidebar.field.text() == ""


# the trash
def test_the_trash_gives_back_and_asks_twice(window: WindowUnderTest) -> None:
    tell_list(window)
    press_button(window, "Trash (2)")
    assert window.parts.window.page is Page.TRASH
    press_button(window, "Put Old one back")
    assert window.desk.arguments("restore_conversation") == (8,)
    press_button(window, "Delete for good")
    assert window.desk.count("purge_conversations") == 0
    press_button(window, "Really delete?")
    assert window.desk.arguments("purge_conversations") == ((8,),)
    press_button(window, "Empty the trash")
    press_button(window, "Really delete all for good?")
    assert window.desk.arguments("purge_conversations") == ((),)
    tell_list(window, trash=())
    assert window.focused() is window.parts.trash._back


# files
def test_a_chat_is_exported_in_the_form_that_was_chosen(window: WindowUnderTest) -> None:
    view = tell_list(window)
    view.export_wanted.emit(1)
    (dialog,) = window.parts.window.findChildren(QFileDialog)
    assert dialog.selectedFiles()[0].endswith("Softmax.md")
    dialog.selectNameFilter("Web page (*.html)")
    dialog.fileSelected.emit("/tmp/softmax")
    dialog.close()
    assert window.desk.arguments("export_conversations") == ("/tmp/softmax.html", (1,))


def test_all_chats_go_out_and_others_come_in_from_the_settings(window: WindowUnderTest) -> None:
    window.press(Qt.Key.Key_Comma, CONTROL)
    press_button(window, "Export all chats")
    (dialog,) = window.parts.window.findChildren(QFileDialog)
    dialog.fileSelected.emit("/tmp/all.json")
    dialog.close()
    assert window.desk.arguments("export_conversations") == ("/tmp/all.json", ())
    press_button(window, "Import chats")
    dialog = window.parts.window.findChildren(QFileDialog)[-1]
    dialog.fileSelected.emit("/tmp/chatgpt.zip")
    dialog.close()
    assert window.desk.arguments("import_conversations") == ("/tmp/chatgpt.zip",)


def test_naming_by_the_model_is_switched_off(window: WindowUnderTest) -> None:
    window.press(Qt.Key.Key_Comma, CONTROL)
    window.parts.preferences.chats._name.setFocus()
    window.press(Qt.Key.Key_Space)
    assert not window.desk.settings.name_chats


def test_a_damaged_database_offers_its_copy(window: WindowUnderTest) -> None:
    damaged = sentence(
        "chats_damaged", path="/data/chats.sqlite3", reason="malformed", date="2026-11-27 10:15"
    )
    window.tell(Noticed(JobId(0), damaged))
    press_button(window, "Go on with the copy")
    assert window.desk.count("go_on_from_copy") == 1
