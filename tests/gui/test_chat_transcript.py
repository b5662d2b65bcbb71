"""The transcript itself: virtual, anchored, selectable, usable by keyboard, safe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.chat.conversation import MessageState
from engine.chat.markdown import parse_markdown
from engine.events import MessageAdded
from gui.chat.code_rows import CodeRow
from gui.chat.documents import Document, block_document
from gui.chat.highlight import CodeText
from gui.chat.look import Look
from gui.chat.text_rows import slices
from gui.widgets.fonts import ui_font
from gui.widgets.theme import DARK, LIGHT
from tests.gui.chat_support import Chat, answer, conversation, make_chat, press, settle, user
from tests.gui.patience import LIMIT_MS

LONG = """## Part {n}

Words of **answer** {n} that fill a line or two of the column.

- a
- b

```py
x = {n}
```
"""


@pytest.fixture
def chat(qtbot: QtBot) -> Chat:
    return make_chat(qtbot)


def many(pairs: int) -> list[object]:
    messages: list[object] = []
    for n in range(pairs):
        messages += [user(2 * n + 1, f"question {n}"), answer(2 * n + 2, LONG.format(n=n))]
    return messages


def top_row_text(chat: Chat) -> str:
    return chat.page.transcript.visible_rows[0].text()


def test_2000_messages_open_scroll_and_stream_without_a_widget_each(qtbot: QtBot, chat: Chat) -> None:
    transcript = chat.page.transcript
    before = len(chat.page.findChildren(QWidget))
    chat.open(conversation(*many(1000)))  # type: ignore[arg-type]
    assert transcript.at_end
    assert "x = 999" in chat.shown()
    assert transcript.unfolded_count < 20
    assert transcript.documents.made < 60
    chat.page.composer.set_text("more")
    chat.page.composer.button.click()
    job = chat.desk.last("send")
    chat.desk.tell(
        MessageAdded(job, 7, user(3001, "more", 2000)),
        MessageAdded(job, 7, answer(3002, "", 3001, MessageState.STREAMING, stats=None)),
    )
    bar = transcript.verticalScrollBar()
    for n in range(500):
        chat.stream(job, f"word{n} " if n % 20 else f"\n\nparagraph {n} ")
        if n % 50 == 49:
            bar.setValue(bar.maximum() * (n // 50) // 10)
            settle()
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: "word499" in chat.shown(), timeout=LIMIT_MS)
    assert transcript.at_end
    assert transcript.unfolded_count <= 161
    assert len(transcript.documents) <= 240
    assert len(chat.page.findChildren(QWidget)) == before


def test_end_stays_in_sight_while_streaming_unless_one_scrolls_up(qtbot: QtBot, chat: Chat) -> None:
    transcript, bar = chat.page.transcript, chat.page.transcript.verticalScrollBar()
    chat.open(conversation(*many(20)))  # type: ignore[arg-type]
    chat.page.composer.set_text("go")
    chat.page.composer.button.click()
    job = chat.desk.last("send")
    chat.desk.tell(
        MessageAdded(job, 7, user(101, "go", 40)),
        MessageAdded(job, 7, answer(102, "", 101, MessageState.STREAMING, stats=None)),
    )
    chat.stream(job, *(f"line {n}\n\n" for n in range(60)))
    qtbot.waitUntil(lambda: "line 59" in chat.shown(), timeout=LIMIT_MS)
    assert transcript.at_end and bar.value() == bar.maximum()
    bar.setValue(bar.value() - 600)
    held = top_row_text(chat)
    chat.stream(job, *(f"later {n}\n\n" for n in range(60)))
    qtbot.wait(80)
    assert top_row_text(chat) == held
    assert not transcript.at_end
    press(transcript, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: "later 59" in chat.shown(), timeout=LIMIT_MS)
    assert transcript.at_end


def test_scrolling_up_in_small_steps_never_jumps(chat: Chat) -> None:
    """Heights above are guesses; a row in sight still moves by exactly what was scrolled."""
    transcript = chat.page.transcript
    chat.open(conversation(*many(300)))  # type: ignore[arg-type]
    for _ in range(60):
        before = {id(placed.row): placed.y for placed in transcript._placed}
        press(transcript, Qt.Key.Key_Up)
        moved = [
            placed.y - before[id(placed.row)] for placed in transcript._placed if id(placed.row) in before
        ]
        assert moved and all(abs(pixels - 40) < 0.01 for pixels in moved)


def test_home_and_end_by_keyboard(chat: Chat) -> None:
    chat.open(conversation(*many(300)))  # type: ignore[arg-type]
    press(chat.page.transcript, Qt.Key.Key_Home)
    assert "question 0" in chat.shown().split("\n")
    press(chat.page.transcript, Qt.Key.Key_End)
    assert "x = 299" in chat.shown()


def test_resize_measures_only_what_is_in_sight(chat: Chat) -> None:
    chat.open(conversation(*many(500)))  # type: ignore[arg-type]
    made = chat.page.transcript.documents.made
    for width in (600, 700, 800, 500):
        chat.page.resize(width, 700)
        settle()
    assert chat.page.transcript.documents.made - made < 60
    assert chat.page.transcript.at_end


def test_theme_switch_repaints_with_other_colours(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "```py\nimport os\n```\n\n| a |\n|---|\n| b |")))
    light = chat.page.transcript.grab().toImage()
    chat.theme.show(DARK)
    settle()
    dark = chat.page.transcript.grab().toImage()
    assert light.pixelColor(5, 5).name() == LIGHT.window
    assert dark.pixelColor(5, 5).name() == DARK.window


def test_select_all_copies_text_without_marks(chat: Chat) -> None:
    chat.open(
        conversation(
            user(1, "two\nlines"),
            answer(2, "# Head\n\n**bold** [x](https://a.org)\n\n- one\n- two\n\n```py\na\nb\n```"),
        )
    )
    press(chat.page.transcript, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    press(chat.page.transcript, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "two\nlines\n\nHead\n\nbold x\n\n- one\n- two\n\na\nb"


def test_selection_by_mouse_across_blocks(chat: Chat) -> None:
    chat.open(conversation(user(1, "question"), answer(2, "alpha beta\n\ngamma delta")))
    transcript = chat.page.transcript
    first, second = [
        placed for placed in transcript._placed if placed.row.text().startswith(("alpha", "gamma"))
    ]
    left = round(transcript._column_left())
    view = transcript.viewport()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(left, round(first.y + 14)))
    QTest.mouseMove(view, QPoint(left + 300, round(first.y + 14)))
    QTest.mouseMove(view, QPoint(left + 700, round(second.y + 14)))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(left + 700, round(second.y + 14)))
    assert transcript.selected_text() == "alpha beta\n\ngamma delta"
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=QPoint(left + 4, round(second.y + 14)))
    assert transcript.selected_text() == "gamma"


def test_buttons_by_keyboard_have_their_turn_and_let_go(chat: Chat) -> None:
    text = "```py\nprint(1)\n```"
    chat.open(conversation(user(1, "Q"), answer(2, text, reasoning="hm", state=MessageState.CUT)))
    transcript = chat.page.transcript
    transcript.setFocus()
    settle()
    names = []
    while transcript.focusNextPrevChild(True) and transcript.hasFocus():
        names.append(transcript.accessibleDescription())
    thought = "Thought for 18 seconds · 66 tokens"
    assert names == ["Edit (F2)", thought, "Copy", "Carry on", "Details", "Copy", "Regenerate"]
    assert chat.page.composer.draft.hasFocus()


def test_enter_presses_the_focused_button(qtbot: QtBot, chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "```py\nprint(1)\n```", reasoning="deep thought")))
    transcript = chat.page.transcript
    transcript.setFocus()
    settle()
    for _ in range(2):
        transcript.focusNextPrevChild(True)
    press(transcript, Qt.Key.Key_Return)
    assert "deep thought" in chat.shown()
    press(transcript, Qt.Key.Key_Return)
    transcript.focusNextPrevChild(True)
    press(transcript, Qt.Key.Key_Space)
    assert QGuiApplication.clipboard().text() == "print(1)"
    for _ in range(3):
        transcript.focusNextPrevChild(True)
    with qtbot.waitSignal(transcript.regenerate_requested, timeout=LIMIT_MS) as asked:
        press(transcript, Qt.Key.Key_Return)
    assert asked.args == [2]


def test_news_of_a_message_leave_the_keyboard_where_it_is(qtbot: QtBot, chat: Chat) -> None:
    messages = [user(1, "Q"), answer(2, "A", state=MessageState.INTERRUPTED)]
    chat.open(conversation(*messages))
    transcript = chat.page.transcript
    transcript.setFocus()
    settle()
    while transcript.accessibleDescription() != "Carry on":
        assert transcript.focusNextPrevChild(True)
    transcript.replace_from(1, chat.page.model.messages[1:])
    settle()
    with qtbot.waitSignal(transcript.carry_on_requested, timeout=LIMIT_MS) as asked:
        press(transcript, Qt.Key.Key_Return)
    assert asked.args == [2]
    # A message of another id took its place: the key that was meant for the old one does nothing.
    while transcript.accessibleDescription() != "Carry on":
        assert transcript.focusNextPrevChild(True)
    chat.open(conversation(user(3, "Q"), answer(4, "A", state=MessageState.INTERRUPTED)))
    settle()
    with qtbot.assertNotEmitted(transcript.carry_on_requested):
        press(transcript, Qt.Key.Key_Return)


def test_copy_and_carry_on_by_mouse(qtbot: QtBot, chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "**A**", state=MessageState.STOPPED)))
    transcript = chat.page.transcript

    def click(key: str) -> None:
        ((target, action),) = [(t, a) for t, a in transcript._targets() if t[2] == key]
        (placed,) = [p for p in transcript._placed if (p.box, p.index) == target[:2]]
        spot = action.rect.center()
        place = QPoint(round(transcript._column_left() + spot.x()), round(placed.y + spot.y()))
        QTest.mouseClick(transcript.viewport(), Qt.MouseButton.LeftButton, pos=place)

    click("copy")
    assert QGuiApplication.clipboard().text() == "**A**"
    click("carry_on")
    assert chat.desk.arguments("carry_on") == (7, 2)


def test_walking_from_message_to_message_reads_them_out(chat: Chat) -> None:
    chat.open(conversation(*many(5)))  # type: ignore[arg-type]
    transcript = chat.page.transcript
    for _ in range(12):
        press(transcript, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert transcript.accessibleDescription() == "question 0"
    press(transcript, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert "Words of answer 0" in transcript.accessibleDescription()


def test_links_are_told_only_when_safe(qtbot: QtBot, chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "[good](https://a.org)\n\n[bad](file:///etc/passwd)")))
    transcript = chat.page.transcript
    left = round(transcript._column_left()) + 6
    heard: list[str] = []
    # Opening a browser is the page's part; here only what the transcript tells counts.
    transcript.link_activated.disconnect()
    transcript.link_activated.connect(heard.append)
    for placed in [
        placed for placed in transcript._placed if "ood" in placed.row.text() or "bad" in placed.row.text()
    ]:
        QTest.mouseClick(
            transcript.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(left, round(placed.y + 16))
        )
    assert heard == ["https://a.org"]


def test_documents_load_nothing(qapp: object) -> None:
    document = Document(ui_font())
    for kind in (QTextDocument.ResourceType.ImageResource, QTextDocument.ResourceType.StyleSheetResource):
        assert document.loadResource(kind.value, QUrl("file:///etc/hostname")) is None
        assert document.resource(kind.value, QUrl("file:///etc/hostname")) is None
    assert not document.isUndoRedoEnabled()


def test_markup_never_becomes_markup(qapp: object) -> None:
    (block,) = parse_markdown("a <img src='file:///x.png'> <b>b</b> &lt;i&gt;")
    shown = block_document(block, Look(LIGHT)).toPlainText()
    assert shown == "a <img src='file:///x.png'> <b>b</b> <i>"


def test_code_is_coloured_when_the_fence_closes(qtbot: QtBot, chat: Chat) -> None:
    job = chat.begin_answer()
    chat.stream(job, "```python\nimport os\n")
    qtbot.waitUntil(lambda: "import os" in chat.shown(), timeout=LIMIT_MS)
    (row,) = [row for row in chat.page.transcript.visible_rows if isinstance(row, CodeRow)]
    assert row.code.stretches == []
    chat.stream(job, "x = 1\n", "```\n")
    qtbot.waitUntil(
        lambda: any(isinstance(r, CodeRow) and r.code.stretches for r in chat.page.transcript.visible_rows),
        timeout=LIMIT_MS,
    )


def test_colours_of_code_come_in_portions() -> None:
    code = CodeText("python", "x = [1, 'a']  # b\n" * 400, closed=True)
    turns = 1
    while not code.colour(0.0):
        turns += 1
    assert turns > 5
    assert {kind for _, _, kind in code.stretches} == {"number", "string", "comment"}
    assert CodeText("no such language", "x", closed=True).coloured


def test_pieces_of_a_text_join_to_the_text_and_stay_as_it_grows() -> None:
    text = "short\n" * 100 + "x" * 10_000 + "\n\nend"
    cut = list(slices(text))
    assert "".join(text[a:b] for a, b in cut) == text
    grown = list(slices(text + " more\n" * 300))
    assert grown[: len(cut) - 1] == cut[:-1]
    assert list(slices("")) == [(0, 0)]


@pytest.mark.parametrize(
    "text",
    [
        "y" * 1_000_000,
        "```\n" + "z" * 1_000_000,
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 10_000,
        "> " * 400 + "x",
    ],
    ids=["line", "code", "table", "nested"],
)
def test_hostile_answers_are_laid_out_in_pieces(chat: Chat, text: str) -> None:
    chat.open(conversation(user(1, text[:200_000]), answer(2, text)))
    transcript = chat.page.transcript
    assert transcript.documents.made < 60
    for key in (Qt.Key.Key_Home, Qt.Key.Key_PageDown, Qt.Key.Key_End, Qt.Key.Key_PageUp):
        press(transcript, key)
        transcript.grab()
    assert transcript.visible_rows


def test_what_is_moved_looks_like_what_is_painted_anew(chat: Chat) -> None:
    """Scrolling, growing and folding keep pixels; every one of them is where a new painting has it."""
    transcript, bar = chat.page.transcript, chat.page.transcript.verticalScrollBar()
    chat.open(conversation(*many(30)))  # type: ignore[arg-type]
    chat.page.composer.set_text("go")
    chat.page.composer.button.click()
    job = chat.desk.last("send")
    chat.desk.tell(
        MessageAdded(job, 7, user(101, "go", 60)),
        MessageAdded(job, 7, answer(102, "", 101, MessageState.STREAMING, stats=None)),
    )
    for turn, scroll in enumerate((-35, -700, 90, 0, 400, -120, 10_000, -3, 2_000, 0)):
        chat.stream(job, f"piece {turn} of **words**\n\n", "| a |\n|---|\n| b |\n\n")
        QTest.qWait(40)
        while transcript._frame.isActive():
            QTest.qWait(5)
        bar.setValue(bar.value() + scroll)
        settle()
        kept = transcript.viewport().grab().toImage()
        transcript.paint_anew()
        assert transcript.viewport().grab().toImage() == kept, turn


def test_scrolling_paints_only_what_is_new(chat: Chat) -> None:
    transcript, bar = chat.page.transcript, chat.page.transcript.verticalScrollBar()
    chat.open(conversation(*many(30)))  # type: ignore[arg-type]
    transcript.grab()
    before, shown = transcript._backing.rows_painted, len(transcript.visible_rows)
    for _ in range(10):
        bar.setValue(bar.value() - 4)
        settle()
    assert transcript._backing.rows_painted - before < 3 * shown


SHARP = """
from PySide6.QtWidgets import QApplication
from gui.chat.transcript import Transcript
from gui.widgets.theme import ThemeSource
from tests.gui.chat_support import answer

application = QApplication([])
transcript = Transcript(ThemeSource())
transcript.resize(500, 400)
transcript.show_messages([answer(1, "words")])
transcript.show()
for _ in range(3):
    application.processEvents()
seen = transcript.viewport().grab()
print(seen.devicePixelRatio(), transcript._backing._pixmap.width() / transcript.viewport().width())
"""


@pytest.mark.parametrize("scale", ["1", "1.5", "2"])
def test_every_pixel_of_a_fine_screen_is_painted(scale: str) -> None:
    """In a process of its own, as the scale is read once at the start."""
    done = subprocess.run(
        [sys.executable, "-c", SHARP],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale},
        capture_output=True,
        text=True,
        check=True,
    )
    ratio, painted = map(float, done.stdout.split())
    assert ratio == float(scale)
    assert painted == pytest.approx(float(scale), abs=0.01)
