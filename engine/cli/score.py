"""`deskside score`: how wrong predictions have been here, and what is predicted next."""

from __future__ import annotations

import argparse

from engine.cli.context import Context
from engine.cli.history import days_of
from engine.cli.output import range_text
from engine.jobs.scoring import Accuracy, Score, score
from engine.telemetry.history import KEPT_DAYS, Quantity

_NAMES = {
    Quantity.GENERATION: "generation, tokens/s",
    Quantity.PROMPT: "prompts, tokens/s",
    Quantity.FIRST_TOKEN: "time to the first token",
    Quantity.LOAD: "time to load",
    Quantity.RESERVED: "memory that is reserved",
    Quantity.RESIDENT: "memory that is used after a load",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Every load and every answer, predicted against measured, on this machine."
    parser.add_argument(
        "--days", metavar="N", type=days_of, default=KEPT_DAYS, help=f"1 to {KEPT_DAYS} ({KEPT_DAYS})"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    found = score(context.paths, context.library().installed(), arguments.days)
    for line in score_lines(found):
        context.output.text(line)
    context.output.record(
        "score",
        days=found.days,
        calibrated=found.calibrated,
        quantities=found.quantities,
        models=found.models,
        next=found.next,
    )
    return 0


def score_lines(found: Score) -> list[str]:
    if not found.quantities:
        return ["Nothing was predicted and measured yet: that begins with the first load.", *_next(found)]
    lines = [f"{'':<46} {'count':>6} {'error':>6} {'worst':>6} {'first':>6} {'newest':>6} {'unlearnt':>8}"]
    for overall in found.quantities:
        lines.append(_line(_NAMES[overall.quantity], overall))
        own = [one for one in found.models if one.quantity is overall.quantity]
        if len(own) > 1:
            lines += [_line(f"  {one.model} {one.quantization}", one) for one in own]
    lines.append(
        "Medians of the error against what was measured; of the first and of the newest few; and had nothing"
        " been learnt from runs."
    )
    return [*lines, *_next(found)]


def _line(name: str, one: Accuracy) -> str:
    return (
        f"{name[:46]:<46} {one.count:>6,} {one.median_error:>6.1%} {one.worst_error:>6.0%} "
        f"{one.first_error:>6.1%} {one.recent_error:>6.1%} {one.unlearnt_error:>8.1%}"
    )


def _next(found: Score) -> list[str]:
    lines = [
        f"Next: {one.model} {one.quantization}: {range_text(one.generation_tps)} tokens/s, prompts"
        f" {range_text(one.prompt_tps)} tokens/s (estimated; {one.observed} runs)"
        for one in found.next
    ]
    if not found.calibrated:
        lines.append("This machine was not calibrated: `deskside calibrate` narrows predictions.")
    return lines
