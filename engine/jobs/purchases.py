"""Questions about money, joined with what they need: prices, the catalogue, this machine and what is known
of it."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.cancellation import CancelToken
from engine.errors import UsageError
from engine.host.knowing import known_machine
from engine.jobs.advising import shipped_catalog
from engine.jobs.checking import last_report
from engine.jobs.price_lists import price_list
from engine.jobs.purchase_questions import BudgetQuestion, WhatIfQuestion
from engine.paths import Paths
from engine.planning.budget import BudgetAdvice, Heard, budget_advice, unheard
from engine.planning.change import change_of, priced, usual_changes
from engine.planning.prices import PriceList, with_own
from engine.planning.what_if import WhatIf, what_if
from engine.settings import Settings


def answer_budget(
    question: BudgetQuestion, settings: Settings, heard: Heard = unheard
) -> tuple[BudgetAdvice, PriceList]:
    """`heard` as of `budget_advice`. Raises: UsageError."""
    prices = with_own(price_list(None), settings.prices, settings.watts)
    today = datetime.now(UTC).date().isoformat()
    advice = budget_advice(
        question.budget, prices, shipped_catalog(), question.terms, today, aim=question.aim, heard=heard
    )
    return advice, prices


def answer_what_if(
    question: WhatIfQuestion, paths: Paths, settings: Settings, token: CancelToken
) -> tuple[WhatIf, int, int | None]:
    """What is found, the machine's memory in bytes and its channels. Raises: UsageError, Cancelled."""
    report = last_report(paths, settings.overrides)
    if report is None:
        raise UsageError.of("machine_not_checked")
    machine, channels = known_machine(paths, report), report.memory.channels
    prices = with_own(price_list(None), settings.prices, settings.watts)
    usual = usual_changes(machine, channels, report.cpu.model, prices)
    wanted = tuple(
        priced(change_of(text, machine, channels, report.cpu.model), prices) for text in question.wanted
    )
    changes = (*wanted, *usual)
    found = what_if(machine, shipped_catalog(), changes, question.aim, token.raise_if_cancelled)
    return found, machine.ram_total, channels
