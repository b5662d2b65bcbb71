"""`deskside bench`: what a model does here, measured, beside what was predicted."""

from __future__ import annotations

import argparse
from typing import Any

from engine.cli.check import run_check
from engine.cli.context import Context
from engine.cli.output import range_text
from engine.download.sizes import size_text
from engine.figures import Origin
from engine.hardware.report import HardwareReport
from engine.jobs.benching import BenchResult, BenchWish, bench
from engine.jobs.checking import last_report

_MOST_TOKENS = 131_072


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Measures one answer of a model, and learns from it for later predictions."
    parser.add_argument("--model", metavar="PATH|ID", default="", help="default: the starter")
    parser.add_argument("--prompt", metavar="N", type=_count, default=512, help="tokens read (512)")
    parser.add_argument("--tokens", metavar="N", type=_count, default=64, help="tokens generated (64)")
    parser.add_argument("--threads", metavar="N", type=_count, default=0, help="threads that compute")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= _MOST_TOKENS:
        raise argparse.ArgumentTypeError(f"must lie between 1 and {_MOST_TOKENS}")
    return int(text)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = context.library()
    model = library.find(arguments.model) if arguments.model else library.starter()
    wish = BenchWish(model, arguments.prompt, arguments.tokens, arguments.threads)
    output = context.output
    result = bench(
        context.paths,
        context.worker_command,
        report_of_this_machine(context),
        wish,
        lambda step: output.status(f"bench: {step} {model.name}"),
        context.token,
    )
    output.end_status()
    output.record("bench", **bench_record(result))
    for line in bench_lines(result):
        output.text(line)
    return 0


def report_of_this_machine(context: Context) -> HardwareReport:
    """The last check's, or a new one's. Raises: Cancelled."""
    report = last_report(context.paths)
    if report is None:
        context.output.note("this machine was not checked yet; checking it first")
        report = run_check(context)
    return report


def bench_record(result: BenchResult) -> dict[str, Any]:
    """As docs/cli.md describes it."""
    plan, measured = result.plan, result.measured
    return {
        "model": plan.model.name,
        "quantization": plan.quantization.name,
        "threads": plan.threads,
        "prompt_tokens": measured.prompt_tokens,
        "generated_tokens": measured.generated_tokens,
        "predicted": {
            "generation_tps": plan.speed.generation_tps,
            "prompt_tps": plan.speed.prompt_tps,
            "time_to_first_token_s": plan.speed.time_to_first_token_s,
            "load_s": plan.speed.load_s,
            "memory_peak_bytes": plan.memory.resident,
            "origin": plan.speed.origin,
            "calibrated": plan.speed.calibrated,
            "observed": plan.speed.observed,
        },
        "measured": {
            "generation_tps": measured.generation_tps,
            "prompt_tps": measured.prompt_tps,
            "time_to_first_token_s": measured.time_to_first_token_s,
            "load_s": measured.load_s,
            "memory_peak_bytes": measured.memory_peak_bytes,
            "origin": Origin.MEASURED,
        },
        "busy": result.busy,
        "kept": result.kept,
    }


def bench_lines(result: BenchResult) -> list[str]:
    plan, measured = result.plan, result.measured
    peak = "not told" if measured.memory_peak_bytes is None else size_text(measured.memory_peak_bytes)
    rows = (
        ("", "predicted", "measured"),
        ("tokens/s", range_text(plan.speed.generation_tps), f"{measured.generation_tps:.1f}"),
        ("prompt tokens/s", range_text(plan.speed.prompt_tps), f"{measured.prompt_tps:.0f}"),
        (
            "first token",
            f"{plan.speed.time_to_first_token_s:.2f} s",
            f"{measured.time_to_first_token_s:.2f} s",
        ),
        ("load", f"{plan.speed.load_s:.1f} s", f"{measured.load_s:.1f} s"),
        ("memory", size_text(plan.memory.resident), peak),
    )
    lines = [f"{name:<16} {predicted:>12} {seen:>12}" for name, predicted, seen in rows]
    if result.busy:
        lines.append("Other programs were busy, so nothing is learnt from this run.")
    return lines
