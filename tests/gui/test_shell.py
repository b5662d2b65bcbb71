"""The window around the pages: navigation, conversations, the model in use, banners, settings."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QSpinBox, QTreeView, QWidget
from pytestqt.qtbot import QtBot

from engine.catalog.model import InstalledModel
from engine.chat.conversation import ChatMessage, Conversation, MessageState, Role
from engine.events import (
    ConversationOpened,
    ConversationsListed,
    EngineSeen,
    JobFailed,
    JobFinished,
    JobId,
    LoadProgressed,
    MessageAdded,
    ModelLoaded,
    Noticed,
    PromptProgressed,
    RuntimeStateChanged,
    ServerChanged,
    TokenDelta,
)
from engine.messages import Sentence, english, sentence
from engine.runtime.values import EngineStatus, LoadRequest, RunningModel, RuntimeState
from engine.settings import Settings
from gui.models.local_file import model_of_file
from gui.preferences.page import is_endpoint
from gui.shell.window import Page
from gui.widgets.controls import Button
from gui.widgets.places import model_words
from gui.widgets.sentences import translate
from gui.widgets.view import Column
from tests.gui import samples
from tests.gui.patience import LIMIT_MS
from tests.gui.window_under_test import WindowUnderTest

pytestmark = pytest.mark.parametrize(
    "window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True
)
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def banner_words(window: WindowUnderTest) -> list[str]:
    labels = window.parts.banners.findChildren(QLabel)
    return [label.text() for label in labels if label.isVisible()]


def press_button(window: WindowUnderTest, name: str) -> None:
    buttons = [
        button
        for button in window.parts.window.findChildren(Button)
        if button.isVisible() and button.accessibleName() == name
    ]
    assert buttons, f"no button {name}"
    buttons[0].setFocus()
    window.press(Qt.Key.Key_Return)


def chats(window: WindowUnderTest) -> QTreeView:
    return window.parts.sidebar.chats


def titles(window: WindowUnderTest) -> list[str]:
    model = chats(window).model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def state_words(window: WindowUnderTest) -> str:
    return " ".join(label.text() for label in window.parts.top_line.findChildren(QLabel))


def test_pages_by_keyboard(window: WindowUnderTest) -> None:
    assert window.parts.window.page is Page.CHAT
    window.press(Qt.Key.Key_Comma, CONTROL)
    assert window.parts.window.page is Page.PREFERENCES
    press_button(window, "Back to the chat")
    assert window.parts.window.page is Page.CHAT
    press_button(window, "Models")
    assert window.parts.window.page is Page.MODELS
    window.press(Qt.Key.Key_N, CONTROL)
    assert window.parts.window.page is Page.CHAT
    assert window.focused() is window.parts.chat.composer.draft


def test_graphs_fold_and_stay_folded(window: WindowUnderTest) -> None:
    graphs = window.parts.window._graphs
    assert graphs.isVisible()
    window.press(Qt.Key.Key_F9)
    assert not graphs.isVisible()
    window.press(Qt.Key.Key_Comma, CONTROL)
    window.press(Qt.Key.Key_N, CONTROL)
    assert not graphs.isVisible()
    window.press(Qt.Key.Key_F9)
    assert graphs.isVisible()


def test_a_narrow_window_leaves_room_for_the_chat(window: WindowUnderTest) -> None:
    graphs = window.parts.window._graphs
    window.parts.window.resize(900, 700)
    window.settle()
    assert not graphs.isVisible()
    window.press(Qt.Key.Key_F9)
    assert graphs.isVisible()
    window.press(Qt.Key.Key_F9)
    window.parts.window.resize(1280, 820)
    window.settle()
    assert graphs.isVisible()


@pytest.mark.parametrize("page", [Page.CHAT, Page.MODELS, Page.PREFERENCES])
def test_nothing_is_cut_off_in_the_smallest_window(window: WindowUnderTest, page: Page) -> None:
    window.list_all()
    window.parts.window.resize(window.parts.window.minimumSize())
    window.parts.window.show_page(page)
    window.settle()
    for area in window.parts.window.findChildren(Column):
        if area.isVisible():
            assert area.widget().minimumSizeHint().width() <= area.viewport().width()


def test_conversations_are_listed_filtered_and_opened(window: WindowUnderTest) -> None:
    window.list_all()
    assert titles(window) == ["Softmax, step by step", "解释一下注意力机制", "Parse an SSE stream"]
    window.press(Qt.Key.Key_F, CONTROL | SHIFT)
    window.type("sse")
    assert titles(window) == ["Parse an SSE stream"]
    chats(window).setFocus()
    chats(window).setCurrentIndex(chats(window).model().index(0, 0))
    window.press(Qt.Key.Key_Return)
    assert window.desk.arguments("open_conversation") == (3,)
    window.tell(ConversationOpened(window.desk.last("open_conversation"), Conversation(3, "x", (), None)))
    window.press(Qt.Key.Key_F, CONTROL | SHIFT)
    window.type("nothing like it")
    assert titles(window) == []
    window.focused().clear()
    assert chats(window).currentIndex().data() == "Parse an SSE stream"


def test_rename_by_f2(window: WindowUnderTest) -> None:
    window.list_all()
    chats(window).setFocus()
    chats(window).setCurrentIndex(chats(window).model().index(0, 0))
    window.press(Qt.Key.Key_F2)
    editor = chats(window).findChild(QLineEdit)
    editor.setText("  Softmax  ")
    editor.setFocus()
    window.press(Qt.Key.Key_Return)
    assert window.desk.arguments("rename_conversation") == (1, "Softmax")


def test_delete_offers_undo(window: WindowUnderTest) -> None:
    window.list_all()
    chats(window).setFocus()
    chats(window).setCurrentIndex(chats(window).model().index(1, 0))
    window.press(Qt.Key.Key_Delete)
    assert window.desk.arguments("delete_conversation") == (2,)
    window.tell(ConversationsListed(window.desk.last("delete_conversation"), samples.conversations()[:1]))
    assert banner_words(window) == ["“解释一下注意力机制” was deleted."]
    press_button(window, "Undo")
    assert window.desk.arguments("restore_conversation") == (2,)
    assert banner_words(window) == []


def test_the_model_is_named_with_its_state(window: WindowUnderTest) -> None:
    window.list_all()
    assert "loads with your first message" in state_words(window)
    window.parts.models.chosen.emit(samples.FETCHED)
    job = window.desk.last("load")
    window.tell(RuntimeStateChanged(job, RuntimeState.LOADING), LoadProgressed(job, 0.43))
    assert "loading, 43 %" in state_words(window)
    window.tell(
        RuntimeStateChanged(job, RuntimeState.READY),
        ModelLoaded(job, samples.FETCHED, samples.facts(samples.FETCHED)),
        JobFinished(job),
    )
    assert "ready" in state_words(window)
    assert window.parts.model.model_in_use == samples.FETCHED


def test_models_are_switched_from_the_menu(window: WindowUnderTest) -> None:
    window.list_all()
    menu = window.parts.top_line._menu
    menu.aboutToShow.emit()
    actions = [action for action in menu.actions() if action.text() == model_words(samples.FETCHED)]
    actions[0].trigger()
    assert window.desk.arguments("load") == (samples.FETCHED,)


def test_a_crash_offers_to_load_again(window: WindowUnderTest) -> None:
    window.list_all()
    window.parts.models.chosen.emit(samples.FETCHED)
    job = window.desk.last("load")
    window.tell(RuntimeStateChanged(job, RuntimeState.READY), JobFinished(job))
    window.tell(RuntimeStateChanged(job, RuntimeState.CRASHED, sentence("disk_full", path="/data")))
    assert banner_words(window) == [
        "The disk that holds /data is full. Free some space, then try again; nothing that was saved is lost."
    ]
    press_button(window, "Load again")
    assert window.desk.count("load") == 2
    assert window.desk.arguments("load") == (samples.FETCHED,)
    again = window.desk.last("load")
    window.tell(JobFailed(again, sentence("disk_full", path="/other")))
    assert "/other" in banner_words(window)[0]
    window.tell(RuntimeStateChanged(again, RuntimeState.READY))
    assert banner_words(window) == []


def test_notices_are_shown_once_and_can_be_closed(window: WindowUnderTest) -> None:
    notice = sentence("no_display")
    window.tell(Noticed(JobId(0), notice), Noticed(JobId(0), notice))
    assert len(banner_words(window)) == 1
    press_button(window, "Close this message")
    assert banner_words(window) == []


def test_no_notice_is_lost_behind_newer_ones(window: WindowUnderTest) -> None:
    codes = ("no_display", "hub_offline", "proxy_password_not_kept", "starter_missing", "remote_key_not_kept")
    steps = [sentence(code, proxy="p", host="h", reason="none") for code in codes]
    window.tell(*(Noticed(JobId(0), step) for step in steps))
    assert banner_words(window) == [translate(step) for step in steps[2:]]
    press_button(window, "Show 2 older messages")
    assert banner_words(window) == [translate(step) for step in steps]
    press_button(window, "Show fewer messages")
    for _ in range(2):
        press_button(window, "Close this message")
    assert banner_words(window) == [translate(steps[index]) for index in (0, 3, 4)]


def test_messages_of_one_kind_share_a_banner(window: WindowUnderTest) -> None:
    steps = [sentence("host_made_room", idle=idle, model="m") for idle in "abcde"]
    window.tell(*(Noticed(JobId(0), step) for step in (*steps, steps[0])))
    newest = [english(steps[index]) for index in (0, 4, 3, 2, 1)]
    assert banner_words(window) == ["\n".join([*newest[:2], "and 3 more like these"])]
    press_button(window, "Show all")
    assert banner_words(window) == ["\n".join(newest)]
    press_button(window, "Close this message")
    assert banner_words(window) == []


def test_steps_down_offer_what_can_be_done(window: WindowUnderTest) -> None:
    window.list_all()
    values = {"model": "m", "free": "2 GiB", "needed": "3 GiB"}
    finer = sentence("fit_cache", bits=8, wanted=16, **values)
    shorter = sentence("fit_context", context=2048, wanted=8192, **values)
    window.tell(Noticed(JobId(0), finer), Noticed(JobId(0), shorter))
    assert banner_words(window) == [f"{english(finer)}\n{english(shorter)}"]
    press_button(window, "Load again")
    assert window.desk.count("load") == 1
    assert banner_words(window) == []
    window.tell(Noticed(JobId(0), sentence("fit_smaller_here", smaller="s", size="1 GiB", model="m")))
    press_button(window, "Models…")
    assert window.parts.window.page is Page.MODELS


def crashed_again(window: WindowUnderTest, path: str) -> None:
    window.tell(RuntimeStateChanged(JobId(0), RuntimeState.CRASHED, killed(), model=path))


def killed() -> Sentence:
    return sentence("worker_killed", model=samples.STARTER.name)


def test_a_model_that_is_brought_back_needs_no_hand(window: WindowUnderTest) -> None:
    window.list_all()
    name, path = samples.STARTER.name, samples.STARTER.path
    crashed_again(window, path)
    window.tell(Noticed(JobId(0), sentence("host_restarts_lower", model=name)))
    (words,) = banner_words(window)
    assert words.startswith(f"{name} is being loaded again with smaller settings") and "SIGKILL" in words
    window.tell(RuntimeStateChanged(JobId(0), RuntimeState.READY, model=path))
    (words,) = banner_words(window)
    assert words.startswith(f"{name} was loaded again with smaller settings") and "SIGKILL" in words
    assert "ready" in state_words(window)


def test_three_crashes_stop_with_the_reason_and_a_remedy(window: WindowUnderTest) -> None:
    window.list_all()
    name, path = samples.STARTER.name, samples.STARTER.path
    for _ in range(2):
        crashed_again(window, path)
        window.tell(Noticed(JobId(0), sentence("host_restarts", model=name)))
    crashed_again(window, path)
    window.tell(Noticed(JobId(0), sentence("host_gave_up", model=name, count=3, minutes=10)))
    (words,) = banner_words(window)
    assert "crashed 3 times within 10 minutes" in words and "SIGKILL" in words
    press_button(window, "Load again")
    assert window.desk.arguments("load") == (samples.STARTER,)


def test_states_of_other_models_leave_the_top_line_alone(window: WindowUnderTest) -> None:
    window.list_all()
    window.tell(RuntimeStateChanged(JobId(0), RuntimeState.READY, model=samples.STARTER.path))
    window.tell(RuntimeStateChanged(JobId(0), RuntimeState.STOPPED, model=samples.FETCHED.path))
    assert "ready" in state_words(window)
    crashed_again(window, samples.FETCHED.path)
    assert "ready" in state_words(window)
    assert "SIGKILL" in banner_words(window)[0]


def test_failures_of_other_pages_are_not_shown_twice(window: WindowUnderTest) -> None:
    window.tell(JobFailed(window.desk.send(None, "hello"), sentence("disk_full", path="/data")))
    assert banner_words(window) == []
    window.tell(JobFailed(window.desk.last("list_models"), sentence("disk_full", path="/data")))
    assert len(banner_words(window)) == 1


def test_preferences_are_saved_and_followed(window: WindowUnderTest) -> None:
    window.press(Qt.Key.Key_Comma, CONTROL)
    boxes = {box.accessibleName(): box for box in window.parts.preferences.findChildren(QComboBox)}
    language, theme, context = (boxes[name] for name in ("Language", "Theme", "Context length"))
    assert window.focused() is language
    window.press(Qt.Key.Key_Down)
    assert window.desk.settings.language == "zh_CN"
    assert theme.accessibleName() == "主题"
    theme.setFocus()
    window.press(Qt.Key.Key_Down)
    assert window.desk.settings.theme == "dark"
    assert window.theme.tokens.dark
    context.setFocus()
    window.press(Qt.Key.Key_Down)
    assert window.desk.settings.context_length == 2048
    language.setFocus()
    window.press(Qt.Key.Key_Up)
    assert theme.accessibleName() == "Theme"


def test_other_programs_are_let_in_by_a_switch(window: WindowUnderTest) -> None:
    window.press(Qt.Key.Key_Comma, CONTROL)
    page = window.parts.preferences
    switch = page._api._switch
    switch.setFocus()
    window.press(Qt.Key.Key_Space)
    assert window.desk.settings.serving
    assert window.desk.count("serve") == 1
    window.tell(ServerChanged(window.desk.last("serve"), "http://127.0.0.1:8437/v1"))
    assert "On, at http://127.0.0.1:8437/v1" in words_of(page)
    press_button(window, "Copy the address")
    assert QGuiApplication.clipboard().text() == "http://127.0.0.1:8437/v1"
    switch.setFocus()
    window.press(Qt.Key.Key_Space)
    window.tell(ServerChanged(window.desk.last("stop_serving"), ""))
    assert not window.desk.settings.serving
    assert "Off" in words_of(page)

    window.press(Qt.Key.Key_Space)
    why = sentence("serve_not_started", reason="Address already in use", log="/log")
    window.tell(JobFailed(window.desk.last("serve"), why))
    assert not switch.isChecked()
    assert any("Address already in use" in words for words in words_of(page))


def test_other_computers_need_a_key_that_is_shown_when_asked_for(window: WindowUnderTest) -> None:
    window.press(Qt.Key.Key_Comma, CONTROL)
    page = window.parts.preferences
    api = page._api
    api._switch.setFocus()
    window.press(Qt.Key.Key_Space)
    local = "http://127.0.0.1:8437/v1"
    window.tell(ServerChanged(window.desk.last("serve"), local))
    assert not api._key.isVisible() and not api._elsewhere.isVisible()
    api._beyond.setFocus()
    window.press(Qt.Key.Key_Space)
    assert window.desk.settings.serve_beyond and window.desk.count("serve") == 2
    key, there = "first-key-of-the-api", "http://192.168.0.7:8437/v1"
    window.tell(ServerChanged(window.desk.last("serve"), local, key, own_key=True, elsewhere=(there,)))
    assert f"For other computers: {there}" in words_of(page)
    assert api._key.isVisible() and key not in words_of(page)
    press_button(window, "Copy the key")
    assert QGuiApplication.clipboard().text() == key
    press_button(window, "Show the key")
    assert key in words_of(page)
    press_button(window, "New key")
    window.tell(ServerChanged(window.desk.last("renew_api_key"), local, "second-key", own_key=True))
    assert key not in words_of(page) and "second-key" not in words_of(page)  # hidden again
    window.tell(ServerChanged(window.desk.last("serve"), local, "from-the-environment"))
    assert not api._key._renew.isVisible()


def test_why_the_api_has_ended_is_told(window: WindowUnderTest) -> None:
    window.press(Qt.Key.Key_Comma, CONTROL)
    api = window.parts.preferences._api
    api._switch.setFocus()
    window.press(Qt.Key.Key_Space)
    window.tell(ServerChanged(window.desk.last("serve"), "http://127.0.0.1:8437/v1", "a-key"))
    window.tell(ServerChanged(JobId(0), "", reason=sentence("serve_ended_signal", signal=9, log="/log")))
    assert any("signal 9" in words for words in words_of(window.parts.preferences))
    assert "Off" in words_of(window.parts.preferences)
    assert not api._switch.isChecked() and not api._key.isVisible()
    window.press(Qt.Key.Key_Space)
    assert window.desk.count("serve") == 2
    assert not any("signal 9" in words for words in words_of(window.parts.preferences))


def test_limits_of_the_engine_are_saved(window: WindowUnderTest) -> None:
    window.press(Qt.Key.Key_Comma, CONTROL)
    fields = {field.accessibleName(): field for field in window.parts.preferences.findChildren(QSpinBox)}
    for name, value in (("Unload an idle model after", 30), ("Disk for idle conversations", 20)):
        fields[name].setFocus()
        fields[name].setValue(value)
        window.press(Qt.Key.Key_Return)
    fields["Port of the API"].setFocus()
    fields["Port of the API"].setValue(9000)
    window.press(Qt.Key.Key_Return)
    settings = window.desk.settings
    assert (settings.keep_loaded_minutes, settings.park_gib, settings.serve_port) == (30, 20, 9000)
    assert window.desk.count("serve") == 0  # it was not on


def words_of(page: QWidget) -> list[str]:
    return [label.text() for label in page.findChildren(QLabel) if label.isVisible()]


def test_only_good_endpoints_are_saved(window: WindowUnderTest) -> None:
    window.press(Qt.Key.Key_Comma, CONTROL)
    field = window.parts.preferences._endpoint
    field.setFocus()
    field.setText("http://hub.example")
    window.press(Qt.Key.Key_Return)
    assert window.desk.settings.endpoint == Settings().endpoint
    assert window.parts.preferences._refusal.isVisible()
    field.setText("https://mirror.example/")
    window.press(Qt.Key.Key_Return)
    assert window.desk.settings.endpoint == "https://mirror.example"
    press_button(window, "Use the default")
    assert window.desk.settings.endpoint == Settings().endpoint


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://huggingface.co", True),
        ("https://mirror.example:8443/hub", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("http://127.0.0.1.example", False),
        ("https://user:secret@hub.example", False),
        ("https://hub.example/?x=1", False),
        ("https://hub.example:port", False),
        ("https://[broken", False),
        ("ftp://hub.example", False),
        ("huggingface.co", False),
        ("", False),
    ],
)
def test_endpoints(window: WindowUnderTest, address: str, good: bool) -> None:
    assert is_endpoint(address) is good


def test_a_file_that_is_not_there_still_reaches_the_desk(window: WindowUnderTest) -> None:
    model = model_of_file("no/such/file-Q4.gguf")
    assert (model.name, model.size_bytes, model.source) == ("file-Q4", 0, "local")


def test_closing_keeps_the_size(window: WindowUnderTest) -> None:
    window.parts.window.resize(1010, 707)
    window.parts.window.close()
    assert window.parts.window._memory.value("geometry") is not None


REMOTE = InstalledModel(
    "https://api.example.com/v1#big-model", "big-model", "", 0, "remote", "Office", "", True
)


def test_a_model_elsewhere_is_marked_where_one_writes(window: WindowUnderTest) -> None:
    window.list_all(samples.STARTER, REMOTE)
    top_line, draft = window.parts.top_line, window.parts.chat.composer.draft
    assert not top_line._place.isVisible()
    assert draft.placeholderText() == "Message the model…"
    menu = top_line._menu
    menu.aboutToShow.emit()
    (action,) = [action for action in menu.actions() if action.text() == "big-model on api.example.com"]
    action.trigger()
    window.settle()
    assert top_line._name.accessibleName() == "Model: big-model on api.example.com. Press to switch."
    assert top_line._place.isVisible()
    assert "sent to api.example.com" in top_line._name.accessibleDescription()
    assert draft.placeholderText() == "Message the model on api.example.com…"
    window.parts.model.load(samples.STARTER)
    assert not top_line._place.isVisible()
    assert draft.placeholderText() == "Message the model…"


def waiting(qtbot: QtBot, window: WindowUnderTest, number: int, count: int) -> None:
    """The answer to that look, counted from 1: so many wait. The next look comes only after it."""
    request = LoadRequest(samples.STARTER.path, 2048, 2)
    counters = (4, count, 9, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0, 0.0, 0, 0.0)
    model = RunningModel(samples.STARTER, RuntimeState.GENERATING, None, request, *counters)
    qtbot.waitUntil(lambda: window.desk.count("look") == number, timeout=LIMIT_MS)
    look = window.desk.last("look")
    window.tell(EngineSeen(look, EngineStatus(1, "1", 1, 1.0, (model,))), JobFinished(look))


def test_the_top_line_tells_the_place_in_the_queue(qtbot: QtBot, window: WindowUnderTest) -> None:
    window.list_all()
    window.type("Why?")
    window.press(Qt.Key.Key_Return)
    job = window.desk.last("send")
    answer = ChatMessage(2, 1, Role.ASSISTANT, (), MessageState.STREAMING, 0.0, samples.STARTER.name)
    window.tell(MessageAdded(job, 7, answer))
    waiting(qtbot, window, 1, 3)
    assert "in the queue, place 3" in state_words(window)
    assert "place 3 in the queue" in window.parts.chat.status.text()
    waiting(qtbot, window, 2, 5)  # others came later
    assert "in the queue, place 3" in state_words(window)
    waiting(qtbot, window, 3, 1)
    assert "in the queue, place 1" in state_words(window)
    window.tell(PromptProgressed(job, 512, 1200, 0))
    assert "reading prompt, 512 of 1,200" in state_words(window)
    window.tell(TokenDelta(job, "Be", False, 1))
    assert "queue" not in state_words(window) and "reading" not in state_words(window)
    looks = window.desk.count("look")
    qtbot.wait(1200)
    assert window.desk.count("look") == looks
