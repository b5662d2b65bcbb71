"""The part of `deskside plan` that answers "I have so much money"."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.cli.context import Context
from engine.cli.output import range_text
from engine.errors import UsageError
from engine.hardware.described_json import load_described
from engine.hardware.report import HardwareReport
from engine.jobs.advising import shipped_catalog
from engine.jobs.price_lists import price_list
from engine.messages import Sentence, english
from engine.planning.budget import BudgetAdvice, BudgetMachine, Comparison, TierRow, budget_advice
from engine.planning.offers import Offer
from engine.planning.plan import Aim, Purpose, Wish
from engine.planning.prices import Part, PartKind, Sourced, with_own
from engine.planning.terms import Terms
from engine.planning.typed_number import typed_number
from engine.planning.worth import Worth

GIVEN = "given with the command"
# Options of one question that mean nothing to the other, with what they are where nobody says them.
_MONEY = dict.fromkeys(("prices", "watts", "electricity", "api_price", "tokens_per_day"))
ONE_MODEL = {
    **dict.fromkeys(("model", "gguf", "kv_type", "depth", "prompt", "gpu_layers")),
    "quant": "",
    "context": 0,
    "threads": 0,
    "streams": 1,
}
# How to do on the command line what a remark asks for.
_HOW = {
    "budget_day_and_night": "--tokens-per-day",
    "budget_short": "--what-if, or --budget with --hardware",
    "budget_no_computer": "--prices; --what-if, or --budget with --hardware",
    "budget_watts_unknown": "watts in a list of --prices, or --watts with --hardware",
    "budget_electricity_unknown": "--electricity",
    "budget_ask_price": "--prices",
    "budget_ask_rate": "cny_per_usd in a list of --prices",
    "budget_stale": "--prices",
    "what_if_ask_price": "@CNY behind it, or --prices",
    "what_if_no_help": "--budget",
    "what_if_built_in": "--budget",
    "what_if_no_slot": "--budget",
}
OWNED_SLOTS = 1  # cards that a computer takes of which nothing is said


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to buy")
    group.add_argument("--budget", metavar="CNY", type=_between(1, 1e9), help="what the money buys")
    group.add_argument("--prices", metavar="FILE", help="prices of your own, over those that are shipped")
    group.add_argument("--watts", metavar="W", type=_between(1, 1e5), help="of the computer of --hardware")
    group.add_argument(
        "--electricity", metavar="CNY", type=_between(0, 1000), help="a kilowatt hour (with --budget)"
    )
    group.add_argument(
        "--api-price", metavar="CNY", type=_between(0, 1e6), help="a million tokens of an API, to compare"
    )
    group.add_argument(
        "--tokens-per-day", metavar="N", type=_between(1, 1e12), help="wanted; else day and night"
    )


def _between(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = typed_number(text)
        except ValueError:
            value = math.nan
        if value < least or value > most or math.isnan(value):
            nearest = most if value > most else least
            near = "" if math.isnan(value) else f"; the nearest that can be planned is {nearest:,.0f}"
            problem = f"{text[:40]!r} is no number from {least:g} to {most:,.0f}{near}"
            raise argparse.ArgumentTypeError(problem)
        return value

    return read


def refuse_mixed(arguments: argparse.Namespace) -> None:
    """Options that would be ignored are refused. Raises: UsageError."""
    if arguments.budget is not None:
        others = {**ONE_MODEL, "what_if": None}
    elif arguments.what_if is not None:
        others = {**ONE_MODEL, **_MONEY, "prices": arguments.prices, "threads": arguments.threads}
    else:
        others = _MONEY
    given = [name for name, unsaid in others.items() if getattr(arguments, name) != unsaid]
    if arguments.watts is not None and not arguments.hardware:
        given.append("watts")
    if given:
        raise UsageError.of("budget_mixed", option=f"--{given[0].replace('_', '-')}")


def run_budget(arguments: argparse.Namespace, context: Context, record: Callable[[Any], Any]) -> int:
    """`record` makes a plan's record. Raises: UsageError, Cancelled."""
    terms = _terms(arguments)

    def heard(comparison: Comparison) -> None:
        context.token.raise_if_cancelled()
        context.output.status(f"{len(comparison.planned)} of {comparison.total} machines are compared")

    advice = budget_advice(
        arguments.budget,
        with_own(
            price_list(Path(arguments.prices) if arguments.prices else None),
            context.settings.prices,
            context.settings.watts,
        ),
        shipped_catalog(),
        terms,
        datetime.now(UTC).date().isoformat(),
        _owned(arguments),
        Aim(Purpose(arguments.purpose), Wish(arguments.wish)),
        heard,
    )
    context.output.end_status()
    context.output.record(
        "budget",
        budget_cny=advice.budget,
        terms=terms,
        buy=advice.buy,
        machines=[_machine_record(machine, record) for machine in advice.machines],
        nearest=_offer_record(advice.nearest) if advice.nearest else None,
        tiers=[
            {
                "budget_cny": row.budget,
                "machine": _machine_record(row.machine, record) if row.machine else None,
            }
            for row in advice.tiers
        ],
        purpose=advice.aim.purpose,
        wish=advice.aim.wish,
        remarks=advice.remarks,
    )
    for line in budget_lines(advice):
        context.output.text(line)
    return 0


