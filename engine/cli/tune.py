"""`deskside tune`: the settings that are fastest for a model on this machine, found by measuring."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from engine.cli.context import Context
from engine.host.tuned import Tuned, forget_tuned
from engine.jobs.tuning import TuneResult, tune

_BUSY = "Other programs were busy, so nothing was kept. Close them and tune again."
_NOTHING = "Nothing was faster than the usual settings, which stay as they are."
_SHORT = "There was not time for everything: --time 600 gives ten minutes."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Measures a model with several settings, and loads it with the fastest from then on."
    parser.add_argument("model", metavar="MODEL", help="path or id of an installed model")
    parser.add_argument(
        "--time", metavar="SECONDS", type=_seconds, default=120, help="for measuring (120), 10 to 86400"
    )
    parser.add_argument(
        "--forget", action="store_true", help="goes back to the usual settings, and measures nothing"
    )


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 10 <= int(text[:6]) <= 86_400:
        raise argparse.ArgumentTypeError("must lie between 10 and 86400")
    return int(text)


def run(arguments: argparse.Namespace, context: Context) -> int:
    model, output = context.library().find(arguments.model), context.output
    if arguments.forget:
        forgotten = forget_tuned(context.paths, model)
        output.record("tune", model=model.name, forgotten=forgotten)
        output.text("Forgotten." if forgotten else "Nothing was tuned for it.")
        return 0

    def show(step: str) -> None:
        output.record("progress", step=step)
        output.status(f"tune: {step}, {model.name}")

    result = tune(context.paths, context.worker_command, model, arguments.time, show, context.token)
    output.end_status()
    output.record("tune", **tune_record(model.name, result))
    for line in tune_lines(result):
        output.text(line)
    return 0


def tune_record(name: str, result: TuneResult) -> dict[str, Any]:
    """As docs/cli.md describes it."""
    found = result.found
    return {
        "model": name,
        "tuned": asdict(result.tuned),
        "gain": round(found.gain, 4),
        "default": _speeds(found.default_timing.token_s, found.default_timing.prompt_tps),
        "best": _speeds(found.best_timing.token_s, found.best_timing.prompt_tps),
        "trials": [asdict(trial) for trial in found.trials],
        "complete": found.complete,
        "busy": result.busy,
        "kept": result.kept,
        "spent_s": round(result.spent_s, 1),
    }


def _speeds(token_s: float, prompt_tps: float) -> dict[str, float]:
    return {"generation_tps": 1 / token_s, "prompt_tps": prompt_tps}


def tune_lines(result: TuneResult) -> list[str]:
    found = result.found
    lines = [
        f"{trial.name:<44} {trial.gain:>6.3f} in {trial.rounds} rounds{'  taken' * trial.taken}"
        for trial in found.trials
    ]
    if result.busy:
        return [*lines, _BUSY]
    if not result.kept:
        return [*lines, _NOTHING, *([] if found.complete else [_SHORT])]
    old, new = found.default_timing, found.best_timing
    lines += [
        f"{found.gain:.2f} times as fast: {1 / new.token_s:.1f} tokens/s (before {1 / old.token_s:.1f}), "
        f"prompts {new.prompt_tps:.0f} (before {old.prompt_tps:.0f})",
        f"From the next load on: {', '.join(settings_words(result.tuned))}",
    ]
    return [*lines, *([] if found.complete else [_SHORT])]


def settings_words(tuned: Tuned) -> list[str]:
    layers = ", ".join(f"{each.layers} on {each.device}" for each in tuned.devices) or "all in main memory"
    words = [
        (tuned.threads, f"{tuned.threads} threads"),
        (tuned.batch, f"batches of {tuned.batch}"),
        (tuned.kv_type, f"cache {tuned.kv_type}"),
        (tuned.flash is False, "no flash attention"),
        (tuned.plain, "no copied weights"),
        (tuned.placed, f"layers: {layers}"),
        (tuned.experts_away, f"experts of {len(tuned.experts_away)} layers in main memory"),
    ]
    return [text for present, text in words if present]
