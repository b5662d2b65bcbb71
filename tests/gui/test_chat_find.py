"""Find in the conversation, by keyboard in the whole window, and what exactly is found."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.chat.conversation import ChatMessage, MessageState
from engine.chat.markdown import parse_markdown
from engine.events import ConversationOpened, MessageAdded, TokenDelta
from engine.settings import Settings
from gui.chat.block_rows import rows_of
from gui.chat.code_rows import CodeRow
from gui.chat.finder import Finder
from gui.chat.look import Look
from gui.chat.reading import hits_in
from gui.chat.text_rows import TextRow
from gui.chat.transcript import Transcript
from gui.widgets.theme import DARK, LIGHT, ThemeSource
from tests.gui.chat_support import answer, conversation, settle, user
from tests.gui.patience import LIMIT_MS
from tests.gui.window_under_test import WindowUnderTest

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
RICH = """# A needle heading

Some **nee**dle, `needle`, [needle](https://needle.org) and 😀 needle.

- needle
  1. needle in it
- ```py
  needle = 1
  ```

> needle said

| needle | b |
|---|---|
| 1 | Needle |

```py
needle = "needle"
```
"""
IN_RICH = 13  # as people see it: not the one in the link's address


def begin(window: WindowUnderTest, *messages: ChatMessage) -> None:
    window.list_all()
    window.shell._conversation = None
    window.shell.open_chat(7)
    opened = conversation(*messages)
    window.tell(ConversationOpened(window.desk.last("open_conversation"), opened))


def questions_and_answers(count: int) -> list[ChatMessage]:
    """Each with its number: question 0 and answer 0, question 1 and answer 1, and so on."""
    messages: list[ChatMessage] = []
    for n in range(count):
        messages += [user(2 * n + 1, f"question {n}"), answer(2 * n + 2, f"words\n\nanswer {n}\n\n- end")]
    return messages


def look_for(window: WindowUnderTest, words: str) -> None:
    window.press(Qt.Key.Key_F, CONTROL)
    if words.isascii():
        window.type(words)
    else:  # an input method commits such words
        window.parts.chat.find_bar.field.insert(words)
        window.settle()


def count(window: WindowUnderTest) -> str:
    return window.parts.chat.find_bar.count.text()


def current_line(window: WindowUnderTest) -> str:
    return window.parts.chat.find_bar._finder.line()


def grounds(window: WindowUnderTest) -> list[str]:
    """The colours behind words of the rows in sight."""
    transcript = window.parts.chat.transcript
    found = []
    for placed in transcript._placed:
        document = transcript._document(placed.row)
        if document is not None:
            found += [ground[2].name() for ground in transcript._grounds(placed, document)]
    return found


def test_find_by_keyboard(window: WindowUnderTest, qtbot: QtBot) -> None:
    begin(window, user(1, "Needle?"), answer(2, "a **nee**dle"), user(3, "hay"), answer(4, "NEEDLE"))
    look_for(window, "needle")
    qtbot.waitUntil(lambda: count(window) == "1 of 3", timeout=LIMIT_MS)
    assert current_line(window) == "Needle?"
    assert sorted(grounds(window)) == sorted([LIGHT.current_hit, LIGHT.hit, LIGHT.hit])
    window.press(Qt.Key.Key_Return)
    assert (count(window), current_line(window)) == ("2 of 3", "a needle")
    window.press(Qt.Key.Key_F3)
    window.press(Qt.Key.Key_F3)
    assert count(window) == "1 of 3"
    window.press(Qt.Key.Key_Return, SHIFT)
    assert (count(window), current_line(window)) == ("3 of 3", "NEEDLE")
    window.press(Qt.Key.Key_Escape)
    assert window.parts.chat.find_bar.isHidden()
    assert window.focused() is window.parts.chat.transcript
    assert window.parts.chat.transcript.selected_text() == "NEEDLE"
    assert grounds(window) == [LIGHT.selection]


def test_nothing_found_and_nothing_to_look_through(window: WindowUnderTest) -> None:
    window.list_all()
    window.shell.new_chat()
    window.press(Qt.Key.Key_F, CONTROL)
    assert window.parts.chat.find_bar.isHidden()
    assert window.focused() is window.parts.chat.composer.draft
    begin(window, user(1, "hay"))
    look_for(window, "needle")
    assert count(window) == "No match"
    assert window.focused().accessibleDescription() == "No match"
    assert not window.parts.chat.find_bar.next.isEnabled()
    window.press(Qt.Key.Key_Escape)
    assert window.focused() is window.parts.chat.composer.draft
    window.press(Qt.Key.Key_F, CONTROL | SHIFT)
    assert window.focused().accessibleName() == "Search all chats"


def test_find_scrolls_through_a_long_conversation(window: WindowUnderTest, qtbot: QtBot) -> None:
    begin(window, *questions_and_answers(200))
    transcript = window.parts.chat.transcript
    look_for(window, "answer 7")
    qtbot.waitUntil(lambda: count(window) == "1 of 11", timeout=LIMIT_MS)
    assert "answer 7" in [row.text() for row in transcript.visible_rows]
    assert not transcript.at_end
    window.press(Qt.Key.Key_Return, SHIFT)
    assert "answer 79" in [row.text() for row in transcript.visible_rows]


def test_the_next_hit_is_made_ready_beside_everything_else(window: WindowUnderTest, qtbot: QtBot) -> None:
    begin(window, *questions_and_answers(60))
    transcript = window.parts.chat.transcript
    look_for(window, "answer 4")
    qtbot.waitUntil(lambda: count(window) == "1 of 11" and not transcript._preparing.busy, timeout=LIMIT_MS)
    made = transcript.documents.made
    window.parts.chat.find_bar.step(True)
    assert "answer 40" in [row.text() for row in transcript.visible_rows]
    assert transcript.documents.made == made, "everything in sight was there already"


def test_an_answer_that_grows_is_looked_through(window: WindowUnderTest, qtbot: QtBot) -> None:
    begin(window, user(1, "needle"))
    window.parts.chat.composer.set_text("more")
    window.parts.chat.focus_composer()
    window.press(Qt.Key.Key_Return)
    job = window.desk.last("send")
    window.tell(
        MessageAdded(job, 7, user(2, "more", 1)),
        MessageAdded(job, 7, answer(3, "", 2, MessageState.STREAMING, stats=None)),
    )
    look_for(window, "needle")
    assert count(window) == "1 of 1"
    window.tell(TokenDelta(job, "a nee", False, 1), TokenDelta(job, "dle", False, 1))
    qtbot.waitUntil(lambda: count(window) == "1 of 2", timeout=LIMIT_MS)
    begin(window, user(1, "other words"))  # the answer is still being written
    assert count(window) == "0 of 1"
    look_for(window, "needle")
    assert (count(window), current_line(window)) == ("1 of 1", "a needle")


@pytest.mark.parametrize("window", [Settings(language="zh_CN", theme="dark")], indirect=True)
def test_in_chinese_and_dark(window: WindowUnderTest, qtbot: QtBot) -> None:
    begin(window, user(1, "解释一下注意力机制"), answer(2, "注意力😀注意力"))
    look_for(window, "注意")
    assert count(window) == "第 1 项，共 3 项"
    window.press(Qt.Key.Key_Return)
    window.press(Qt.Key.Key_Return)
    window.press(Qt.Key.Key_Escape)
    transcript = window.parts.chat.transcript
    assert transcript._selection.start[2] == 5  # the emoji counts twice in Qt
    assert transcript.selected_text() == "注意"
    assert window.theme.tokens is DARK


def test_what_is_counted_is_what_is_marked(qapp: QApplication) -> None:
    look = Look(LIGHT)
    hits = 0
    for row in (row for block in parse_markdown(RICH) for row in rows_of(block, False)):
        assert isinstance(row, TextRow | CodeRow)
        document = row.make_document(look)
        assert document is not None
        marked = len(hits_in(document, "needle"))
        assert "\n".join(row.lines()).lower().count("needle") == marked
        hits += marked
    assert hits == IN_RICH


def test_markdown_is_read_in_time(qtbot: QtBot) -> None:
    transcript = Transcript(ThemeSource(LIGHT))
    qtbot.addWidget(transcript)
    transcript.resize(700, 500)
    transcript.show_messages([answer(2 * n, RICH) for n in range(60)])
    transcript.show()
    finder = Finder(transcript)
    finder.open()
    finder.look_for("needle")
    assert finder.total > 60 * IN_RICH - 60  # addresses of links count until they are read
    qtbot.waitUntil(lambda: not finder.reads, timeout=LIMIT_MS)
    assert finder.total == 60 * IN_RICH
    finder.look_for("**nee")
    assert (finder.total, finder.number) == (0, 0)
    settle()
