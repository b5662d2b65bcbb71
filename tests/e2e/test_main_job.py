"""From an empty data folder to a conversation that survives: the real program, by keyboard."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.e2e.desktop import ROOT, Desktop, Program, wait_for

LONG = "Write a long story about a ship that sails around the whole world, with every port it visits."


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    """One for each test: the window that a failed test leaves must not take the next one's keys."""
    with Desktop() as made:
        yield made


class Chats:
    """The chat database, read with plain sqlite3 as anybody could."""

    def __init__(self, program: Program) -> None:
        self._path = program.data / "chats.sqlite3"

    def answers(self) -> list[tuple[str, str]]:
        """(state, text) of every answer."""
        query = (
            "SELECT m.state, coalesce(group_concat(p.body, ''), '') FROM messages m"
            " LEFT JOIN parts p ON p.message_id = m.id WHERE m.role = 'assistant' GROUP BY m.id ORDER BY m.id"
        )
        return self._read(query)

    def questions(self) -> list[str]:
        query = "SELECT p.body FROM messages m JOIN parts p ON p.message_id = m.id WHERE m.role = 'user'"
        return [body for (body,) in self._read(query)]

    def _read(self, query: str) -> list[tuple[str, ...]]:
        if not self._path.exists():
            return []
        with sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10) as db:
            try:
                return db.execute(query).fetchall()
            except sqlite3.OperationalError:
                return []  # the program is just making its tables


def settings_of(program: Program) -> dict[str, object]:
    path = program.config / "settings.json"
    return json.loads(path.read_text()) if path.exists() else {}


def wizard_page(program: Program, name: str, after: QImage | None = None) -> QImage:
    """The page that comes `after` another, once its button at the right can be pressed: how long that
    takes hangs on the machine, and a person looks before pressing a key. Two photos must agree: a page that
    is half drawn differs from every other."""
    former = QImage()

    def seen() -> QImage | None:
        nonlocal former
        before, former = former, QImage(str(program.screenshot(name)))
        button = former.pixelColor(former.width() - 40, former.height() - 35)
        is_ready = former == before and button.blue() > 2 * button.red()
        return former if is_ready and former != after else None

    return wait_for(f"the button of {name}", seen)


def walk_through_the_wizard(program: Program) -> None:
    wait_for("the check", lambda: (program.state / "hardware.json").exists())
    check = wizard_page(program, "wizard-check")
    program.keys("Return")
    recommendation = wizard_page(program, "wizard-recommendation", after=check)
    program.keys("Return")
    wizard_page(program, "wizard-get", after=recommendation)
    # "Start now with the starter model" is the first thing after the step's page.
    program.keys("Tab", "Return")
    wait_for("the wizard's end", lambda: settings_of(program).get("wizard_done"))
    wait_for("the model", program.workers)


def ask(program: Program, chats: Chats, question: str) -> None:
    before = len(chats.answers())
    program.type(question)
    program.keys("Return")
    wait_for("the answer's beginning", lambda: len(chats.answers()) > before)


def cards(picture: Path) -> list[int]:
    """The pixels of the right-hand panel, a sample of them."""
    image = QImage(str(picture))
    assert not image.isNull()
    left = image.width() - 280
    return [image.pixel(x, y) for x in range(left, image.width(), 3) for y in range(0, image.height(), 3)]


def test_from_an_empty_folder_to_a_conversation_that_survives(desktop: Desktop, tmp_path: Path) -> None:
    program = Program(desktop, tmp_path)
    chats = Chats(program)
    program.start()
    walk_through_the_wizard(program)
    time.sleep(2)
    idle = cards(program.screenshot("empty-chat"))

    # A first answer, to its end: a short one, since nobody knows when a small model ends a long one.
    ask(program, chats, "What is the capital of France?")
    wait_for("a whole answer", lambda: [s for s, _ in chats.answers()] == ["complete"], 120)
    time.sleep(1)
    assert cards(program.screenshot("chat-en-light")) != idle, "the cards did not move"

    # The worker is killed in the middle of the second one.
    ask(program, chats, LONG)
    wait_for("half an answer on disk", lambda: len(chats.answers()[-1][1]) > 80)
    (worker,) = program.workers()
    worker.send_signal(signal.SIGKILL)
    wait_for("the mark of the interruption", lambda: chats.answers()[-1][0] == "interrupted")
    kept = chats.answers()[-1][1]
    assert len(kept) > 80
    assert program.process is not None and program.process.poll() is None
    time.sleep(1)
    program.screenshot("interrupted")

    # One key press carries on: the same message grows, nothing of it is lost.
    wait_for("the model again", program.workers)
    time.sleep(2)
    carry_on(program)
    wait_for("more of it", lambda: len(chats.answers()[-1][1]) > len(kept))
    assert chats.answers()[-1][1].startswith(kept)
    assert len(chats.answers()) == 2

    # Escape stops at once, and what was written is kept.
    program.keys("Escape")
    wait_for("the stop", lambda: chats.answers()[-1][0] in ("stopped", "complete", "cut"))
    before = (chats.questions(), chats.answers())
    program.close()
    program.wait_for_the_engines_end()

    # Restarted in Chinese and dark: the conversation is there, and goes on.
    stored = settings_of(program)
    settings = program.config / "settings.json"
    settings.write_text(json.dumps({**stored, "language": "zh_CN", "theme": "dark"}))
    program.start()
    assert (chats.questions(), chats.answers()) == before
    time.sleep(2)
    open_first_conversation(program)
    time.sleep(2)
    program.screenshot("chat-zh-dark")
    ask(program, chats, "Name three colours.")
    wait_for("the third answer", lambda: chats.answers()[-1][0] in ("complete", "cut"), 280)
    assert len(chats.questions()) == 3
    program.close()


def test_killing_the_whole_program_loses_no_conversation(desktop: Desktop, tmp_path: Path) -> None:
    program = Program(desktop, tmp_path)
    program.config.mkdir(parents=True)
    (program.config / "settings.json").write_text(json.dumps({"wizard_done": True}))
    chats = Chats(program)
    program.start()
    time.sleep(2)
    ask(program, chats, LONG)
    wait_for("half an answer on disk", lambda: len(chats.answers()[-1][1]) > 80)
    kept = chats.answers()[-1][1]
    program.kill()
    program.wait_for_the_engines_end()
    program.start()
    wait_for("the mark of the interruption", lambda: chats.answers()[-1][0] == "interrupted")
    assert chats.answers()[-1][1].startswith(kept)
    assert chats.questions() == [LONG]
    program.close()


def settled(program: Program, name: str) -> None:
    """Until nothing moves between the lists and the message field: three photos in a row agree."""
    photos: list[QImage] = []

    def still() -> bool:
        picture = QImage(str(program.screenshot(name)))
        photos.append(picture.copy(240, 0, picture.width() - 530, picture.height() - 100))
        return len(photos) >= 3 and photos[-1] == photos[-2] == photos[-3]

    wait_for("a page that stands still", still)


def carry_on(program: Program) -> None:
    """By its shortcut, wherever the focus is, once the news that the model is back has moved everything."""
    settled(program, "carry-on")
    program.keys("ctrl+shift+r")


def open_first_conversation(program: Program) -> None:
    """The list of conversations by keyboard: search field, list, first entry."""
    program.keys("ctrl+shift+f", "Tab", "Down", "Return")


def test_screenshots_for_the_readme_are_kept() -> None:
    for name in ("chat-en-light", "chat-zh-dark"):
        assert (ROOT / "docs" / "screenshots" / f"{name}.png").exists()
