"""The part of `deskside plan` that answers "what would it bring if I bought that?"."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.cli.budget import remark_text
from engine.cli.context import Context
from engine.cli.output import range_text
from engine.hardware.report import HardwareReport
from engine.jobs.advising import shipped_catalog
from engine.jobs.price_lists import price_list
from engine.messages import english
from engine.planning.change import change_of, priced, usual_changes
from engine.planning.machine import GIB, Machine
from engine.planning.plan import Aim
from engine.planning.prices import with_own
from engine.planning.purchase import Change, ChangeKind
from engine.planning.what_if import Outcome, WhatIf, what_if


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--what-if",
        metavar="CHANGE",
        nargs="*",
        help="what a purchase brings: memory=GIB, channels=N, card=[Nx]NAME, processor=NAME, disk=GB/S, each "
        "with @CNY if its price is known; without any, the usual ones",
    )


def run_what_if(
    arguments: argparse.Namespace,
    context: Context,
    seen: tuple[HardwareReport, Machine],
    aim: Aim,
    record: Callable[[Any], Any],
) -> int:
    """`record` makes a plan's record. Raises: UsageError."""
    report, machine = seen
    own = Path(arguments.prices) if arguments.prices else None
    prices = with_own(price_list(own), context.settings.prices, context.settings.watts)
    channels, cpu = report.memory.channels, report.cpu.model
    if arguments.what_if:
        changes = tuple(priced(change_of(text, machine, channels, cpu), prices) for text in arguments.what_if)
    else:
        changes = usual_changes(machine, channels, cpu, prices)
    found = what_if(machine, shipped_catalog(), changes, aim)
    context.output.record(
        "what_if",
        purpose=aim.purpose,
        wish=aim.wish,
        now=record(found.now) if found.now else None,
        buy=found.buy,
        changes=[_record(outcome, record) for outcome in found.outcomes],
        remarks=found.remarks,
    )
    for line in what_if_lines(found):
        context.output.text(line)
    return 0


def _record(outcome: Outcome, record: Callable[[Any], Any]) -> dict[str, Any]:
    change = outcome.change
    return {
        "kind": change.kind,
        "name": change_text(change),
        "price_cny": change.price,
        "worth_it": outcome.worth_it,
        "gained_tps": outcome.gained_tps,
        "cny_per_gained_tps": outcome.cny_per_tps,
        "better_model": outcome.better_model,
        "same": record(outcome.same) if outcome.same else None,
        "best": record(outcome.best) if outcome.best else None,
        "says": outcome.message,
        "origin": "estimated",
    }


def change_text(change: Change) -> str:
    """ "64 GiB more memory"."""
    match change.kind:
        case ChangeKind.MEMORY:
            return f"{change.added / GIB:,.0f} GiB more memory"
        case ChangeKind.CHANNELS:
            return f"{change.channels[1]} memory channels instead of {change.channels[0]}"
        case ChangeKind.CARD:
            return f"{change.count} x {change.card} more"
        case ChangeKind.PROCESSOR:
            return f"{change.processor} in place of {change.replaces or 'the processor'}"
        case ChangeKind.DISK:
            return f"a disk that reads {change.rate / 1e9:g} GB/s"


def what_if_lines(found: WhatIf) -> list[str]:
    """The outcomes for a terminal."""
    lines = ["Nothing of the catalogue runs here for that purpose."]
    if found.now:
        speed = range_text(found.now.speed.generation_tps)
        lines = [f"now: {found.now.model.title} {found.now.quantization.name}, {speed} tokens/s"]
    for number, outcome in enumerate(found.outcomes, 1):
        price = outcome.change.price
        cost = f"  ({price.high:,.0f} CNY)" if price else "  (price not known)"
        lines += [f"{number}  {change_text(outcome.change)}{cost}", f"     {english(outcome.message)}"]
        if outcome.gained_tps and outcome.worth_it:
            gain = f"     {outcome.gained_tps:,.1f} tokens/s gained with the model that is best now"
            if outcome.cny_per_tps is not None:
                gain += f", {outcome.cny_per_tps:,.0f} CNY for each"
            lines.append(gain)
    lines += [remark_text(remark) for remark in found.remarks]
    lines.append("All of it is estimated.")
    return lines
