"""Pages are made when they are first shown, and know then what they would have heard."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from engine.catalog.model import InstalledModel
from engine.chat.conversation import TrashedConversation
from engine.chat.shelf import Prompt, Shelf
from engine.download.values import QueuedDownload, TransferState
from engine.events import (
    ConversationsListed,
    DownloadsListed,
    DownloadVerified,
    JobId,
    ModelLoaded,
    RuntimeStateChanged,
    ShelfRead,
)
from engine.runtime.values import RuntimeState
from engine.settings import Settings
from gui.shell.window import Page
from tests.gui import samples
from tests.gui.window_under_test import WindowUnderTest

ROOT = Path(__file__).resolve().parents[2]
READY = Settings(wizard_done=True, language="en", theme="light")
# What no window needs before somebody asks for it: the planner, numpy, HTTP, lexers, and all other pages.
WORKING = (
    *("numpy", "httpx2", "urllib3", "huggingface_hub", "cryptography", "keyring", "pynvml"),
    *("engine.hardware.check", "engine.download.pull", "engine.remote.backend", "engine.host.knowing"),
)
PAGE_MODULES = (
    *("gui.advice.page", "gui.models.page", "gui.preferences.page", "gui.prompts.page", "gui.wizard.page"),
    *("gui.graphs.history_page", "gui.conversations.search_page", "gui.conversations.trash_page"),
)
PLANNER = ("engine.planning.recommend", "engine.planning.placement", "engine.planning.speed")
LATE = (*WORKING, *PLANNER, "pygments.lexers", *PAGE_MODULES)
START = """
import deskside, engine.log_file, engine.crashes, engine.host.window
import engine.jobs.local_desk, gui.__main__, gui.platform
"""
PAGES = "import gui.__main__, " + ", ".join(PAGE_MODULES)
with_window = pytest.mark.parametrize("window", [READY], indirect=True)


def stacked(window: WindowUnderTest) -> list[QWidget]:
    stack = window.parts.window._stack
    return [stack.widget(place) for place in range(stack.count())]


def shown_words(page: QWidget) -> str:
    return "\n".join(label.text() for label in page.findChildren(QLabel) if label.isVisible())


def load(window: WindowUnderTest, model: InstalledModel, job: int) -> None:
    window.tell(ModelLoaded(JobId(job), model, samples.facts(model)))


@with_window
def test_a_window_begins_with_the_chat_alone(window: WindowUnderTest) -> None:
    assert stacked(window) == [window.parts.chat]
    for page in Page:
        window.parts.window.show_page(page)
        window.settle()
        assert window.parts.window.page is page
    assert len(stacked(window)) == len(Page)
    before = stacked(window)
    window.shell.show_models()
    window.shell.show_preferences()
    assert stacked(window) == before, "a page is made once"


@with_window
def test_a_late_page_knows_models_and_downloads(window: WindowUnderTest) -> None:
    window.list_all()
    window.shell._parts.model.load(samples.FETCHED)
    load(window, samples.FETCHED, window.desk.last("load"))
    waiting = QueuedDownload("owner/One", "Q4_K_M", "/models", TransferState.PAUSED, 1, 2)
    window.tell(DownloadsListed(JobId(0), ()), DownloadsListed(JobId(0), (waiting,)))
    window.shell.show_models()
    window.settle()
    words = shown_words(window.parts.models)
    assert samples.FETCHED.path in words and "owner/One" in words
    assert window.parts.models.model.answers(samples.FETCHED)
    assert not window.parts.models.model.answers(samples.STARTER)
    window.tell(RuntimeStateChanged(JobId(0), RuntimeState.STOPPED, model=samples.FETCHED.path))
    assert not window.parts.models.model.answers(samples.FETCHED), "it hears what comes later, too"


@with_window
def test_what_was_told_before_is_told_to_the_new_page_alone(window: WindowUnderTest) -> None:
    window.list_all()
    told = []
    window.parts.model.models_changed.connect(lambda: told.append(1))
    window.shell.show_models()
    window.settle()
    assert not told
    window.list_all()
    assert told == [1]


@with_window
def test_a_late_page_knows_prompts_and_the_trash(window: WindowUnderTest) -> None:
    gone = TrashedConversation(9, "Gone with the wind", 1.0)
    window.tell(
        ShelfRead(JobId(0), Shelf((Prompt("Translate", "into {{language}}"),))),
        ConversationsListed(window.desk.last("list_conversations"), samples.conversations(), (), (gone,)),
    )
    window.shell.show_prompts()
    assert window.parts.prompts.list.item(0).text() == "Translate"
    window.shell.show_trash()
    window.settle()
    assert any(gone.title in row.accessibleName() for row in window.parts.trash.findChildren(QWidget))
    window.tell(ConversationsListed(window.desk.last("list_conversations"), samples.conversations()))
    assert "Nothing is in the trash." in shown_words(window.parts.trash)


@with_window
def test_language_and_theme_reach_pages_of_all_ages(window: WindowUnderTest) -> None:
    window.shell.show_models()
    window.shell._settings_changed(replace(READY, language="zh_CN", theme="dark"))
    window.shell.show_prompts()
    window.settle()
    assert window.parts.models._title.text() == "模型"
    assert window.parts.prompts._title.text() == "提示词"
    window.shell._settings_changed(READY)
    window.settle()
    assert window.parts.prompts._title.text() == "Prompts"


@with_window
def test_the_keyboard_goes_into_a_page_that_was_just_made(window: WindowUnderTest) -> None:
    window.press(Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    assert window.focused() is window.parts.preferences._language
    window.press(Qt.Key.Key_Tab)
    assert window.focused() is window.parts.preferences._theme


@with_window
def test_a_download_that_arrives_is_listed_though_no_page_was_seen(window: WindowUnderTest) -> None:
    asked = window.desk.count("list_models")
    window.tell(DownloadVerified(JobId(77), samples.FETCHED))
    assert window.desk.count("list_models") == asked + 1
    window.shell.show_models()
    window.tell(DownloadVerified(JobId(78), samples.FETCHED))
    assert window.desk.count("list_models") == asked + 2, "once, whoever shows it"


@pytest.mark.parametrize("window", [replace(READY, serving=True)], indirect=True)
def test_what_was_on_is_on_again_though_nobody_opens_the_settings(window: WindowUnderTest) -> None:
    assert window.desk.count("serve") == 1 and window.desk.count("lend") == 0
    assert window.parts.window.page is Page.CHAT


def imported(program: str, *names: str) -> list[str]:
    """Which of the modules a program has imported at its end."""
    said = "\nimport sys\nprint(*(name for name in sys.argv[1:] if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program + said, *names], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_start_imports_nothing_that_only_other_pages_need() -> None:
    assert imported(START, *LATE) == []


def test_a_page_imports_no_engine_that_works_for_it() -> None:
    """It is made in the window's thread; jobs import on threads of their own."""
    assert imported(PAGES, *WORKING, *PLANNER) == []
