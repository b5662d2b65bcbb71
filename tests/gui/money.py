"""Answers about money as the engine makes them, of a few models and known prices."""

from __future__ import annotations

from dataclasses import replace

from engine.events import BudgetAdvised, JobFinished, WhatIfAdvised
from engine.jobs.advising import shipped_catalog
from engine.jobs.price_lists import price_list, prices_from_json
from engine.planning.budget import BudgetAdvice, budget_advice
from engine.planning.change import (
    card_change,
    disk_change,
    memory_change,
    priced,
    processor_change,
)
from engine.planning.machine import machine_of
from engine.planning.plan import Aim
from engine.planning.prices import PriceList, Sourced, merged, with_own
from engine.planning.purchase import Change
from engine.planning.terms import Terms
from engine.planning.what_if import WhatIf, what_if
from tests.gui import samples
from tests.gui.window_under_test import WindowUnderTest

TODAY = "2026-11-27"
NAMES = ("DeepSeek-R1-0528", "DeepSeek-R1-0528-Qwen3-8B", "Qwen3-30B-A3B", "Qwen3.8-27B", "Gemma 3 4B it")
FEW = tuple(
    replace(spec, quantizations=tuple(each for each in spec.quantizations if each.name in ("Q4_K_M", "Q8_0")))
    for spec in shipped_catalog()
    if spec.name in NAMES
)
_SHOP = {"date": "2026-11", "source": "a shop"}
_COMPUTERS = [
    {"name": "Ryzen 9 7950X, 64 GB", "price": [7800, 8600], "watts": 250, **_SHOP},
    {"name": "Core i9-13900K, 128 GB", "price": [14000, 16000], "watts": 300, **_SHOP},
]


def prices(*own: tuple[str, str]) -> PriceList:
    """The shipped ones, two computers with invented prices, and what a person typed."""
    shipped = price_list(None)
    return with_own(merged(shipped, prices_from_json({"parts": _COMPUTERS}, shipped)), own)


def advice(budget: float = 26_000.0, terms: Terms | None = None) -> BudgetAdvice:
    said = Sourced(0.6, 0.6, "you", "")
    known = terms or Terms(said, replace(said, low=16.0, high=16.0), None)
    return budget_advice(budget, prices(), FEW, known, TODAY)


def found(*changes: Change) -> WhatIf:
    machine = machine_of(samples.report())
    usual = (
        priced(card_change("GeForce RTX 4090"), prices()),
        memory_change(machine, 128 * samples.GIB),
        disk_change(machine, 7e9),
    )
    return what_if(machine, FEW, (*changes, *usual), Aim())


def answer_what_if(window: WindowUnderTest, *changes: Change) -> None:
    job = window.desk.last("ask_what_if")
    window.tell(WhatIfAdvised(job, found(*changes), 64 * samples.GIB, None), JobFinished(job))


def shipped_prices() -> PriceList:
    return price_list(None)


def shipped_advice(budget: float = 20_000.0) -> BudgetAdvice:
    """By the prices that come with the program alone."""
    said = Sourced(0.6, 0.6, "you", "")
    terms = Terms(said, replace(said, low=16.0, high=16.0), None)
    return budget_advice(budget, shipped_prices(), FEW, terms, TODAY)


def processors() -> tuple[Change, ...]:
    """Another one for the machine of the samples."""
    change = processor_change(machine_of(samples.report()), "Ryzen 9 9950X", samples.report().cpu.model)
    return (priced(change, prices()),)


def answer_budget(
    window: WindowUnderTest, told: BudgetAdvice | None = None, known: PriceList | None = None
) -> None:
    job = window.desk.last("ask_budget")
    window.tell(BudgetAdvised(job, told or advice(), known or prices()), JobFinished(job))
