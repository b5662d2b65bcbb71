"""`deskside models`: what is installed; with --search, what the hub has and how it would run here."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.context import Context
from engine.cli.plan import VERDICTS, plan_record, range_text
from engine.download.sizes import size_text
from engine.jobs.searching import SearchResult, last_machine, search


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Lists the models on this machine, or searches the hub for others."
    parser.add_argument(
        "--search", metavar="WORDS", default="", help="asks the hub, the only time it is asked"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    return _search(arguments.search, context) if arguments.search.strip() else _list(context)


def _list(context: Context) -> int:
    models = context.library().installed()
    for model in models:
        verified = "verified" if model.verified else "not verified"
        context.output.text(
            f"{model.name:<40} {model.quantization:<10} {size_text(model.size_bytes):>10}  ", ""
        )
        context.output.text(f"{verified:<13} {model.path}")
    context.output.record("models", models=models)
    return 0


def _search(words: str, context: Context) -> int:
    machine = last_machine(context.paths)
    if machine is None:
        context.output.note("without verdicts, as this machine was not checked yet (deskside check)")
    results = search(context.settings.endpoint, words, machine)
    for result in results:
        context.output.text(_line(result))
    if not results:
        context.output.note("the hub has no GGUF model for these words")
    context.output.record("found", models=[_record(result) for result in results])
    return 0


def _line(result: SearchResult) -> str:
    model, plan = result.model, result.plan
    told = f"{model.repository[:56]:<56} {model.downloads:>10,} downloads"
    if plan is None:
        return told
    mark = "" if plan.quantization.exact else "about "
    size = f"{mark}{size_text(plan.quantization.size_bytes)}"
    speed = f"{range_text(plan.speed.generation_tps)} tokens/s"
    return f"{told}  {plan.quantization.name:<10} {size:>16}  {VERDICTS[plan.verdict]}, {speed}"


def _record(result: SearchResult) -> dict[str, Any]:
    """As docs/cli.md describes it."""
    model = result.model
    return {
        "repository": model.repository,
        "downloads": model.downloads,
        "gated": model.gated,
        "architecture": model.architecture,
        "parameters": model.parameters,
        "context_length": model.context_length,
        "quantizations": model.quantizations,
        "plan": plan_record(result.plan) if result.plan else None,
    }
