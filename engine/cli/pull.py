"""`deskside pull REPO[:QUANT] ...`: fetch models; go on where an earlier try ended."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.cli.context import Context
from engine.cli.output import Output, harmless
from engine.download.endpoints import checked_endpoint, is_address, shown
from engine.download.queue import DownloadQueue, name_of
from engine.download.repositories import parse_reference
from engine.download.sizes import size_text
from engine.download.values import DownloadProgress, TransferState
from engine.errors import Cancelled, DesksideError, UsageError
from engine.events import DownloadPlanned, DownloadProgressed, DownloadVerified, Event, Noticed, new_job_id
from engine.jobs.downloads import Downloads, queue_path
from engine.messages import english

_WAITS_FOR = {
    "turn": "waiting for its turn",
    "room": "waiting for room on the disk",
    "network": "waiting for the network",
    "server": "waiting for the server",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Downloads GGUF models and verifies them. Ctrl+C pauses; the same command goes on. Without a name it"
        " goes on with everything in the queue, which the window shares."
    )
    parser.add_argument(
        "references",
        metavar="REPO[:QUANT]|URL",
        nargs="*",
        help="e.g. unsloth/Qwen3-8B-GGUF:Q4_K_M; or a file's address, with #sha256=... if need be",
    )
    parser.add_argument("--endpoint", metavar="URL", default="", help="a mirror of the hub")
    parser.add_argument("--to", metavar="FOLDER", default="", help="a models folder on any disk")
    parser.add_argument(
        "--limit", metavar="MB/S", type=float, default=None, help="most megabytes a second, 0 for no limit"
    )
    parser.add_argument("--queue", action="store_true", help="only show what is in the queue")
    parser.add_argument(
        "--pause",
        action="store_true",
        help="pause these, or all without a name, whichever program fetches them",
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    output, queue = context.output, DownloadQueue(queue_path(context.paths))
    if arguments.queue:
        return _show_queue(output, queue)
    if arguments.pause:
        return _pause(arguments.references, context, queue)
    wanted = [(*_asked(text), arguments.endpoint) for text in arguments.references]
    if not wanted:
        wanted = [(entry.repository, entry.quantization, entry.endpoint) for entry in queue.entries()]
    settings = replace(context.settings, **_changes(arguments))
    downloads = Downloads(
        context.paths,
        context.library(),
        lambda event: _show(output, event),
        lambda: settings,
        patient=False,
    )
    if not wanted:
        output.note("nothing is in the queue")
        output.record("queue", downloads=())
    for one in wanted:  # so that a kill loses none of them
        downloads.put_in(*one)
    for number, (repository, quantization, endpoint) in enumerate(wanted):
        try:
            model = downloads.fetch(new_job_id(), context.token, repository, quantization, endpoint)
        except (Cancelled, DesksideError):
            for other, its_quantization, _ in wanted[number + 1 :]:
                downloads.pause(other, its_quantization)
            raise
        output.record("model", model=model)
        output.text(model.path)
    return 0


def _pause(references: Sequence[str], context: Context, queue: DownloadQueue) -> int:
    downloads = Downloads(context.paths, context.library(), lambda _: None, lambda: context.settings)
    for repository, quantization in map(_asked, references):
        named = [entry for entry in queue.entries() if entry.repository.casefold() == repository.casefold()]
        chosen = [entry for entry in named if quantization.casefold() in ("", entry.quantization.casefold())]
        if not chosen:
            raise UsageError.of("not_in_queue", name=name_of(repository, quantization))
        for entry in chosen:
            downloads.pause(entry.repository, entry.quantization)
    if not references:
        downloads.pause_all()
    return _show_queue(context.output, queue)


def _asked(text: str) -> tuple[str, str]:
    """Repository, or address, and quantization. Raises: UsageError, DownloadError."""
    if is_address(text):
        checked_endpoint(text)
        return text, ""
    return parse_reference(text)


def _changes(arguments: argparse.Namespace) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if arguments.to:
        folder = os.path.abspath(Path(arguments.to).expanduser())  # noqa: PTH100  links keep their names
        changes["download_folder"] = folder
    if arguments.limit is not None:
        if not 0 <= arguments.limit < 100_000:
            raise UsageError.of("usage", problem="--limit is not a speed", program="deskside pull")
        changes["speed_limit_kib"] = -(-int(arguments.limit * 1e6) // 1024)
    return changes


def _show_queue(output: Output, queue: DownloadQueue) -> int:
    for entry in queue.entries():
        name = harmless(name_of(entry.repository, entry.quantization))
        done = f"{size_text(entry.done_bytes)} of {size_text(entry.total_bytes)}"
        why = f"  {english(entry.failure)}" if entry.failure else ""
        output.text(f"{entry.state:<8} {name:<60} {done}{why}")
    output.record("queue", downloads=queue.entries())
    return 0


def _show(output: Output, event: Event) -> None:
    if isinstance(event, DownloadPlanned):
        plan = event.plan
        output.record("plan", plan=plan, size_bytes=plan.size_bytes)
        output.note(f"fetching {shown(plan.repository)} {plan.quantization}, {size_text(plan.size_bytes)}")
    elif isinstance(event, DownloadProgressed):
        output.record("progress", progress=event.progress)
        output.status(progress_text(event.progress))
    elif isinstance(event, DownloadVerified):
        output.record("verified", path=event.model.path)
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
        return f"{done}  0 B/s, {_WAITS_FOR.get(progress.waiting_for, progress.waiting_for)}"
    left = "" if progress.seconds_left is None else f"  {_clock(progress.seconds_left)} left"
    return f"{done}  {size_text(int(progress.speed_bytes_per_second))}/s{left}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
