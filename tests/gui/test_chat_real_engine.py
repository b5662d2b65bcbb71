"""The whole window over the real desk and engine: a context that is full, and room made by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.chat.conversation import MessageState, PartKind
from engine.settings import Settings
from gui.chat.page import ChatPage
from gui.chat.part_rows import MarkRow
from tests.gui.real_window import real_window

WINDOW_TOKENS = 512
WAIT_MS = 120_000


@pytest.fixture
def page(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatPage]:
    """The chat page of a window whose model has a small context."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name in ("DATA", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    settings = Settings(
        language="en", theme="light", wizard_done=True, context_length=WINDOW_TOKENS, keep_loaded_minutes=1
    )
    with real_window(qapp, tmp_path, settings, tmp_path) as (_, parts):
        yield parts.chat


def sentences(count: int) -> str:
    return " ".join(f"The number {number} is nice." for number in range(10, 10 + count))


def until(qtbot: QtBot, page: ChatPage, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=WAIT_MS)
    assert not page.error.text()


def ask(qtbot: QtBot, page: ChatPage, text: str) -> None:
    page.composer.set_text(text)
    QTest.keyClick(page.composer.draft, Qt.Key.Key_Return)
    stop_soon(qtbot, page)


def stop_soon(qtbot: QtBot, page: ChatPage) -> None:
    """Some words are enough; the answer may have ended by itself before."""
    until(qtbot, page, lambda: page.model.live is None or page.model.live.text_begun)
    page.asking.stop()
    until(qtbot, page, lambda: page.model.live is None)


def fill(qtbot: QtBot, page: ChatPage) -> None:
    """A second question that fits alone, but not behind the first."""
    ask(qtbot, page, f"Count. {sentences(20)}")
    page.composer.set_text(f"Which one is best? {sentences(45)}")
    QTest.keyClick(page.composer.draft, Qt.Key.Key_Return)
    until(qtbot, page, lambda: page.context.forget.isVisible())


def test_a_full_context_is_announced_and_forgetting_goes_on(qtbot: QtBot, page: ChatPage) -> None:
    fill(qtbot, page)
    assert f"of {WINDOW_TOKENS} tokens" in page.context.accessibleDescription()
    assert page.model.messages[-1].state is MessageState.INTERRUPTED
    page.context.forget.setFocus()
    QTest.keyClick(page.context.forget, Qt.Key.Key_Return)
    until(qtbot, page, lambda: page.model.live is not None and page.model.live.text_begun)
    marks = [
        row.text() for box in range(4) for row in page.transcript.box_rows(box) if isinstance(row, MarkRow)
    ]
    assert marks == ["The model reads from here on; what is above is forgotten"]
    page.asking.stop()
    until(qtbot, page, lambda: page.model.live is None)
    assert page.model.messages[-1].text()


def test_a_summary_is_written_shown_and_read(qtbot: QtBot, page: ChatPage) -> None:
    fill(qtbot, page)
    page.context.summarise.setFocus()
    QTest.keyClick(page.context.summarise, Qt.Key.Key_Return)
    assert page.context.cancel.hasFocus()
    until(qtbot, page, lambda: bool(page.model.messages[2].text(PartKind.SUMMARY)))
    stop_soon(qtbot, page)
    titles = [row.text() for row in page.transcript.box_rows(2)]
    assert titles[0] == "The model reads from here on, and this summary of what is above"
    assert titles[1] == "Summary of what came before"


def test_another_answer_is_walked_back_from(qtbot: QtBot, page: ChatPage) -> None:
    ask(qtbot, page, "Count to five.")
    first = page.model.messages[-1].id
    page.transcript.regenerate_requested.emit(first)
    stop_soon(qtbot, page)
    second = page.model.messages[-1].id
    page.transcript.setFocus()
    QTest.keyClick(page.transcript, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    until(qtbot, page, lambda: page.model.messages[-1].id == first)
    ask(qtbot, page, "And on?")
    assert page.model.messages[2].parent_id == first
    assert page.model.versions_of(first) == (first, second)
    question = page.model.messages[2].id
    page.composer.draft.setFocus()  # as whoever has just written is there
    QTest.keyClick(page.composer.draft, Qt.Key.Key_F2)
    ask(qtbot, page, "And back?")
    assert [message.text() for message in page.model.messages[::2]] == ["Count to five.", "And back?"]
    assert page.model.versions_of(page.model.messages[2].id) == (question, page.model.messages[2].id)
