"""The settings, and what they switch on."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.download.values import DownloadProgress, TransferState
from engine.events import (
    JobFinished,
    JobId,
    LendingChanged,
    NodesListed,
    RuntimesListed,
    UpdateProgressed,
    UpdateSeen,
)
from engine.jobs.runtimes import RuntimeOnShelf
from engine.jobs.updates import Outlook
from engine.releases.listing import Release
from tests.gui.test_preferences_nodes import ATTIC, BOX, there
from tests.gui.test_updates import DEB
from tests.screenshots.stage import GIB, NOW, Scene, Stage

_NOBODY = JobId(0)


def _preferences(made: Stage) -> None:
    made.list_all()
    made.window.shell.show_preferences()
    before = RuntimeOnShelf("", "cpu", False, before=True)
    runtimes = (RuntimeOnShelf("vulkan-0.3.36-1", "vulkan", True), before)
    made.window.tell(RuntimesListed(made.window.desk.last("list_runtimes"), runtimes))


def preferences(made: Stage) -> None:
    _preferences(made)


def preferences_chats(made: Stage) -> None:
    _at(made, made.parts.preferences.chats)


def runtimes(made: Stage) -> None:
    _at(made, made.parts.preferences._runtimes)


def computers(made: Stage) -> None:
    """One that is ready, one that is off; this one is lent, and somebody computes here."""
    _at(made, made.parts.preferences._nodes)
    lent = (("Ryzen 9 7950X", 50 * GIB),)
    key, places = "K7QF-3ZMA-XN2E-W5TD-PB6H-R4YC", ("192.168.1.7:7341",)
    made.window.tell(
        NodesListed(made.window.desk.last("list_nodes"), (there(BOX, True), there(ATTIC, False))),
        LendingChanged(_NOBODY, key, places, lent, guest="192.168.1.9"),
    )
    made.parts.preferences._lending._switch.setChecked(True)


def privacy(made: Stage) -> None:
    made.parts.preferences._privacy._button.click()
    _at(made, made.parts.preferences._privacy)


def _update_seen(made: Stage) -> None:
    """A newer version is known, with notes by whoever published it."""
    made.window.desk.change_settings(replace(made.window.desk.settings, look_for_updates=True))
    notes = made.say(
        "- Answers begin sooner after a long pause.\n- A picture in a PDF is shown to models that see.",
        "- 长时间停顿之后，回答开始得更快。\n- 能看图的模型可以看到 PDF 中的图片。",
    )
    newer = Release("0.2.0", notes, (DEB,))
    outlook = Outlook("0.1.0", "https://releases.example/deskside/releases.signed", True, newer, DEB, NOW)
    job = made.window.desk.last("look_for_update")
    made.window.tell(UpdateSeen(job, outlook), JobFinished(job))


def update_notice(made: Stage) -> None:
    made.list_all()
    made.load_model()
    _update_seen(made)


def update_fetching(made: Stage) -> None:
    update_notice(made)
    banner = made.parts.banners.update_banner()
    assert banner is not None
    banner.remedy.emit()
    progress = DownloadProgress(TransferState.FETCHING, 26_000_000, DEB.size, 5e6, 7.0, DEB.file)
    made.window.tell(UpdateProgressed(made.window.desk.last("fetch_update"), progress))


def preferences_updates(made: Stage) -> None:
    _update_seen(made)
    _at(made, made.parts.preferences._updates)


def shortcuts(made: Stage) -> None:
    _at(made, made.parts.preferences._shortcuts)


def _at(made: Stage, part: QWidget) -> None:
    _preferences(made)
    made.parts.preferences._content.bring_to_the_top(part)
    QTest.qWait(80)


PREFERENCE_SCENES: dict[str, Scene] = {
    "preferences": preferences,
    "preferences-chats": preferences_chats,
    "preferences-updates": preferences_updates,
    "runtimes": runtimes,
    "computers": computers,
    "privacy": privacy,
    "shortcuts": shortcuts,
    "update-notice": update_notice,
    "update-fetching": update_fetching,
}
