"""A person's prompts: written, changed, put into the composer, and deleted."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from engine.chat.shelf import Prompt, Shelf
from engine.events import JobFailed, JobId, ShelfRead
from engine.messages import sentence
from gui.shell.window import Page
from tests.gui.window_under_test import WindowUnderTest

KEPT = Shelf((Prompt("Review", "Review {{what}}"), Prompt("Sum", "Sum it up")))


@pytest.fixture
def shown(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all()
    window.shell.show_prompts()
    window.settle()
    return window


def test_a_prompt_is_written_by_keyboard(shown: WindowUnderTest) -> None:
    page = shown.parts.prompts
    assert shown.focused() is page.name
    shown.type("Greet")
    shown.press(Qt.Key.Key_Tab)
    shown.type("Say hello")
    page.keep.click()
    assert shown.desk.arguments("keep_shelf") == (Shelf((Prompt("Greet", "Say hello"),)),)
    shown.tell(ShelfRead(JobId(0), Shelf((Prompt("Greet", "Say hello"),))))
    assert page.list.currentItem().text() == "Greet"
    assert not page.keep.isEnabled()


def test_one_is_changed_under_another_name(shown: WindowUnderTest) -> None:
    shown.tell(ShelfRead(JobId(0), KEPT))
    page = shown.parts.prompts
    page.list.setCurrentRow(1)
    assert (page.name.text(), page.text.toPlainText()) == ("Sum", "Sum it up")
    page.name.setText("Summary")
    page.keep.click()
    names = [prompt.name for prompt in shown.desk.arguments("keep_shelf")[0].prompts]
    assert names == ["Review", "Summary"]
    shown.tell(
        JobFailed(shown.desk.last("keep_shelf"), sentence("shelf_unwritable", path="/p", reason="full"))
    )
    assert "/p" in page._error.text()


def test_one_is_deleted_and_used(shown: WindowUnderTest) -> None:
    shown.tell(ShelfRead(JobId(0), KEPT))
    page = shown.parts.prompts
    page.list.setCurrentRow(0)
    page.use.click()
    assert shown.parts.window.page is Page.CHAT
    assert shown.parts.chat.composer.draft.textCursor().selectedText() == "{{what}}"
    shown.shell.show_prompts()
    page.list.setCurrentRow(0)
    page.delete.click()
    assert shown.desk.arguments("keep_shelf")[0].prompts == (KEPT.prompts[1],)
