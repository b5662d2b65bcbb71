"""The price of electricity, and what an answer cost with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest

from engine.events import ConversationOpened
from engine.settings import Settings
from gui.chat.details import Electricity, details_of
from gui.chat.part_rows import Detail
from tests.gui.chat_support import STATS, answer, conversation, user
from tests.gui.test_shell import press_button
from tests.gui.window_under_test import WindowUnderTest

NAME = "Cost of the energy"


def cost(energy_j: float, electricity: Electricity | None) -> Detail | None:
    message = answer(2, "words", stats=replace(STATS, energy_j=energy_j))
    _, details = details_of(message, QLocale("en_US"), electricity)
    return next((detail for detail in details if detail.name == NAME), None)


@pytest.mark.parametrize(
    ("energy_j", "price", "words"),
    [
        (3.6e6, 0.6, "0.60 CNY, at 0.60 a kWh"),
        (7200.0, 0.6, "0.0012 CNY, at 0.60 a kWh"),
        (3.6, 0.05, "< 0.000001 CNY, at 0.050 a kWh"),
        (3.6e7, 30.0, "300.00 CNY, at 30.00 a kWh"),
    ],
)
def test_what_the_energy_of_an_answer_cost(energy_j: float, price: float, words: str) -> None:
    assert cost(energy_j, Electricity(price, "CNY")) == Detail(NAME, words, "estimated")


@pytest.mark.parametrize(
    ("energy_j", "price"), [(7200.0, None), (0.0, 0.6), (float("inf"), 0.6), (5e-324, 0.6)]
)
def test_no_cost_without_a_price_or_without_power(energy_j: float, price: float | None) -> None:
    assert cost(energy_j, Electricity(price, "CNY") if price else None) is None


@pytest.mark.parametrize("window", [Settings(wizard_done=True, language="en", theme="light")], indirect=True)
def test_a_price_typed_in_the_settings_is_told_under_answers(window: WindowUnderTest) -> None:
    window.list_all()
    stats = replace(STATS, energy_j=7200.0)
    window.parts.chat.open_conversation(7)
    opened = conversation(user(1, "Q"), answer(2, "words", stats=stats))
    window.tell(ConversationOpened(window.desk.last("open_conversation"), opened))
    transcript = window.parts.chat.transcript
    transcript.toggle_details(1)
    assert NAME not in transcript.box_rows(1)[-1].text()
    press_button(window, "Settings")
    view = window.parts.preferences._electricity
    assert view.price.text() == "Not set"
    view.price.setFocus()
    view.price.selectAll()
    QTest.keyClicks(view.price, "0.6")
    QTest.keyClick(view.price, Qt.Key.Key_Return)
    assert (window.desk.settings.kwh_price, window.desk.settings.currency) == (0.6, "CNY")
    view.currency.setCurrentIndex(view.currency.findData("USD"))
    view.currency.activated.emit(view.currency.currentIndex())
    assert f"{NAME}" in transcript.box_rows(1)[-1].text()
    assert "0.0012 USD" in transcript.box_rows(1)[-1].text()
    view.price.show_value(None)
    view.price.editingFinished.emit()
    assert window.desk.settings.kwh_price == 0.0
    assert NAME not in transcript.box_rows(1)[-1].text()
