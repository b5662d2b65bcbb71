"""New versions in the window: the switch, the banner with its notes, the fetch, and what to do then."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from engine.download.values import DownloadProgress, TransferState
from engine.events import (
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    UpdateFetched,
    UpdateProgressed,
    UpdateSeen,
)
from engine.jobs.updates import Fetched, Outlook
from engine.messages import english, sentence
from engine.releases.listing import Installer, Release
from engine.settings import Settings
from tests.gui.test_shell import banner_words, press_button
from tests.gui.window_under_test import WindowUnderTest

ON = Settings(wizard_done=True, language="en", theme="light", look_for_updates=True)
OFF = Settings(wizard_done=True, language="en", theme="light")
DEB = Installer("deb", "linux", "x86_64", "deskside_9.0.0_amd64.deb", 70_000_000, "0" * 64)
NEWER = Release("9.0.0", "- Faster.\n- <b>Kinder</b>.", (DEB,))
PLACE = "https://releases.test/deskside/releases.signed"
OUTLOOK = Outlook("0.1.0", PLACE, True, NEWER, DEB, 1.8e9)
READY = Fetched("/data/updates/9.0.0/x.deb", sentence("update_ready_deb", path="/data/updates/9.0.0/x.deb"))

on = pytest.mark.parametrize("window", [ON], indirect=True)
off = pytest.mark.parametrize("window", [OFF], indirect=True)


def see(window: WindowUnderTest, outlook: Outlook = OUTLOOK, failure: str = "", **values: str) -> None:
    job = window.desk.last("look_for_update")
    window.tell(UpdateSeen(job, outlook, sentence(failure, **values) if failure else None), JobFinished(job))


def words(window: WindowUnderTest) -> str:
    return "\n".join(banner_words(window))


def switch_of(part: QWidget) -> QCheckBox:
    return next(box for box in part.findChildren(QCheckBox) if "new versions" in box.accessibleName())


@on
def test_a_newer_version_is_fetched_and_its_folder_opened(
    window: WindowUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    see(window)
    assert "Deskside 9.0.0 is available; this is 0.1.0." in words(window)
    assert "- <b>Kinder</b>." in words(window)  # as it was written, never as markup
    press_button(window, "Get it")
    job = window.desk.last("fetch_update")
    progress = DownloadProgress(TransferState.FETCHING, 35_000_000, 70_000_000, 1e6, 35.0, "x")
    window.tell(UpdateProgressed(job, progress))
    assert "is being fetched: " in words(window)
    window.tell(UpdateFetched(job, READY), JobFinished(job))
    assert english(READY.message) in words(window)
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    press_button(window, "Open the folder")
    assert [url.toLocalFile() for url in opened] == ["/data/updates/9.0.0"]


@on
def test_a_fetch_is_stopped_or_fails_and_is_tried_again(window: WindowUnderTest) -> None:
    see(window)
    press_button(window, "Get it")
    first = window.desk.last("fetch_update")
    press_button(window, "Stop")
    assert window.desk.cancelled == [first]
    window.tell(JobCancelled(first))
    press_button(window, "Get it")
    second = window.desk.last("fetch_update")
    failure = sentence("update_changed", path="/x")
    window.tell(JobFailed(second, failure))
    assert english(failure) in words(window)
    press_button(window, "Try again")
    assert window.desk.last("fetch_update") not in (first, second)


@on
def test_a_version_is_told_once_and_a_newer_one_takes_its_place(window: WindowUnderTest) -> None:
    see(window)
    press_button(window, "Close this message")
    see(window)
    assert words(window) == ""
    even_newer = Outlook("0.1.0", PLACE, True, Release("9.1.0", "", (DEB,)), DEB, 1.8e9)
    see(window)
    see(window, even_newer)
    assert "9.1.0" in words(window)
    assert "9.0.0" not in words(window)


@on
def test_closing_the_banner_stops_the_fetch(window: WindowUnderTest) -> None:
    see(window)
    press_button(window, "Get it")
    job = window.desk.last("fetch_update")
    press_button(window, "Close this message")
    assert window.desk.cancelled == [job]
    window.tell(UpdateFetched(job, READY), JobFinished(job))  # it was quicker: nothing breaks
    assert words(window) == ""


@on
def test_where_no_installer_replaces_this_program_nothing_is_offered(window: WindowUnderTest) -> None:
    see(window, Outlook("0.1.0", PLACE, True, NEWER, None, 1.8e9))
    assert "Get it where you got this one from." in words(window)
    with pytest.raises(AssertionError, match="no button"):
        press_button(window, "Get it")


@on
@pytest.mark.parametrize("code", ["release_unsigned", "release_list_older"])
def test_a_list_that_is_not_to_be_trusted_is_said(window: WindowUnderTest, code: str) -> None:
    see(window, Outlook("0.1.0", PLACE, True), code)
    assert english(sentence(code)) in words(window)


@on
def test_a_network_that_is_away_is_told_in_the_settings_only(window: WindowUnderTest) -> None:
    press_button(window, "Settings")
    see(
        window,
        Outlook("0.1.0", PLACE, True, asked_at=1.8e9),
        "release_silent",
        place=PLACE,
        reason="no route",
    )
    assert words(window) == ""
    labels = window.parts.preferences.findChildren(QLabel)
    assert any("no route" in label.text() for label in labels if label.isVisible())


@off
def test_nobody_is_told_who_has_not_switched_it_on(window: WindowUnderTest) -> None:
    see(window)
    assert words(window) == ""


@off
def test_the_switch_of_the_settings(window: WindowUnderTest) -> None:
    press_button(window, "Settings")
    box = switch_of(window.parts.preferences)
    assert not box.isEnabled() and not box.isChecked()
    see(window, Outlook("0.1.0", "", False))
    text = "\n".join(label.text() for label in window.parts.preferences.findChildren(QLabel))
    assert "so nothing is asked" in text
    assert not box.isEnabled()
    see(window, Outlook("0.1.0", PLACE, True))
    text = "\n".join(label.text() for label in window.parts.preferences.findChildren(QLabel))
    assert "Asks releases.test for its signed list" in text
    looks = window.desk.count("look_for_update")
    box.click()
    assert window.desk.settings.look_for_updates
    assert window.desk.count("look_for_update") == looks + 1
    see(window)
    assert "Deskside 9.0.0 is available" in words(window)
    box.click()
    assert not window.desk.settings.look_for_updates


@pytest.mark.parametrize("window", [Settings(language="en", theme="light")], indirect=True)
def test_the_wizards_last_step_offers_it_where_it_can_be(window: WindowUnderTest) -> None:
    window.list_all()
    window.finish_check()
    wizard = window.parts.wizard
    for _ in range(2):
        wizard.go_forward()
    window.settle()
    assert wizard.step == 2
    box = switch_of(wizard)
    assert not box.isVisible()  # this version names no place
    window.tell(UpdateSeen(JobId(0), Outlook("0.1.0", PLACE, True)))
    assert box.isVisible() and not box.isChecked()
    box.click()
    assert window.desk.settings.look_for_updates
