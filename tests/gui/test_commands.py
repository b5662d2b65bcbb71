"""Every action by keyboard: the palette, and keys that can be changed without two of the same."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QKeySequenceEdit

from engine.settings import Settings
from gui.shell.command_words import command_words
from gui.shell.window import Page
from gui.widgets.fuzzy import match
from tests.gui import samples
from tests.gui.window_under_test import WindowUnderTest

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def shown(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all()
    window.shell.new_chat()
    window.settle()
    return window


def test_the_palette_finds_and_runs_a_command(shown: WindowUnderTest) -> None:
    shown.press(Qt.Key.Key_P, CTRL | SHIFT)
    assert shown.parts.palette.isVisible()
    shown.type("keyb short")
    assert shown.parts.palette.shown()[0] == "Keyboard shortcuts"
    shown.press(Qt.Key.Key_Return)
    assert not shown.parts.palette.isVisible()
    assert shown.parts.window.page is Page.PREFERENCES


def test_the_palette_is_left_with_the_keyboard_where_it_was(shown: WindowUnderTest) -> None:
    before = shown.focused()
    shown.press(Qt.Key.Key_P, CTRL | SHIFT)
    assert shown.focused() is not before
    shown.press(Qt.Key.Key_Escape)
    assert shown.focused() is before
    assert shown.parts.window.page is Page.CHAT


def test_the_palette_switches_models_and_chats(shown: WindowUnderTest) -> None:
    shown.press(Qt.Key.Key_P, CTRL | SHIFT)
    shown.type(f"use {samples.FETCHED.name}")
    shown.press(Qt.Key.Key_Return)
    assert shown.desk.arguments("load") == (samples.FETCHED,)
    title = samples.conversations()[1].title
    shown.press(Qt.Key.Key_P, CTRL | SHIFT)
    shown.parts.palette._field.setText(title)
    shown.press(Qt.Key.Key_Return)
    assert shown.desk.arguments("open_conversation") == (samples.conversations()[1].id,)


def test_arrows_walk_and_nothing_fits_is_said(shown: WindowUnderTest) -> None:
    shown.press(Qt.Key.Key_P, CTRL | SHIFT)
    first = shown.focused().accessibleDescription()
    shown.press(Qt.Key.Key_Down)
    assert shown.focused().accessibleDescription() != first
    shown.press(Qt.Key.Key_Up)
    assert shown.focused().accessibleDescription() == first
    shown.type("qqqqzzzz")
    assert shown.focused().accessibleDescription() == "Nothing matches"
    nothing = shown.parts.palette._nothing
    assert nothing.isVisible() and nothing.text() == "Nothing matches"
    shown.press(Qt.Key.Key_Return)
    shown.parts.palette._field.clear()
    assert not nothing.isVisible() and shown.parts.palette._view.isVisible()
    assert shown.parts.palette.isVisible()


def test_keys_are_changed_and_work(shown: WindowUnderTest) -> None:
    shown.shell.show_shortcuts()
    field = field_of(shown, "new_chat")
    field.setKeySequence(QKeySequence("Ctrl+Alt+N"))
    field.editingFinished.emit()
    assert shown.desk.settings.shortcuts == (("new_chat", "Ctrl+Alt+N"),)
    shown.press(Qt.Key.Key_N, CTRL | Qt.KeyboardModifier.AltModifier)
    assert shown.parts.window.page is Page.CHAT


def test_backspace_takes_keys_away(shown: WindowUnderTest) -> None:
    shown.shell.show_shortcuts()
    field = field_of(shown, "new_chat")
    field.setKeySequence(QKeySequence("Backspace"))
    field.editingFinished.emit()
    assert shown.desk.settings.shortcuts == (("new_chat", ""),)
    assert field.keySequence().isEmpty()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("Ctrl+F", "already belongs to: Find in this chat"),
        ("X", "would be typed"),
        ("Ctrl+V", "needed for writing"),
    ],
)
def test_keys_that_cannot_be_had_are_refused(shown: WindowUnderTest, keys: str, words: str) -> None:
    shown.shell.show_shortcuts()
    field = field_of(shown, "new_chat")
    field.setKeySequence(QKeySequence(keys))
    field.editingFinished.emit()
    assert words in shown.parts.preferences._shortcuts._refusal.text()
    assert field.keySequence().toString() == "Ctrl+N"
    assert shown.desk.settings.shortcuts == ()


def test_usual_keys_come_back(shown: WindowUnderTest) -> None:
    commands = shown.parts.commands
    commands.set_keys("find", "")
    assert commands.keys("find") == ""
    shown.shell.show_shortcuts()
    shown.parts.preferences._shortcuts._usual.click()
    assert commands.keys("find") == "Ctrl+F"


@pytest.mark.parametrize(
    "window",
    [
        Settings(
            language="en", shortcuts=(("find", "Ctrl+N"), ("nothing", "F5"), ("stop", "F6"), ("quit", "A"))
        )
    ],
    indirect=True,
)
def test_settings_with_conflicts_change_only_what_they_can(window: WindowUnderTest) -> None:
    commands = window.parts.commands
    assert commands.keys("find") == "Ctrl+F"
    assert commands.keys("stop") == "F6"
    assert commands.keys("quit") == "Ctrl+Q"


def test_no_two_commands_have_the_same_keys(window: WindowUnderTest) -> None:
    commands = window.parts.commands
    for command in commands.all():
        assert commands.objection(command.id, command.usual_keys) == "", command.id
        assert command.words() == command_words(command.id)


def test_letters_in_order_are_enough() -> None:
    assert match("nc", "New chat") > 0
    assert match("chat new", "New chat") > 0
    assert match("xz", "New chat") == 0
    assert match("new", "New chat") > match("new", "Renew the key") > match("nw", "New chat")
    assert match("聊天", "新建聊天") > 0


def field_of(window: WindowUnderTest, command: str) -> QKeySequenceEdit:
    fields = window.parts.preferences.findChildren(QKeySequenceEdit)
    return next(field for field in fields if field.property("command") == command)
