"""Formulas in the real transcript: drawn by the real process, copied, found, scrolled, zoomed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.chat.maths import Formula
from engine.typesetting.main import TYPESETTING_WORD
from engine.typesetting.picture import Picture, Style
from engine.typesetting.typesetter import Typesetter
from gui.chat.finder import Finder
from gui.chat.maths_rows import MathsRow
from gui.chat.transcript import ZOOMS, Transcript
from gui.widgets.theme import DARK
from tests.gui.chat_support import Chat, answer, conversation, make_chat, press, settle, user
from tests.gui.patience import LIMIT_MS

PROGRAM = Path(__file__).resolve().parents[2] / "deskside.py"
COMMAND = (sys.executable, str(PROGRAM), TYPESETTING_WORD)
WIDE = " + ".join(rf"\frac{{a_{{{n}}}}}{{b}}" for n in range(60))


@pytest.fixture
def typesetter() -> Iterator[Typesetter]:
    made = Typesetter(COMMAND)
    yield made
    made.close()


@pytest.fixture
def chat(qtbot: QtBot, typesetter: Typesetter) -> Chat:
    made = make_chat(qtbot)
    made.page.transcript.formulas.draw_with(typesetter)
    return made


def drawn(transcript: Transcript) -> int:
    """Pictures in sight."""
    documents = (transcript._document(row) for row in transcript.visible_rows)
    return sum(document.toPlainText().count("\ufffc") for document in documents if document)


def show(qtbot: QtBot, chat: Chat, text: str, pictures: int) -> Transcript:
    transcript = chat.page.transcript
    chat.open(conversation(user(1, "Q"), answer(2, text)))
    qtbot.waitUntil(lambda: drawn(transcript) == pictures, timeout=LIMIT_MS)
    settle()
    return transcript


def test_formulas_are_drawn_where_they_stand(qtbot: QtBot, chat: Chat) -> None:
    show(qtbot, chat, "so $x_1$ and \\(y\\), $5 or $6\n\n$$\\frac{a}{b}$$\n\n- $z$", 4)
    assert "$5 or $6" in chat.shown()


def test_a_formula_is_text_until_it_closes(qtbot: QtBot, chat: Chat) -> None:
    job = chat.begin_answer()
    transcript = chat.page.transcript
    chat.stream(job, "first\n\n", "so $x_")
    qtbot.waitUntil(lambda: "so $x_" in chat.shown(), timeout=LIMIT_MS)
    first = next(row for row in transcript.visible_rows if row.text() == "first")
    chat.stream(job, "1$ is\n\n$$\n\\frac{a}", "{b}\n$")
    qtbot.waitUntil(lambda: drawn(transcript) == 1 and "\\frac{a}{b}" in chat.shown(), timeout=LIMIT_MS)
    chat.stream(job, "$\n")
    qtbot.waitUntil(lambda: drawn(transcript) == 2, timeout=LIMIT_MS)
    assert first in transcript.visible_rows


@pytest.mark.parametrize(
    "tex",
    ["\\frac{a}{", "{" * 300 + "}" * 300, r"\def\a{\a\a}\a", "x & y", "\\left(" * 300 + "x"],
    ids=["broken", "deep", "recursive", "stray", "unbalanced"],
)
def test_what_cannot_be_drawn_is_shown_as_its_source(qtbot: QtBot, chat: Chat, tex: str) -> None:
    show(qtbot, chat, f"$${tex}$$\n\nand $y$", 1)
    assert tex in chat.shown()


def test_a_program_that_cannot_draw_leaves_the_source(qtbot: QtBot) -> None:
    chat = make_chat(qtbot)
    chat.page.transcript.formulas.draw_with(Typesetter((str(PROGRAM / "none"),)))
    chat.open(conversation(user(1, "Q"), answer(2, "so $x_1$")))
    assert drawn(chat.page.transcript) == 0 and "so $x_1$" in chat.shown()


def test_copy_gives_the_source(qtbot: QtBot, chat: Chat) -> None:
    transcript = show(qtbot, chat, "so **$x_1$** is\n\n$$\n\\frac{a}{b}\n$$", 2)
    press(transcript, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    press(transcript, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "Q\n\nso $x_1$ is\n\n$$\n\\frac{a}{b}\n$$"
    transcript.select_part(1, 0, 1, 5)
    assert transcript.selected_text() == "o $x_1$ "
    assert transcript.selected_markdown() == "o **$x_1$** "


def test_a_screen_reader_hears_the_source(qtbot: QtBot, chat: Chat) -> None:
    transcript = show(qtbot, chat, "so $x_1$", 1)
    for _ in range(2):
        press(transcript, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    press(transcript, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert "so $x_1$" in transcript.accessibleDescription()


def test_find_looks_into_sources(qtbot: QtBot, chat: Chat) -> None:
    transcript = show(qtbot, chat, "😀 frac $\\frac{a}{b}$ and frac\n\n$$\\frac{c}{d}$$", 2)
    finder = Finder(transcript)
    finder.open()
    finder.look_for("frac")
    spots = []
    for _ in range(4):
        spots.append(finder._spot)
        finder.step(True)
    assert finder.total == 4
    assert [spot[2:] for spot in spots if spot] == [(3, 7), (8, 9), (14, 18), (0, 1)]
    finder.look_for("a}{b}$ and")
    assert finder._spot is not None and finder._spot[2:] == (8, 13)
    assert finder.line() == "😀 frac $\\frac{a}{b}$ and frac"


def test_a_wide_formula_is_scrolled_by_button_key_and_wheel(qtbot: QtBot, chat: Chat) -> None:
    transcript = show(qtbot, chat, f"$${WIDE}$$", 1)
    (row,) = [row for row in transcript.visible_rows if isinstance(row, MathsRow)]
    assert row.wide
    before = transcript.viewport().grab().toImage()
    transcript.setFocus()
    while transcript.accessibleDescription() != "Scroll the formula to the right":
        assert transcript.focusNextPrevChild(True)
    press(transcript, Qt.Key.Key_Return)
    shifted = row.shift
    assert shifted > 0
    settle()
    assert transcript.viewport().grab().toImage() != before
    (placed,) = [placed for placed in transcript._placed if placed.row is row]
    point = QPointF(transcript.viewport().width() / 2, placed.y + 20)
    turn = QWheelEvent(
        point,
        transcript.viewport().mapToGlobal(point),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ShiftModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(transcript.viewport(), turn)
    assert row.shift < shifted
    transcript.resize(transcript.width() // 2, 700)
    settle()
    assert 0 <= row.shift <= row.furthest


def test_zoom_by_keyboard_draws_larger_and_stays_in_place(qtbot: QtBot, chat: Chat) -> None:
    transcript = show(qtbot, chat, "word $x_1$", 1)

    def height() -> float:
        (row,) = [row for row in transcript.visible_rows if "x_1" in row.text()]
        document = transcript._document(row)
        assert document is not None
        return document.size().height()

    before = height()
    transcript.setFocus()
    for _ in range(2):
        QTest.keyClick(transcript, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert transcript.zoom == 1.25
    qtbot.waitUntil(lambda: drawn(transcript) == 1 and height() > 1.15 * before, timeout=LIMIT_MS)
    for _ in range(20):
        QTest.keyClick(transcript, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert transcript.zoom == ZOOMS[0]
    QTest.keyClick(transcript, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: height() == before, timeout=LIMIT_MS)


def test_another_theme_draws_in_its_colour(qtbot: QtBot, chat: Chat) -> None:
    transcript = show(qtbot, chat, "$$\\blacksquare\\blacksquare$$", 1)
    chat.theme.show(DARK)

    def bright() -> bool:
        image = transcript.viewport().grab().toImage()
        (row,) = [placed for placed in transcript._placed if isinstance(placed.row, MathsRow)]
        pixels = (
            image.pixelColor(x, y)
            for y in range(round(row.y), round(row.y + row.row.height))
            for x in range(0, image.width(), 2)
        )
        return any(pixel.name() == DARK.text for pixel in pixels)

    qtbot.waitUntil(bright, timeout=LIMIT_MS)


def many(count: int) -> str:
    return "\n\n".join(f"part {n} $\\frac{{{n}}}{{x}}$\n\n$$\\sum_{{i={n}}}^n i$$" for n in range(count))


def waits(transcript: Transcript) -> bool:
    return any(document.waits for document in transcript.documents._kept.values())


def test_pictures_that_come_later_move_nothing_above_them(qtbot: QtBot, chat: Chat) -> None:
    transcript = chat.page.transcript
    chat.open(conversation(user(1, "Q"), answer(2, many(40))))
    transcript.verticalScrollBar().setValue(400)
    top = transcript._placed[0]
    below = top.y + top.row.height
    assert top.y < 0
    qtbot.waitUntil(lambda: drawn(transcript) > 6, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not waits(transcript), timeout=LIMIT_MS)
    assert transcript._placed[0].row is top.row
    # It grew where it is out of sight.
    assert transcript._placed[0].y + top.row.height == below
    transcript.verticalScrollBar().setValue(0)
    transcript.verticalScrollBar().setValue(400)
    kept = transcript.viewport().grab().toImage()
    transcript.paint_anew()
    assert transcript.viewport().grab().toImage() == kept


class Turnstile(Typesetter):
    """The real one, which draws a formula for each turn that it is given."""

    def __init__(self, command: tuple[str, ...]) -> None:
        super().__init__(command)
        self.turns = threading.Semaphore(0)

    def draw(self, formula: Formula, style: Style) -> Picture | None:
        self.turns.acquire()
        return super().draw(formula, style)


@pytest.fixture
def turnstile() -> Iterator[Turnstile]:
    made = Turnstile(COMMAND)
    yield made
    made.turns.release(1000)
    made.close()


def test_what_grows_in_sight_is_painted_once_and_the_rest_is_moved(
    qtbot: QtBot, turnstile: Turnstile
) -> None:
    """Pictures come while others are still waited for; every pixel is where a new painting has it."""
    chat = make_chat(qtbot)
    transcript = chat.page.transcript
    transcript.formulas.draw_with(turnstile)
    chat.open(conversation(user(1, "Q"), answer(2, many(40))))
    transcript.verticalScrollBar().setValue(400)

    def compare() -> None:
        QTest.qWait(5)
        kept = transcript.viewport().grab().toImage()
        transcript.paint_anew()
        assert transcript.viewport().grab().toImage() == kept

    early = 0
    while early < 3:
        with qtbot.waitSignal(transcript.formulas.arrived, timeout=LIMIT_MS):
            turnstile.turns.release()
        compare()
        early += bool(drawn(transcript)) and transcript.formulas.busy
    turnstile.turns.release(1000)
    while waits(transcript):
        compare()


def test_a_document_is_made_again_once_for_its_formulas(qtbot: QtBot, chat: Chat) -> None:
    transcript = chat.page.transcript
    text = "\n\n".join(
        " and ".join(f"$x_{{{n}}}^{{{m}}} + \\sqrt{{{m}}}$" for m in range(12)) for n in range(3)
    )
    show(qtbot, chat, text, 36)
    assert transcript.documents.made <= 2 * len(transcript.visible_rows)
