"""Other computers in the preferences: those whose devices are used, and this one lent to them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from engine.events import JobFailed, JobFinished, JobId, LendingChanged, NodesListed
from engine.jobs.node_board import NodeSeen
from engine.messages import english, sentence
from engine.runtime.node_words import NodeDevice
from engine.settings import Settings
from gui.preferences.node_settings import NodeSettings
from gui.widgets.sentences import translate
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest

pytestmark = pytest.mark.parametrize(
    "window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True
)

CARD = NodeDevice("GeForce RTX 3090", 24 << 30, 936e9)
BOX = NodeSeen("192.168.1.20:7341", (CARD,), 3e-4, 1.1e8)
ATTIC = NodeSeen("attic:7341", (NodeDevice("Core i5-8400", 12 << 30, 0.0, 1e11),), 2e-3, 1.2e7)
GONE = sentence("node_unreachable", endpoint="attic:7341", reason="Connection refused")


@pytest.fixture
def page(window: WindowUnderTest) -> WindowUnderTest:
    window.list_all()
    press_button(window, "Settings")
    return window


def part(page: WindowUnderTest) -> NodeSettings:
    return page.parts.preferences._nodes


def words(page: WindowUnderTest) -> str:
    labels = page.parts.preferences.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisible())


def there(node: NodeSeen, yes: bool) -> NodeSeen:
    return NodeSeen(node.address, node.devices, node.round_trip_s, node.rate, yes, None if yes else GONE)


def test_machines_are_shown_at_once_and_as_they_answer(page: WindowUnderTest) -> None:
    job = page.desk.last("list_nodes")
    page.tell(NodesListed(job, (BOX, ATTIC)))
    assert words(page).count("is being asked") == 2
    assert "GeForce RTX 3090 · 24.0 GiB · 936.0 GB/s" in words(page)
    assert "0.3 ms away" in words(page)
    page.tell(NodesListed(job, (there(BOX, True), ATTIC)))
    page.tell(NodesListed(job, (there(BOX, True), there(ATTIC, False))), JobFinished(job))
    assert "ready" in words(page) and "not usable" in words(page)
    assert english(GONE) in words(page)
    assert "speed not known" in words(page)


def test_one_is_added_by_keyboard(page: WindowUnderTest) -> None:
    page.tell(NodesListed(page.desk.last("list_nodes"), ()))
    assert "No other computer is used." in words(page)
    assert not part(page)._add.isEnabled()
    part(page)._address.setFocus()
    page.type(" 192.168.1.20:7341")
    page.press(Qt.Key.Key_Return)
    page.type("ABCD-EFGH")
    page.press(Qt.Key.Key_Return)
    assert page.desk.arguments("add_node") == ("192.168.1.20:7341", "ABCD-EFGH")
    assert not part(page)._add.isEnabled()
    job = page.desk.last("add_node")
    page.tell(NodesListed(job, (BOX,)), JobFinished(job))
    assert part(page)._key.text() == "" and "ABCD-EFGH" not in words(page)
    assert "No other computer" not in words(page)


def test_what_went_wrong_is_said_and_what_was_typed_stays(page: WindowUnderTest) -> None:
    part(page)._address.setText("attic:7341")
    part(page)._key.setText("WRONG")
    press_button(page, "Add this computer")
    why = sentence("node_wrong_key", address="attic:7341")
    page.tell(JobFailed(page.desk.last("add_node"), why))
    assert translate(why) in words(page)
    assert part(page)._key.text() == "WRONG" and part(page)._add.isEnabled()


def test_one_is_tried_and_removed_and_the_keyboard_is_not_lost(page: WindowUnderTest) -> None:
    page.tell(NodesListed(page.desk.last("list_nodes"), (there(BOX, True), there(ATTIC, False))))
    press_button(page, "Try attic:7341")
    assert page.desk.arguments("renew_node") == ("attic:7341",)
    page.tell(JobFailed(page.desk.last("renew_node"), GONE))
    row = part(page)._rows["attic:7341"]
    row._remove.setFocus()
    page.press(Qt.Key.Key_Space)
    assert page.desk.arguments("remove_node") == ("attic:7341",)
    page.tell(NodesListed(page.desk.last("remove_node"), (there(BOX, True),)))
    assert "attic" not in words(page)
    assert page.focused() is part(page)._address


def test_this_computer_is_lent_with_its_key(page: WindowUnderTest) -> None:
    lending = page.parts.preferences._lending
    lending._switch.setFocus()
    page.press(Qt.Key.Key_Space)
    assert page.desk.settings.lending and page.desk.arguments("lend") == (False,)
    key = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX"
    told = LendingChanged(page.desk.last("lend"), key, ("192.168.1.7:7341",), (("Ryzen 9", 20 << 30),))
    page.tell(told)
    assert key in words(page) and "Address: 192.168.1.7:7341" in words(page)
    press_button(page, "Copy the pairing key")
    assert QGuiApplication.clipboard().text() == key
    guest = LendingChanged(JobId(0), key, told.addresses, told.devices, "192.168.1.9", "192.168.1.66")
    page.tell(guest)
    assert "192.168.1.9 computes here now." in words(page)
    assert "192.168.1.66 was refused" in words(page)
    press_button(page, "New pairing key")
    assert page.desk.arguments("lend") == (True,)
    lending._switch.setFocus()
    page.press(Qt.Key.Key_Space)
    page.tell(LendingChanged(page.desk.last("stop_lending")))
    assert not page.desk.settings.lending and key not in words(page)


def test_why_lending_failed_or_ended_is_told(page: WindowUnderTest) -> None:
    lending = page.parts.preferences._lending
    lending._switch.setFocus()
    page.press(Qt.Key.Key_Space)
    why = sentence("lending_not_started", reason="the port is taken", log="/log")
    page.tell(JobFailed(page.desk.last("lend"), why))
    assert english(why) in words(page) and not lending._switch.isChecked()
    page.press(Qt.Key.Key_Space)
    page.tell(LendingChanged(page.desk.last("lend"), "KEY"))
    ended = sentence("lending_ended", reason="exit status 1", log="/log")
    page.tell(LendingChanged(JobId(0), reason=ended))
    assert english(ended) in words(page) and not lending._switch.isChecked()
