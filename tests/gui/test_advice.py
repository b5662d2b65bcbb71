"""The pages about money: what is asked, what is shown, what is kept."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton

from engine.events import BudgetProgressed, Calibrated, JobCancelled, JobFailed, JobId, WhatIfAdvised
from engine.messages import TEMPLATES, Sentence, sentence
from engine.planning.budget import Comparison
from engine.planning.plan import Aim, Purpose, Wish
from engine.planning.prices import RATE
from engine.planning.purchase import ChangeKind
from gui.advice.budget_view import BudgetView
from gui.advice.outcome_card import OutcomeCard
from gui.advice.prices_view import PricesView
from gui.advice.what_if_view import WhatIfView
from gui.advice.words import remark_words
from gui.shell.window import Page
from gui.widgets.facts_table import FactsTable
from gui.widgets.range_bar import RangeBar
from tests.gui.money import (
    advice,
    answer_budget,
    answer_what_if,
    found,
    processors,
    shipped_advice,
    shipped_prices,
)
from tests.gui.window_under_test import WindowUnderTest


@pytest.fixture
def page(window: WindowUnderTest) -> WindowUnderTest:
    window.shell.show_advice()
    window.settle()
    assert window.parts.window.page is Page.ADVICE
    return window


def what_if_view(page: WindowUnderTest) -> WhatIfView:
    return page.parts.advice.what_if


def budget_view(page: WindowUnderTest) -> BudgetView:
    page.parts.advice._tabs[1].click()
    page.settle()
    return page.parts.advice.budget


def cards(page: WindowUnderTest) -> list[OutcomeCard]:
    return [
        card for card in what_if_view(page).findChildren(OutcomeCard) if card.isVisibleTo(page.parts.window)
    ]


def words(widget: QLabel | WhatIfView | BudgetView) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if not label.isHidden())


def test_the_page_asks_what_this_machine_would_gain(page: WindowUnderTest) -> None:
    (question,) = page.desk.arguments("ask_what_if")
    assert (question.aim, question.wanted) == (Aim(), ())
    answer_what_if(page)
    names = [card.accessibleName() for card in cards(page)]
    assert names[0].startswith("GeForce RTX 4090. 13,000 to 16,000 CNY. Worth a thought.")
    assert "tokens/s, at" in names[0]
    assert any("Don't buy" in name for name in names)
    assert "Now: Qwen3-30B-A3B" in words(what_if_view(page))
    assert any(bar.isVisibleTo(page.parts.window) for bar in cards(page)[0].findChildren(RangeBar))


def test_a_purchase_is_named_by_keyboard(page: WindowUnderTest) -> None:
    answer_what_if(page)
    view = what_if_view(page)
    view._value.setFocus()
    page.type("RTX 3090")
    view._price.setFocus()
    page.type("5500")
    page.press(Qt.Key.Key_Return)
    (question,) = page.desk.arguments("ask_what_if")
    assert question.wanted == ("card=RTX 3090@5500",)
    view._kind.setCurrentIndex(1)
    view._value.setFocus()
    page.type("128")
    page.press(Qt.Key.Key_Return)
    (question,) = page.desk.arguments("ask_what_if")
    assert question.wanted == ("memory=128", "card=RTX 3090@5500")


def test_what_makes_no_sense_is_said_and_not_asked_again(page: WindowUnderTest) -> None:
    answer_what_if(page)
    page.parts.advice.model.want("card=RTX 9999")
    told = sentence("what_if_card_unknown", name="RTX 9999", nearest="RTX 3090")
    page.tell(JobFailed(page.desk.last("ask_what_if"), told))
    assert "RTX 9999" in words(what_if_view(page))
    assert page.parts.advice.model.wanted == ()
    assert cards(page)  # what was known stays


def test_a_machine_that_was_never_checked_leads_to_the_check(page: WindowUnderTest) -> None:
    page.tell(JobFailed(page.desk.last("ask_what_if"), sentence("machine_not_checked")))
    assert "not checked" in words(what_if_view(page))
    page.parts.advice._check.click()
    page.settle()
    assert page.parts.window.page is Page.WIZARD


def test_an_old_answer_is_dropped(page: WindowUnderTest) -> None:
    first = page.desk.last("ask_what_if")
    view = what_if_view(page)
    view._aim._wish.setCurrentIndex(1)
    view._aim._wish.activated.emit(1)
    page.settle()
    (question,) = page.desk.arguments("ask_what_if")
    assert question.aim == Aim(Purpose.CHAT, Wish.SPEED)
    page.tell(WhatIfAdvised(first, found(), 1, None))
    assert not cards(page)


def test_money_is_compared(page: WindowUnderTest) -> None:
    view = budget_view(page)
    assert page.desk.arguments("ask_budget")[0].budget == 20_000
    view._tiers[2].click()
    page.settle()
    assert page.desk.arguments("ask_budget")[0].budget == 60_000
    answer_budget(page)
    table, tiers = view.findChildren(FactsTable)[:2]
    assert view._headline.text().startswith("Buy: ")
    assert table.rowCount() == len(advice().machines) and table.accessibleName()
    first = [table.item(0, column).text() for column in range(table.columnCount())]
    assert "CNY" in first[0] and "tokens/s" in first[2] and "each" in first[2]
    heard = table.item(0, 2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert heard.startswith("1 at once: ")
    assert tiers.rowCount() == 3


def two_of_many(job: JobId) -> BudgetProgressed:
    known = advice()
    return BudgetProgressed(job, Comparison(known.machines[:2], 26, known.budget))


def test_machines_are_shown_as_they_are_compared_until_somebody_stops_it(page: WindowUnderTest) -> None:
    view = budget_view(page)
    table = view.findChildren(FactsTable)[0]
    job = page.desk.last("ask_budget")
    page.tell(two_of_many(job))
    assert table.rowCount() == 2 and "2 of 26 machines are compared…" in words(view)
    assert view._headline.isHidden() and view._copy.isHidden(), "there is no verdict before all are known"
    view._stop.setFocus()
    page.press(Qt.Key.Key_Space)
    assert page.desk.cancelled == [job]
    page.tell(JobCancelled(job))
    assert table.rowCount() == 2 and "Stopped: 2 of 26 machines are compared." in words(view)
    assert view._stop.isHidden() and page.focused() is view._ask
    page.press(Qt.Key.Key_Space)
    answer_budget(page)
    assert view._headline.text().startswith("Buy: ") and view._stop.isHidden()
    assert "machines are compared" not in words(view)


def test_a_new_question_ends_the_one_before(page: WindowUnderTest) -> None:
    view = budget_view(page)
    job = page.desk.last("ask_budget")
    view._tiers[2].click()
    assert page.desk.cancelled == [job]
    page.tell(two_of_many(job), JobCancelled(job))
    assert view.findChildren(FactsTable)[0].rowCount() == 0 and not view._stop.isHidden()


def test_a_new_question_about_this_machine_ends_the_one_before(page: WindowUnderTest) -> None:
    view = what_if_view(page)
    job = page.desk.last("ask_what_if")
    view._model.want("card=RTX 3090")
    assert page.desk.cancelled == [job]
    newest = page.desk.last("ask_what_if")
    page.tell(JobCancelled(job))
    assert newest != job and view._model.what_if_busy
    answer_what_if(page)
    assert not view._model.what_if_busy
    view._model.want("card=RTX 4090")
    assert page.desk.cancelled == [job], "what has ended is not cancelled"


def test_what_is_said_of_energy_and_an_api_is_asked_with_it(page: WindowUnderTest) -> None:
    view = budget_view(page)
    view._fields[0].setFocus()
    page.type("0.6x")  # letters are not taken
    view._fields[1].setFocus()
    page.type("16")
    page.press(Qt.Key.Key_Return)
    terms = page.desk.arguments("ask_budget")[0].terms
    assert terms.cny_per_kwh.high == 0.6 and terms.api_cny.high == 16 and terms.tokens_a_day is None


@pytest.mark.parametrize(
    ("typed", "figure"),
    [
        ("16,000", 16_000.0),
        ("1,234,567.5", 1_234_567.5),
        ("0,6", 0.6),
        ("0.6", 0.6),
        (",5", 0.5),
        ("０，６", 0.6),
        ("12", 12.0),
        ("0,600", 0.6),
    ],
)
def test_figures_count_as_people_type_them(page: WindowUnderTest, typed: str, figure: float) -> None:
    field = budget_view(page)._fields[1]
    asked = page.desk.count("ask_budget")
    for letter in typed:
        field.insert(letter)
    assert field.text() == typed
    field.setFocus()
    page.press(Qt.Key.Key_Return)
    assert page.desk.count("ask_budget") == asked + 1
    terms = page.desk.arguments("ask_budget")[0].terms
    assert terms.api_cny is not None and terms.api_cny.high == figure


def test_what_is_no_figure_is_not_taken(page: WindowUnderTest) -> None:
    field = budget_view(page)._fields[1]
    field.setFocus()
    page.type("-1e5x")
    assert field.text() == "15"
    asked = page.desk.count("ask_budget")
    for half in ("1,2,3", "1.2.3", "9999999999"):
        field.setText(half)
        page.press(Qt.Key.Key_Return)
        budget_view(page)._ask.click()
        page.settle()
        assert page.focused() is field
    assert page.desk.count("ask_budget") == asked


def test_keeping_the_money_is_advice_too(page: WindowUnderTest) -> None:
    view = budget_view(page)
    answer_budget(page, advice(100.0))
    assert view._headline.text() == "Don't buy"
    assert "The nearest is" in words(view)


def test_prices_are_shown_with_their_source_and_kept(page: WindowUnderTest) -> None:
    view = budget_view(page)
    answer_budget(page)
    shown = view.findChild(PricesView)
    assert shown is not None
    assert "2025-09" in words(view) and "a shop" in words(view)
    field = shown._fields["GeForce RTX 3090"]
    field.setFocus()
    page.type("5200")
    page.press(Qt.Key.Key_Return)
    ((name, price),) = page.desk.settings.prices
    assert name == "GeForce RTX 3090" and price.startswith("5200 20")
    shown._fields[RATE].setFocus()
    page.type("7.1")
    page.press(Qt.Key.Key_Return)
    assert [name for name, _ in page.desk.settings.prices] == ["GeForce RTX 3090", RATE]
    field.clear()
    field.setFocus()
    page.press(Qt.Key.Key_Return)
    assert [name for name, _ in page.desk.settings.prices] == [RATE]


def test_reports_can_be_copied(page: WindowUnderTest) -> None:
    answer_what_if(page)
    what_if_view(page)._copy.click()
    copied = QGuiApplication.clipboard().text()
    assert "GeForce RTX 4090 (16,000 CNY, 2025-09," in copied and "estimated" in copied
    view = budget_view(page)
    answer_budget(page)
    view._copy.click()
    copied = QGuiApplication.clipboard().text()
    offers = [machine.offer for machine in advice().machines]
    assert offers and all(offer.description.name in copied for offer in offers)
    assert all(piece.each.source in copied for offer in offers for piece in offer.pieces if piece.each)
    assert isinstance(view._copy, QPushButton) and view._copy.accessibleName() == "Copied"


def test_the_score_stands_under_it_and_a_calibration_asks_anew(page: WindowUnderTest) -> None:
    answer_what_if(page)
    assert page.desk.count("score") and page.parts.advice._score.isVisibleTo(page.parts.window)
    before = page.desk.count("ask_what_if")
    page.tell(Calibrated(JobId(4711), kept=False))
    assert page.desk.count("ask_what_if") == before
    page.tell(Calibrated(JobId(4711), kept=True))
    assert page.desk.count("ask_what_if") == before + 1


def test_both_wishes_have_words_of_their_own(page: WindowUnderTest) -> None:
    box = what_if_view(page)._aim._wish
    assert [box.itemText(index) for index in range(box.count())] == ["Better answers", "Quicker answers"]
    assert box.currentText() == "Better answers"


def test_watts_are_shown_with_their_source_and_kept(page: WindowUnderTest) -> None:
    view = budget_view(page)
    answer_budget(page, known=shipped_prices())
    shown = view.findChild(PricesView)
    assert shown is not None
    assert "At most 450 W, 2025-12," in words(view)
    assert "At most 210 W, 2026-01-10," in words(view)
    assert "32 GB DDR5-6000, 2 modules" in shown._fields and "32 GB DDR5-6000, 2 modules" not in shown._watts
    field = shown._watts["Threadripper PRO 7975WX, 512 GB"]
    assert field.accessibleName() == "Threadripper PRO 7975WX, 512 GB, watts at most"
    field.setFocus()
    page.type("620")
    page.press(Qt.Key.Key_Return)
    ((name, watts),) = page.desk.settings.watts
    assert name == "Threadripper PRO 7975WX, 512 GB" and watts.startswith("620 20")
    assert page.desk.settings.prices == ()
    field.clear()
    field.setFocus()
    page.press(Qt.Key.Key_Return)
    assert page.desk.settings.watts == ()


def test_what_is_asked_for_has_its_place_on_the_page(page: WindowUnderTest) -> None:
    """The sentences are those of the command line, which has options where the window has fields."""
    view = budget_view(page)
    answer_budget(page, shipped_advice(), shipped_prices())
    told = words(view)
    assert "Energy is an upper bound" in told
    assert "at most" in view.findChildren(FactsTable)[0].horizontalHeaderItem(5).text()
    assert "The field is “Tokens a day”." in told
    assert "Its field stands under “Prices” on this page." in told
    view._ask.click()
    answer_budget(page, advice(100.0))
    assert "That is under “More in this machine”." in words(view)
    for code in TEMPLATES:
        if code.startswith(("budget_", "what_if_")) and code not in ONLY_OPTIONS:
            values = dict.fromkeys(re.findall(r"{(\w+)}", TEMPLATES[code]), "x")
            assert "--" not in remark_words(Sentence(code, values)), code


ONLY_OPTIONS = ("budget_mixed", "budget_api_needs_electricity", "budget_needs_description")


def table_words(view: BudgetView) -> str:
    table = view.findChildren(FactsTable)[0]
    rows, columns = range(table.rowCount()), range(table.columnCount())
    return "\n".join(table.item(row, column).text() for row in rows for column in columns)


def test_whoever_has_to_wait_is_told_in_the_table(page: WindowUnderTest) -> None:
    view = budget_view(page)
    answer_budget(page)
    assert "at a time" in table_words(view)


def test_sizes_are_digits_and_processors_are_names(page: WindowUnderTest) -> None:
    answer_what_if(page)
    view = what_if_view(page)
    view._kind.setCurrentIndex(view._kind.findData(ChangeKind.PROCESSOR))
    view._value.setFocus()
    page.type("Ryzen 9 9950X")
    page.press(Qt.Key.Key_Return)
    (question,) = page.desk.arguments("ask_what_if")
    assert question.wanted == ("processor=Ryzen 9 9950X",)
    view._value.setText("Ryzen 9")
    view._kind.setCurrentIndex(view._kind.findData(ChangeKind.MEMORY))
    assert view._value.text() == ""
    view._value.setFocus()
    page.type("much")
    page.press(Qt.Key.Key_Return)
    assert view._value.text() == ""
    (question,) = page.desk.arguments("ask_what_if")
    assert question.wanted == ("processor=Ryzen 9 9950X",)


def test_sizes_are_typed_as_people_write_them(page: WindowUnderTest) -> None:
    answer_what_if(page)
    view = what_if_view(page)
    for kind, typed, asked in (
        (ChangeKind.MEMORY, "1,024", "memory=1024@12500"),
        (ChangeKind.DISK, "7,4", "disk=7.4@12500"),
    ):
        view._kind.setCurrentIndex(view._kind.findData(kind))
        view._value.setFocus()
        page.type(typed)
        view._price.setText("12,500")
        page.press(Qt.Key.Key_Return)
        (question,) = page.desk.arguments("ask_what_if")
        assert question.wanted[0] == asked


def test_another_processor_is_a_card_like_others(page: WindowUnderTest) -> None:
    answer_what_if(page, *processors())
    assert any(card.accessibleName().startswith("Ryzen 9 9950X. ") for card in cards(page))
    assert "Whether the board takes a processor" in words(what_if_view(page))


def test_the_report_has_energy_and_where_it_comes_from(page: WindowUnderTest) -> None:
    view = budget_view(page)
    view._fields[0].setText("0.6")
    answer_budget(page, shipped_advice(), shipped_prices())
    text = view.report()
    assert "Electricity, CNY/kWh: 0.6" in text
    assert "At most 181 W, 2023-01, https://" in text
    assert "Per million, at most: " in text and "Pays after: " in text
