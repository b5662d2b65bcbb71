"""`deskside connection`: whether the places that models come from are reached, and what is wrong if not."""

from __future__ import annotations

import argparse
from dataclasses import replace

from engine.cli.context import Context
from engine.download.reaching import Reached
from engine.events import ConnectionTested, Event, new_job_id
from engine.jobs.connecting import test_connection
from engine.messages import english


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Asks the hub and its mirrors for a little, the way a download would, and says what is wrong: name,"
        " proxy, certificate, login page. The exit code is 0 if at least one of them answers."
    )
    parser.add_argument("--endpoint", metavar="URL", default="", help="another hub than that of the settings")


def run(arguments: argparse.Namespace, context: Context) -> int:
    settings = context.settings
    if arguments.endpoint:
        settings = replace(settings, endpoint=arguments.endpoint)

    def show(event: Event) -> None:
        if isinstance(event, ConnectionTested):
            context.output.text(_line(event.reached))
            context.output.record("connection", reached=event.reached, message=english(event.reached.message))

    found = test_connection(new_job_id(), context.token, settings, show)
    return 0 if any(reached.good for reached in found) else 1


def _line(reached: Reached) -> str:
    through = f" (through {reached.proxy})" if reached.proxy else ""
    mark = "ok  " if reached.good else "FAIL"
    return f"{mark} {english(reached.message)} {reached.seconds:.1f} s{through}"
