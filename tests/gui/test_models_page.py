"""The models page: what is installed, and downloads whoever began them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from engine.download.values import TransferState
from engine.events import (
    DownloadPlanned,
    DownloadProgressed,
    DownloadVerified,
    JobCancelled,
    JobFailed,
    JobFinished,
    ModelsListed,
)
from engine.messages import sentence
from engine.settings import Settings
from gui.shell.window import Page
from tests.gui import samples
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest

pytestmark = pytest.mark.parametrize(
    "window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True
)
KEY = ("unsloth/Qwen3-30B-A3B-GGUF", "Q4_K_M")


@pytest.fixture
def page(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all()
    press_button(window, "Models")
    return window


def words(window: WindowUnderTest) -> str:
    labels = window.parts.models.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def begin(window: WindowUnderTest, text: str = "unsloth/Qwen3-30B-A3B-GGUF:Q4_K_M") -> None:
    window.parts.models._field.setFocus()
    window.type(text)
    window.press(Qt.Key.Key_Return)


def test_installed_models_are_listed_and_used(page: WindowUnderTest) -> None:
    text = words(page)
    for expected in ("SmolLM2-135M-Instruct · Q4_1", "4.7 GiB", "checksum verified", samples.FETCHED.path):
        assert expected in text
    press_button(page, "Use DeepSeek-R1-0528-Qwen3-8B · Q4_K_M")
    assert page.desk.arguments("load") == (samples.FETCHED,)
    assert page.parts.window.page is Page.CHAT


def test_a_download_from_the_hub(page: WindowUnderTest) -> None:
    begin(page)
    assert page.desk.arguments("pull") == KEY
    job, plan = page.desk.last("pull"), samples.plan("Qwen3-30B-A3B", size=18_556_686_912)
    page.tell(
        DownloadPlanned(job, samples.download_plan(plan)),
        DownloadProgressed(job, samples.progress(plan, 0.37)),
    )
    assert "6.4 GiB of 17.3 GiB" in words(page)
    listed = page.desk.count("list_models")
    page.tell(DownloadVerified(job, samples.FETCHED), JobFinished(job))
    assert page.desk.count("list_models") == listed + 1
    page.tell(ModelsListed(page.desk.last("list_models"), (samples.FETCHED,)))
    assert "Downloads" not in words(page)


def test_pause_resume_and_discard(page: WindowUnderTest) -> None:
    begin(page)
    job = page.desk.last("pull")
    press_button(page, "Pause")
    assert page.desk.cancelled == [job]
    page.tell(JobCancelled(job))
    press_button(page, "Resume")
    assert page.desk.count("pull") == 2
    page.tell(JobCancelled(page.desk.last("pull")))
    press_button(page, "Discard")
    assert page.desk.arguments("discard_download") == KEY
    assert page.parts.models.model.downloads == {}


def test_a_failure_is_shown_where_it_happens(page: WindowUnderTest) -> None:
    begin(page)
    page.tell(JobFailed(page.desk.last("pull"), sentence("disk_full", path="/data")))
    assert "The disk that holds /data is full" in words(page)
    assert page.parts.models.model.downloads[KEY].state is TransferState.FAILED
    assert not page.parts.banners.isVisible()


def test_the_quantisation_may_be_left_to_the_hub(page: WindowUnderTest) -> None:
    begin(page, "unsloth/Qwen3-30B-A3B-GGUF")
    job = page.desk.last("pull")
    page.tell(DownloadPlanned(job, samples.download_plan(samples.plan("Qwen3-30B-A3B"))))
    assert list(page.parts.models.model.downloads) == [KEY]


@pytest.mark.parametrize("text", ["a/b/c", "/name", "owner/", "own er/name", ":Q4"])
def test_what_names_no_repository_is_refused(page: WindowUnderTest, text: str) -> None:
    begin(page, text)
    assert page.desk.count("pull") == 0
    assert "does not name a repository" in words(page)


@pytest.mark.parametrize("text", ["", "nothing"])
def test_words_are_no_download(page: WindowUnderTest, text: str) -> None:
    page.parts.models._field.setText(text)
    press_button(page, "Download")
    assert page.desk.count("pull") == 0
    assert "does not name a repository" in words(page)


def test_the_way_to_another_model_is_the_wizard(page: WindowUnderTest) -> None:
    press_button(page, "Get another model")
    assert page.parts.window.page is Page.WIZARD
