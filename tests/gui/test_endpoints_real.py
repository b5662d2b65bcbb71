"""The whole window over the real desk and a stand-in server: an endpoint from its address to an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.jobs.local_desk import LocalDesk
from engine.settings import Remote, Settings
from gui.shell.parts import Parts
from gui.shell.window import Page
from gui.widgets.controls import Button
from tests.endpoint import Endpoint, Line, Request, reply
from tests.gui.real_window import real_window
from tests.service.remote_bench import LockedRing, MemoryRing
from tests.service.test_remote_answers import answers_both

WAIT_MS = 60_000


class Driven:
    """A window that is driven by keys."""

    def __init__(self, qtbot: QtBot, desk: LocalDesk, parts: Parts) -> None:
        self.qtbot, self.desk, self.parts = qtbot, desk, parts

    def press(self, key: Qt.Key) -> None:
        QApplication.processEvents()  # rows that were just made are shown by the loop
        QTest.keyClick(self.focused(), key)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.focused(), text)

    def focused(self) -> QWidget:
        widget = QApplication.focusWidget()
        assert widget is not None
        return widget

    def tab_to(self, name: str) -> None:
        reached: list[str] = []
        for _ in range(60):
            reached.append(self.focused().accessibleName())
            if self.focused().accessibleName() == name:
                return
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not reach {name}, but {reached}")

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=WAIT_MS)

    def says(self, text: str) -> bool:
        labels = self.parts.window.findChildren(QLabel)
        return any(text in label.text() for label in labels if label.isVisible())

    def open_models(self) -> None:
        button = next(
            each for each in self.parts.sidebar.findChildren(Button) if each.accessibleName() == "Models"
        )
        button.setFocus()
        self.press(Qt.Key.Key_Return)
        assert self.parts.window.page is Page.MODELS

    def fill_in(self, url: str, key: str) -> None:
        self.open_models()
        self.tab_to("Add an endpoint")
        self.press(Qt.Key.Key_Return)
        self.type(url)
        self.press(Qt.Key.Key_Tab)
        self.type(key)
        self.press(Qt.Key.Key_Return)

    def ask(self, text: str) -> None:
        self.type(text)
        self.press(Qt.Key.Key_Return)


@pytest.fixture
def ring() -> Iterator[MemoryRing]:
    before, ring = keyring.get_keyring(), MemoryRing()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def driven(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, translations: Path, ring: MemoryRing
) -> Iterator[Driven]:
    settings = Settings(language="en", theme="light", wizard_done=True)
    with real_window(qapp, tmp_path, settings, translations) as (desk, parts):
        yield Driven(qtbot, desk, parts)


def wants_a_key(request: Request, line: Line) -> None:
    if request.headers.get("authorization") == "Bearer secret":
        answers_both(request, line)
    else:
        line.send(reply(401, {"error": "no key"}))


def last_words(request: Request) -> str | None:
    return request.body["messages"][-1]["content"] if "messages" in request.body else None


def choose_first_and_add(driven: Driven) -> None:
    driven.until(lambda: driven.says("It answers and offers 2 models"))
    driven.press(Qt.Key.Key_Space)
    driven.tab_to("Add the endpoint")
    driven.press(Qt.Key.Key_Return)
    driven.until(lambda: driven.focused().accessibleName().startswith("Edit the endpoint"))


def test_from_an_address_to_an_answer(driven: Driven, ring: MemoryRing) -> None:
    with Endpoint(wants_a_key) as endpoint:
        host = endpoint.url.removeprefix("http://").removesuffix("/v1")
        driven.fill_in(endpoint.url, "wrong")
        driven.until(lambda: driven.says("does not accept the key"))
        driven.press(Qt.Key.Key_Backspace)
        for _ in range(len("wrong")):
            driven.press(Qt.Key.Key_Backspace)
        driven.type("secret")
        driven.press(Qt.Key.Key_Return)
        choose_first_and_add(driven)
        assert driven.desk.settings.remotes == (Remote("", endpoint.url, ("m",)),)
        driven.tab_to(f"Use m on {host}")
        driven.press(Qt.Key.Key_Return)
        driven.until(lambda: driven.says("ready"))
        assert driven.parts.window.page is Page.CHAT and driven.says("remote")
        assert driven.parts.window.focusWidget() is driven.parts.chat.composer.draft
        driven.ask("Hello")
        driven.until(lambda: bool(driven.parts.chat.model.messages) and driven.parts.chat.model.live is None)
        driven.until(lambda: driven.parts.chat.model.messages[-1].text() == "Hello!")
        # The title of the chat may have been asked for since.
        assert "Hello" in [last_words(request) for request in endpoint.requests]
    driven.until(lambda: list(ring.entries.values()) == ["secret"])


def test_a_locked_keyring_is_said_and_the_endpoint_is_added(driven: Driven) -> None:
    keyring.set_keyring(LockedRing())
    with Endpoint(wants_a_key) as endpoint:
        driven.fill_in(endpoint.url, "secret")
        choose_first_and_add(driven)
        driven.until(lambda: driven.says("no keyring that can be used"))
        assert driven.desk.settings.remotes


def test_the_window_lives_while_the_endpoint_is_silent(driven: Driven) -> None:
    turns: list[None] = []
    clock = QTimer(interval=5)
    clock.timeout.connect(lambda: turns.append(None))
    with Endpoint(lambda request, line: line.wait_until_gone()) as endpoint:
        driven.fill_in(endpoint.url, "")
        driven.until(lambda: bool(endpoint.requests))
        clock.start()
        driven.until(lambda: len(turns) > 50)
        assert driven.says("asking the endpoint…") and not endpoint.lines[0].gone_at
        driven.press(Qt.Key.Key_Escape)
        driven.until(lambda: bool(endpoint.lines[0].gone_at))
    clock.stop()