def _terms(arguments: argparse.Namespace) -> Terms:
    if arguments.api_price is not None and arguments.electricity is None:
        raise UsageError.of("budget_api_needs_electricity")
    return Terms(_given(arguments.electricity), _given(arguments.api_price), arguments.tokens_per_day)


def _given(value: float | None) -> Sourced | None:
    return None if value is None else Sourced(value, value, GIVEN, "")


def _owned(arguments: argparse.Namespace) -> Part | None:
    """The computer of --hardware, which cards are bought for. Raises: UsageError."""
    if not arguments.hardware:
        return None
    described = load_described(Path(arguments.hardware))
    if isinstance(described, HardwareReport):
        raise UsageError.of("budget_needs_description")
    name = described.name or "your computer"
    watts = _given(arguments.watts)
    return Part(name, PartKind.COMPUTER, None, watts=watts, hardware=described, slots=OWNED_SLOTS)


def _machine_record(machine: BudgetMachine, record: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        **_offer_record(machine.offer),
        "tier": machine.tier,
        "pays": machine.pays,
        "plans": [record(plan) for plan in machine.plans],
        "at_once": machine.worth,
    }


def _offer_record(offer: Offer) -> dict[str, Any]:
    return {
        "name": offer.description.name,
        "price_cny": {"low": offer.low, "high": offer.high, "origin": "estimated"},
        "watts": offer.watts,
        "parts": [
            {
                "name": piece.part.name,
                "kind": piece.part.kind,
                "count": piece.count,
                "used": piece.part.used,
                "price_cny": piece.each,
            }
            for piece in offer.pieces
        ],
    }


def budget_lines(advice: BudgetAdvice) -> list[str]:
    """The advice for a terminal."""
    lines = []
    for number, machine in enumerate(advice.machines, 1):
        lines += _machine_lines(number, machine)
    if any(row.machine for row in advice.tiers):
        lines += ["", *map(_tier_line, advice.tiers), ""]
    lines += [remark_text(remark) for remark in advice.remarks]
    if advice.machines:
        lines.append("Prices are as their sources gave them; speed, energy and what follows are estimated.")
    return lines


def remark_text(remark: Sentence) -> str:
    """With the option that answers it."""
    how = _HOW.get(remark.code)
    return f"{english(remark)} ({how})" if how else english(remark)


def _tier_line(row: TierRow) -> str:
    """ "20,000 CNY: name: 44 tokens/s for one (500 CNY each), 90 for 4 (240), 200 for 32 (110)"."""
    head = f"{row.budget:>8,.0f} CNY: "
    if row.machine is None or not row.machine.plans:
        return head + "no machine of which the prices are known"
    speeds = [
        f"{each.tps.expected:,.0f} tokens/s for {each.streams} ({each.cny_per_tps:,.0f} CNY each)"
        for each in row.machine.worth
        if each.tps is not None
    ]
    return f"{head}{row.machine.offer.description.name}: {', '.join(speeds)}"


def _machine_lines(number: int, machine: BudgetMachine) -> list[str]:
    offer = machine.offer
    lines = [f"{number}  {offer.description.name}  ({_money(offer.low, offer.high)})"]
    lines += [
        f"     {piece.count} x {piece.part.name}{' (used)' if piece.part.used else ''}: "
        f"{_money(piece.each.low, piece.each.high)}, {piece.each.date}, {piece.each.source}"
        for piece in offer.pieces
        if piece.each
    ]
    if not machine.plans:
        return [*lines, "     runs no model of the catalogue"]
    best = machine.plans[0]
    lines.append(
        f"     runs {best.model.title} {best.quantization.name} ({best.verdict.value.replace('_', ' ')})"
    )
    return [*lines, *(_row(row) for row in machine.worth)]


def _row(row: Worth) -> str:
    if row.tps is None:
        return f"     {row.streams:>2} at once: does not fit into memory"
    speed = range_text(row.tps)
    waiting = f" ({row.served} at a time, the others wait)" if row.served < row.streams else ""
    text = f"     {row.streams:>2} at once: {speed} tokens/s{waiting}, {row.cny_per_tps:,.0f} CNY per token/s"
    if row.kwh_per_million is not None:
        text += f"; at most {row.kwh_per_million:,.2f} kWh a million tokens"
    if row.energy_cny_per_million is not None:
        text += f" ({row.energy_cny_per_million:,.2f} CNY)"
    if row.break_even_million is not None and row.break_even_days is not None:
        millions, days = row.break_even_million, row.break_even_days
        text += f"; even with the API after {millions:,.0f} million tokens, {days:,.0f} days"
    return text


def _money(low: float, high: float) -> str:
    return f"{low:,.0f} CNY" if low == high else f"{low:,.0f}-{high:,.0f} CNY"
