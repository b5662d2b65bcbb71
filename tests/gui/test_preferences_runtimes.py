"""Preferences of runtimes, the privacy page, and reports."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel

from engine.connections import CONNECTIONS
from engine.download.values import DownloadProgress, TransferState
from engine.events import JobFailed, JobFinished, JobId, ReportMade, RuntimeProgressed, RuntimesListed
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
    source = page.parts.preferences._runtimes._source
    assert not source._fetch.isEnabled()
    source.show_place("/mnt/stick")
    press_button(page, "Fetch and try")
    job = page.desk.last("add_runtime")
    assert page.desk.settings.runtimes_from == "/mnt/stick"
    assert "trying" in words(page)
    press_button(page, "Stop")
    assert page.desk.cancelled == [job]
    page.tell(JobFailed(job, sentence("pack_unsigned")))
    assert english(sentence("pack_unsigned")) in words(page)
    assert "trying" not in words(page)


def test_one_goes_back_to_what_was_used_before(page: WindowUnderTest) -> None:
    choice = page.parts.preferences._runtimes._choice
    before = RuntimeOnShelf("", "cpu", False, before=True)
    page.parts.preferences._runtimes.enter()
    page.tell(
        RuntimesListed(page.desk.last("list_runtimes"), (RuntimeOnShelf("vulkan-1", "vulkan", True), before))
    )
    assert choice.currentText() == "vulkan-1"
    press_button(page, "Go back")
    job = page.desk.last("roll_back_runtime")
    page.tell(RuntimesListed(job, (VULKAN, BUILT_IN)), JobFinished(job))
    assert choice.currentText() == "Processor only (built in)"
    assert not page.parts.preferences._runtimes._back.isVisible(), "there is nothing further back"


def test_how_far_a_large_one_is_can_be_seen(page: WindowUnderTest) -> None:
    source = page.parts.preferences._runtimes._source
    page.parts.preferences._runtimes.enter()
    listed = page.desk.last("list_runtimes")
    page.tell(RuntimesListed(listed, (BUILT_IN,), "https://runtimes.example/list"), JobFinished(listed))
    assert source._field.placeholderText() == "https://runtimes.example/list"
    press_button(page, "Fetch and try")
    job = page.desk.last("add_runtime")
    assert page.desk.arguments("add_runtime") == ("",)
    progress = DownloadProgress(TransferState.FETCHING, 120 << 20, 480 << 20, 1e6, 30.0, "")
    page.tell(RuntimeProgressed(job, progress))
    assert "120 MiB of 480 MiB" in words(page)
    page.tell(JobFinished(job))
    assert "480 MiB" not in words(page)


def test_every_connection_is_told(page: WindowUnderTest) -> None:
    assert english(CONNECTIONS[1]) not in words(page)
    press_button(page, "Show every connection")
    assert all(translate(one) in words(page) for one in CONNECTIONS)
    assert "`" not in words(page)
    press_button(page, "Hide the connections")
    assert english(CONNECTIONS[1]) not in words(page)


# a report for somebody who helps


def make_report(page: WindowUnderTest, path: str) -> JobId:
    press_button(page, "Make a report…")
    dialog = page.parts.preferences._report.findChild(QFileDialog)
    assert dialog.selectedFiles()[0].endswith(".zip")
    dialog.fileSelected.emit(path)
    dialog.reject()
    page.settle()
    assert page.desk.arguments("make_report") == (path,)
    assert "looking at folders" in words(page)
    return page.desk.last("make_report")


def test_a_report_is_written_where_a_person_says(page: WindowUnderTest) -> None:
    job = make_report(page, "/mnt/stick/report.zip")
    assert not page.parts.preferences._report._button.isEnabled()
    page.tell(ReportMade(job, "/mnt/stick/report.zip", 2), JobFinished(job))
    told = words(page)
    assert "The report lies in /mnt/stick/report.zip." in told and "BAD in its findings.txt: 2." in told
    page.shell._language.choose("zh_CN")
    page.settle()
    assert "/mnt/stick/report.zip" in words(page) and "The report lies" not in words(page)


def test_a_report_that_cannot_be_written_says_so(page: WindowUnderTest) -> None:
    job = make_report(page, "/nowhere/report.zip")
    failure = sentence("report_unwritable", path="/nowhere/report.zip", reason="No such file or directory")
    page.tell(JobFailed(job, failure))
    assert english(failure) in words(page) and "looking at folders" not in words(page)
    assert page.parts.preferences._report._button.isEnabled()
