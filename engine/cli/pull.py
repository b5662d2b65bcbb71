"""`deskside pull REPO[:QUANT]`: fetch a model; go on where an earlier try ended."""

from __future__ import annotations

import argparse

from engine.cli.context import Context
from engine.cli.output import Output
from engine.download.sizes import size_text
from engine.download.sources import parse_reference
from engine.download.values import DownloadProgress, TransferState
from engine.events import DownloadPlanned, DownloadProgressed, Event, Noticed, new_job_id
from engine.jobs.pulling import pull_model
from engine.messages import english


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Downloads a GGUF model and verifies it. Ctrl+C pauses; the same command goes on."
    parser.add_argument("reference", metavar="REPO[:QUANT]", help="e.g. unsloth/Qwen3-8B-GGUF:Q4_K_M")
    parser.add_argument("--endpoint", metavar="URL", default="", help="a mirror of the hub")


def run(arguments: argparse.Namespace, context: Context) -> int:
    repository, quantization = parse_reference(arguments.reference)
    endpoint = arguments.endpoint or context.settings.endpoint
    model = pull_model(
        new_job_id(),
        context.token,
        context.paths.models,
        endpoint,
        repository,
        quantization,
        lambda event: _show(context.output, event),
        context.settings.mirrors,
    )
    context.output.record("model", model=model)
    context.output.text(model.path)
    return 0


def _show(output: Output, event: Event) -> None:
    if isinstance(event, DownloadPlanned):
        plan = event.plan
        output.record("plan", plan=plan, size_bytes=plan.size_bytes)
        output.note(f"fetching {plan.repository} {plan.quantization}, {size_text(plan.size_bytes)}")
    elif isinstance(event, DownloadProgressed):
        output.record("progress", progress=event.progress)
        output.status(progress_text(event.progress))
    elif isinstance(event, Noticed):
        output.record("warning", message=event.message)
        output.note(english(event.message))


def progress_text(progress: DownloadProgress) -> str:
    """One status line: how much, how fast, how long, or why nothing moves."""
    share = progress.done_bytes / progress.total_bytes if progress.total_bytes else 0.0
    done = f"{share:4.0%}  {size_text(progress.done_bytes)} of {size_text(progress.total_bytes)}"
    if progress.state is TransferState.VERIFYING:
        return f"{done}  verifying"
    if progress.waiting_for:
        return f"{done}  waiting for the {progress.waiting_for}"
    left = "" if progress.seconds_left is None else f"  {_clock(progress.seconds_left)} left"
    return f"{done}  {size_text(int(progress.speed_bytes_per_second))}/s{left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
