"""Preferences of runtimes, and the privacy page."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from engine.connections import CONNECTIONS
from engine.events import JobFailed, JobFinished, RuntimesListed
from engine.jobs.runtimes import RuntimeOnShelf
from engine.messages import english, sentence
from engine.settings import Settings
from gui.widgets.sentences import translate
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest

pytestmark = pytest.mark.parametrize(
    "window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True
)

BUILT_IN = RuntimeOnShelf("", "cpu", True)
VULKAN = RuntimeOnShelf("vulkan-1", "vulkan", False)


@pytest.fixture
def page(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all()
    press_button(window, "Settings")
    window.tell(RuntimesListed(window.desk.last("list_runtimes"), (VULKAN, BUILT_IN)))
    return window


def words(page: WindowUnderTest) -> str:
    return "\n".join(
        label.text() for label in page.parts.preferences.findChildren(QLabel) if label.isVisible()
    )


def test_a_runtime_is_chosen_and_removed(page: WindowUnderTest) -> None:
    choice = page.parts.preferences._runtimes._choice
    assert [choice.itemText(row) for row in range(2)] == ["vulkan-1", "Processor only (built in)"]
    assert choice.currentIndex() == 1
    choice.activated.emit(0)
    job = page.desk.last("use_runtime")
    assert page.desk.arguments("use_runtime") == ("vulkan-1",)
    used = (RuntimeOnShelf("vulkan-1", "vulkan", True), RuntimeOnShelf("", "cpu", False))
    page.tell(RuntimesListed(job, used), JobFinished(job))
    assert choice.currentIndex() == 0
    press_button(page, "Remove this runtime")
    assert page.desk.last("remove_runtime")


def test_one_that_was_put_aside_says_why(page: WindowUnderTest) -> None:
    page.parts.preferences._runtimes.enter()
    why = sentence("pack_refused", name="libggml-vulkan.so", reason="its driver is gone")
    aside = RuntimeOnShelf("vulkan-1", "vulkan", False, why)
    page.tell(RuntimesListed(page.desk.last("list_runtimes"), (aside, BUILT_IN)))
    assert page.parts.preferences._runtimes._choice.itemText(0) == "vulkan-1, put aside"
    assert f"vulkan-1: {english(why)}" in words(page)
    page.shell._language.choose("zh_CN")
    page.settle()
    assert "its driver is gone" in words(page) and english(why) not in words(page)


def test_fetching_fails_in_words_and_can_be_stopped(page: WindowUnderTest) -> None:
    part = page.parts.preferences._runtimes
    assert not part._fetch.isEnabled()
    part._place.setText("/mnt/stick")
    press_button(page, "Fetch and try")
    job = page.desk.last("add_runtime")
    assert page.desk.settings.runtimes_from == "/mnt/stick"
    assert "trying" in words(page)
    press_button(page, "Stop")
    assert page.desk.cancelled == [job]
    page.tell(JobFailed(job, sentence("pack_unsigned")))
    assert english(sentence("pack_unsigned")) in words(page)
    assert "trying" not in words(page)


def test_every_connection_is_told(page: WindowUnderTest) -> None:
    assert english(CONNECTIONS[1]) not in words(page)
    press_button(page, "Show every connection")
    assert all(translate(one) in words(page) for one in CONNECTIONS)
    assert "`" not in words(page)
    press_button(page, "Hide the connections")
    assert english(CONNECTIONS[1]) not in words(page)
