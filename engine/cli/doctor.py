"""`deskside doctor`: what is wrong here, and a report of it without private data."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from engine.cli.context import Context
from engine.cli.output import harmless
from engine.errors import DataFolderError
from engine.jobs.doctoring import examine, write_bundle


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Looks at folders, engine, devices, models and crash reports, without asking the network. With"
        " --bundle writes a zip of logs and figures to look through and to send to somebody who helps: chats,"
        " models and keys are not in it; names, addresses and tokens are removed. It is never sent by itself."
    )
    parser.add_argument(
        "--bundle",
        nargs="?",
        metavar="FILE",
        const="",
        help="default: deskside-report-DATE.zip in this folder",
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    findings = []
    for finding in examine(context.paths, context.settings, context.worker_command):
        context.output.text(f"{'ok  ' if finding.good else 'BAD '} {harmless(finding.text)}")
        findings.append(finding)
    written = ""
    if arguments.bundle is not None:
        target = Path(arguments.bundle or time.strftime("deskside-report-%Y%m%d-%H%M%S.zip")).absolute()
        try:
            write_bundle(context.paths, context.settings, findings, target)
        except OSError as error:
            raise DataFolderError.of(
                "report_unwritable", path=str(target), reason=error.strerror or str(error)
            ) from error
        written = str(target)
        context.output.note(f"look through it before you send it: {harmless(written)}")
    context.output.record("doctor", findings=findings, bundle=written)
    return 0 if all(finding.good for finding in findings) else 1
