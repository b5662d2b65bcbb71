"""The models page: what is installed, and downloads whoever began them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from engine.download.values import DownloadProgress, QueuedDownload, TransferState
from engine.events import (
    DownloadPlanned,
    DownloadProgressed,
    DownloadsListed,
    DownloadVerified,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    ModelsListed,
)
from engine.messages import sentence
from engine.settings import Settings
from gui.shell.window import Page
from tests.gui import samples
from tests.gui.samples import GIB
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


def test_the_starter_is_not_called_unverified(page: WindowUnderTest) -> None:
    """It came with the program, whose installation was verified."""
    page.tell(ModelsListed(JobId(0), (replace(samples.STARTER, verified=False),)))
    assert "came with Deskside" in words(page) and "verified" not in words(page)


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


def queued(name: str, state: TransferState = TransferState.QUEUED, **values: Any) -> QueuedDownload:
    return QueuedDownload(f"owner/{name}", "Q4_K_M", "/models", state, 2 * GIB, 8 * GIB, **values)


def list_downloads(page: WindowUnderTest, *downloads: QueuedDownload) -> None:
    page.tell(DownloadsListed(JobId(0), downloads))


def order(page: WindowUnderTest) -> list[str]:
    return [key[0].removeprefix("owner/") for key in page.parts.models._downloads._order]


def test_what_was_fetched_is_not_deleted_by_one_press(page: WindowUnderTest) -> None:
    list_downloads(page, queued("One", TransferState.PAUSED))
    assert "2.0 GiB of 8.0 GiB" in words(page) and "paused" in words(page)
    press_button(page, "Discard")
    assert page.desk.count("discard_download") == 0
    press_button(page, "Keep it")
    press_button(page, "Discard")
    press_button(page, "Delete the 2.0 GiB that are here")
    assert page.desk.arguments("discard_download") == ("owner/One", "Q4_K_M")


def test_the_queue_is_shown_as_the_engine_lists_it(page: WindowUnderTest) -> None:
    room = sentence("queue_no_room", folder="/models", needed="9 GiB", free="3 GiB", floor="256 MiB")
    bad = sentence("disk_full", path="/data")
    list_downloads(
        page,
        queued("One", TransferState.FETCHING, job=7),
        queued("Two", job=8, hold=room),
        queued("Three", TransferState.FAILED, failure=bad),
    )
    assert order(page) == ["One", "Two", "Three"]
    assert "There is no room for this model" in words(page) and "The disk that holds /data" in words(page)
    progress = DownloadProgress(TransferState.FETCHING, 4 * GIB, 8 * GIB, 0.0, None, "x.gguf", "network")
    page.tell(DownloadProgressed(JobId(7), progress))
    assert "waiting for the network" in words(page)
    page.tell(DownloadProgressed(JobId(7), replace(progress, state=TransferState.VERIFYING)))
    list_downloads(page, queued("One", TransferState.FETCHING, job=7))  # the list knows less
    assert "verifying" in words(page) and order(page) == ["One"]
    list_downloads(page)
    assert "Downloads" not in words(page)


def test_rows_change_places_with_the_arrow_keys(page: WindowUnderTest) -> None:
    list_downloads(page, queued("One"), queued("Two"), queued("Three"))
    grip = page.parts.models._downloads._rows["owner/Three", "Q4_K_M"].grip
    grip.setFocus()
    page.press(Qt.Key.Key_Up)
    assert page.desk.arguments("move_download") == ("owner/Three", "Q4_K_M", 1)
    assert order(page) == ["One", "Three", "Two"]
    page.press(Qt.Key.Key_Up)
    page.press(Qt.Key.Key_Up)  # at the top already
    assert page.desk.count("move_download") == 2
    assert order(page) == ["Three", "One", "Two"]
    assert page.focused() is grip


def test_rows_change_places_by_dragging(page: WindowUnderTest) -> None:
    list_downloads(page, queued("One"), queued("Two"), queued("Three"))
    rows = page.parts.models._downloads._rows
    grip, last = rows["owner/One", "Q4_K_M"].grip, rows["owner/Three", "Q4_K_M"]
    QTest.mousePress(grip, Qt.MouseButton.LeftButton, pos=grip.rect().center())
    target = grip.mapFromGlobal(last.mapToGlobal(last.rect().center()) + QPoint(0, 5))
    QTest.mouseMove(grip, target)
    page.settle()
    assert order(page) == ["Two", "Three", "One"]
    assert page.desk.count("move_download") == 0
    QTest.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=target)
    page.settle()
    assert page.desk.arguments("move_download") == ("owner/One", "Q4_K_M", 2)


def test_a_download_of_another_program_can_be_paused(page: WindowUnderTest) -> None:
    list_downloads(page, queued("One", TransferState.QUEUED, job=0))
    press_button(page, "Pause")
    assert page.desk.arguments("pause_download") == ("owner/One", "Q4_K_M")


def test_all_are_paused_and_resumed_at_once(page: WindowUnderTest) -> None:
    list_downloads(page, queued("One", TransferState.FETCHING, job=7))
    assert "Pause all" not in words(page)  # one has its own buttons
    list_downloads(page, queued("One", TransferState.FETCHING, job=7), queued("Two", TransferState.PAUSED))
    press_button(page, "Pause all")
    assert page.desk.count("pause_downloads") == 1
    list_downloads(page, queued("One", TransferState.PAUSED), queued("Two", TransferState.FAILED))
    assert "Pause all" not in words(page)
    press_button(page, "Resume all")
    assert page.desk.count("resume_downloads") == 1


def test_mirrors_are_asked_only_after_a_person_said_so(page: WindowUnderTest) -> None:
    away = sentence("hub_unreachable", endpoint="https://huggingface.co", reason="none")
    list_downloads(page, queued("One", TransferState.FAILED, failure=away))
    press_button(page, "Ask hf-mirror.com and ModelScope")
    assert page.desk.settings.mirrors == ("usual",)
    assert page.desk.arguments("pull") == ("owner/One", "Q4_K_M")
    list_downloads(page, queued("One", TransferState.FAILED, failure=away))
    assert "Ask hf-mirror.com and ModelScope" not in words(page)


def test_an_address_is_fetched_from_the_field(page: WindowUnderTest) -> None:
    begin(page, "https://example.com/x/Tiny-Q8_0.gguf?key=secret")
    assert page.desk.arguments("pull") == ("https://example.com/x/Tiny-Q8_0.gguf?key=secret", "")
    assert "https://example.com/x/Tiny-Q8_0.gguf" in words(page) and "secret" not in words(page)


def test_the_side_bar_tells_of_downloads_on_every_page(page: WindowUnderTest) -> None:
    button = page.parts.sidebar._downloads
    assert not button.isVisible()
    list_downloads(page, queued("One", TransferState.FETCHING, job=7))
    progress = DownloadProgress(TransferState.FETCHING, 4 * GIB, 8 * GIB, 24e6, 200.0, "x.gguf")
    page.tell(DownloadProgressed(JobId(7), progress))
    page.shell.new_chat()
    page.settle()
    assert button.isVisible() and button.accessibleName() == "50 %, 3 min 20 s left"
    button.click()
    assert page.parts.window.page is Page.MODELS
    list_downloads(page, queued("One", TransferState.PAUSED))
    assert button.accessibleName() == "Downloads paused"
    list_downloads(page)
    assert not button.isVisible()


def test_downloads_go_on_when_the_window_comes_up(page: WindowUnderTest) -> None:
    assert page.desk.count("go_on_with_downloads") == 1


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
