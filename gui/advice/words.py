"""Purchases and what they cost in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale

from engine.messages import Sentence
from engine.planning.prices import CNY, Part, Sourced
from engine.planning.purchase import Change, ChangeKind
from gui.plans.words import speed_words
from gui.widgets.bytes_text import format_bytes, format_rate
from gui.widgets.sentences import translate

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.planning.budget import BudgetMachine
    from engine.planning.worth import Worth

NONE = "–"


def money_words(value: float, digits: int = 0) -> str:
    """ "16,000 CNY"."""
    return _tr("{amount} CNY").format(amount=QLocale().toString(float(value), "f", digits))


def range_words(low: float, high: float) -> str:
    """ "13,000 to 16,000 CNY"."""
    if low == high:
        return money_words(high)
    return _tr("{low} to {high} CNY").format(
        low=QLocale().toString(float(low), "f", 0), high=QLocale().toString(float(high), "f", 0)
    )


def change_words(change: Change) -> str:
    """What is bought."""
    if change.kind is ChangeKind.MEMORY:
        return _tr("{size} more memory").format(size=format_bytes(change.added))
    if change.kind is ChangeKind.CHANNELS:
        now, then = change.channels
        return _tr("{then} memory channels instead of {now}").format(then=then, now=now)
    if change.kind is ChangeKind.CARD:
        if change.count == 1:
            return change.card
        return f"{change.count} × {change.card}"
    if change.kind is ChangeKind.PROCESSOR:
        return change.processor
    return _tr("A disk that reads {rate}").format(rate=format_rate(change.rate))


def price_source_words(part: Part, price: Sourced | None) -> str:
    """Where a price comes from and when; "" where there is none."""
    if price is None and part.price is None:
        return _tr("No price with a source and a date is known.")
    if price is None:
        shown = part.price
        assert shown is not None
        return _tr("{low} to {high} {currency}, {date}, {source}. Say what a dollar costs.").format(
            low=f"{shown.low:g}",
            high=f"{shown.high:g}",
            currency=part.currency if part.currency != CNY else "",
            date=shown.date,
            source=shown.source,
        )
    words = _tr("{price}, {date}, {source}")
    return words.format(price=range_words(price.low, price.high), date=price.date, source=price.source)


def watts_source_words(watts: Sourced | None) -> str:
    """ "At most 450 W, 2025-12, a source"; "" where nothing is known."""
    if watts is None:
        return ""
    words = _tr("At most {watts} W, {date}, {source}")
    return words.format(watts=QLocale().toString(watts.high, "f", 0), date=watts.date, source=watts.source)


def remark_words(remark: Sentence) -> str:
    """What an answer about money says, and where on this page that is done."""
    prices = _tr("Its field stands under “Prices” on this page.")
    this_machine = _tr("That is under “More in this machine”.")
    where = {
        "budget_ask_price": prices,
        "budget_ask_rate": prices,
        "budget_stale": prices,
        "budget_watts_unknown": prices,
        "budget_short": this_machine,
        "budget_no_computer": _tr("{remark} {place}").format(remark=prices, place=this_machine),
        "budget_day_and_night": _tr("The field is “Tokens a day”."),
        "budget_electricity_unknown": _tr("The field is “Electricity, CNY/kWh”."),
        "what_if_ask_price": _tr("Name the purchase again above, with its price."),
        "what_if_no_help": _tr("That is under “Another machine”."),
        "what_if_processor_unlike": _tr("That is under “Another machine”."),
        "what_if_built_in": _tr("That is under “Another machine”."),
        "what_if_no_slot": _tr("That is under “Another machine”."),
    }.get(remark.code)
    if remark.code == "what_if_channels_unknown":
        return _tr(
            "How many memory channels hold modules is not known here, so filling more cannot be planned. "
            "Name the memory in all instead: what it holds is planned, only not that it is read faster."
        )
    told = translate(remark)
    return _tr("{remark} {place}").format(remark=told, place=where) if where else told


def speed_cell(row: Worth) -> str:
    """ "40 to 50 tokens/s", what each costs, and how many have to wait for that."""
    if row.tps is None:
        return _tr("does not fit")
    words = [speed_words(row.tps)]
    if row.cny_per_tps is not None:
        words.append(_tr("{price} each").format(price=money_words(row.cny_per_tps)))
    if row.served < row.streams:
        words.append(_tr("{count} at a time").format(count=row.served))
    return "\n".join(words)


def energy_cell(machine: BudgetMachine) -> str:
    """Of one answer at a time, all parts at their most: kWh, and CNY if electricity has a price."""
    row = machine.worth[0] if machine.worth else None
    if row is None or row.kwh_per_million is None:
        return NONE
    words = _tr("{kwh} kWh").format(kwh=QLocale().toString(row.kwh_per_million, "f", 1))
    if row.energy_cny_per_million is not None:
        words += f"\n{money_words(row.energy_cny_per_million, 2)}"
    return words


def even_cell(machine: BudgetMachine) -> str:
    """When it has paid for itself, by the row that does so first."""
    days = [row.break_even_days for row in machine.worth if row.break_even_days is not None]
    if not days:
        return NONE
    return _tr("{days} days").format(days=QLocale().toString(float(min(days)), "f", 0))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Money", text)
