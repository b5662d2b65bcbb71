"""`deskside update`: whether there is a newer version, and its verified installer."""

from __future__ import annotations

import argparse

from engine.cli.context import Context
from engine.cli.output import harmless
from engine.download.sizes import size_text
from engine.download.values import DownloadProgress
from engine.jobs.updates import Outlook, Updates
from engine.messages import english


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Asks the place where versions are published for its signed list, says whether there is a newer one,"
        " and fetches the installer that replaces this program: size, checksum and signature are verified."
        " It is never started; what to do with it is said."
    )
    parser.add_argument("--check", action="store_true", help="only say whether there is a newer version")


def run(arguments: argparse.Namespace, context: Context) -> int:
    updates = Updates(context.paths)
    outlook = updates.ask(context.settings)
    _tell(outlook, context)
    fetched = None
    if outlook.newer is not None and not arguments.check:
        fetched = updates.fetch(context.settings, lambda progress: _show(progress, context), context.token)
        context.output.text(english(fetched.message))
    context.output.record(
        "update",
        version=outlook.version,
        place=outlook.place,
        newer=outlook.newer,
        installer=outlook.installer,
        path=fetched.path if fetched else "",
    )
    return 0


def _tell(outlook: Outlook, context: Context) -> None:
    if outlook.newer is None:
        context.output.text(f"Deskside {outlook.version} is the newest version.")
        return
    context.output.text(f"Deskside {outlook.newer.version} is available; this is {outlook.version}.")
    if outlook.newer.notes:
        context.output.text(harmless(outlook.newer.notes))


def _show(progress: DownloadProgress, context: Context) -> None:
    done, total = size_text(progress.done_bytes), size_text(progress.total_bytes)
    context.output.status(f"{progress.state}: {done} of {total}")
