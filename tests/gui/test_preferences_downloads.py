"""Preferences of downloads: where to, how fast, by what way; and the test of the connection."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QFileDialog

from engine.download.reaching import Reached
from engine.events import ConnectionTested, JobFinished
from engine.messages import sentence
from engine.settings import Settings
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest

pytestmark = pytest.mark.parametrize(
    "window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True
)


@pytest.fixture
def page(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all()
    press_button(window, "Settings")
    return window


def test_a_folder_on_any_disk_and_back(page: WindowUnderTest) -> None:
    press_button(page, "Change the folder for models")
    dialog = next(each for each in page.parts.preferences.findChildren(QFileDialog) if each.isVisible())
    dialog.fileSelected.emit("/mnt/disk")
    dialog.reject()
    page.settle()
    assert page.desk.settings.download_folder == "/mnt/disk"
    press_button(page, "Use Deskside's own folder for models")
    assert page.desk.settings.download_folder == ""


def test_a_speed_limit_is_kept_as_it_was_typed(page: WindowUnderTest) -> None:
    box = page.parts.preferences._downloads._speed
    for value in (0, 1, 7, 250):
        box.setValue(value)
        box.editingFinished.emit()
        page.parts.preferences._downloads.show_settings()
        assert box.value() == value
        assert abs(page.desk.settings.speed_limit_kib * 1024 - value * 1_000_000) < 1024


def test_ways_to_the_hub_and_their_test(page: WindowUnderTest) -> None:
    connection = page.parts.preferences._connection
    connection._mirrors.setText(" https://hf-mirror.com,  /mnt/models ,")
    connection._proxy.setText(" socks5://127.0.0.1:1080 ")
    connection._proxy.editingFinished.emit()
    assert page.desk.settings.mirrors == ("https://hf-mirror.com", "/mnt/models")
    assert page.desk.settings.proxy == "socks5://127.0.0.1:1080"
    connection._fastest.click()
    assert page.desk.settings.mirrors == ("usual", "https://hf-mirror.com", "/mnt/models")
    assert connection._mirrors.text() == "https://hf-mirror.com, /mnt/models"
    connection._fastest.click()
    assert page.desk.settings.mirrors == ("https://hf-mirror.com", "/mnt/models")
    press_button(page, "Test the connection")
    job = page.desk.last("test_connection")
    good = Reached("https://a", True, sentence("connection_good", endpoint="https://a"), 0.2)
    reason = {"endpoint": "https://b", "host": "b"}
    bad = Reached("https://b", False, sentence("connection_name_unknown", **reason), 0.2)
    page.tell(ConnectionTested(job, good), ConnectionTested(job, bad))
    assert connection._good.text() == "https://a answers." and "not known here" in connection._bad.text()
    press_button(page, "Stop the test")
    assert page.desk.cancelled == [job]
    page.tell(JobFinished(job))
    press_button(page, "Test the connection")
    assert not connection._good.isVisible()
