"""`deskside runtimes`: parts of the engine for graphics cards and other processors."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from engine.cli.context import Context
from engine.cli.output import harmless
from engine.download.sizes import size_text
from engine.download.values import DownloadProgress
from engine.errors import UsageError
from engine.jobs.runtimes import RuntimeOnShelf, Runtimes
from engine.messages import english

_ACTIONS: Final = ("list", "offers", "install", "use", "rollback", "remove")
_BUILT_IN_NAME: Final = "built-in"
_BEST: Final = "best"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Lists the runtimes on this machine (list) or those that are offered for it (offers); fetches,"
        " verifies and tries one (install: also an update), chooses one (use; built-in is what the program"
        " brings), goes back to the one before (rollback), deletes one (remove). What is chosen counts from"
        " the next load on. One that fails is put aside, and the next best is taken, the processor at last."
    )
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="list", metavar="ACTION")
    parser.add_argument(
        "name",
        nargs="?",
        default="",
        metavar="NAME",
        help="install takes vulkan or cuda, too, or best: what suits the graphics cards that the check found",
    )
    parser.add_argument(
        "--from", dest="place", metavar="PLACE", default="", help="address or folder with manifest.json"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    runtimes = Runtimes(context.paths, context.worker_command)
    place = arguments.place or context.settings.runtimes_from
    name = "" if arguments.name == _BUILT_IN_NAME else arguments.name
    if arguments.action in ("install", "use", "remove") and not arguments.name:
        raise UsageError.of("usage", problem=f"{arguments.action} needs a NAME", program="deskside runtimes")
    actions: dict[str, Callable[[], None]] = {
        "list": lambda: None,
        "offers": lambda: _offers(runtimes, place, context),
        "install": lambda: _install(runtimes, place, name, context),
        "use": lambda: runtimes.use(name),
        "rollback": lambda: context.output.note(f"in use now: {runtimes.roll_back() or _BUILT_IN_NAME}"),
        "remove": lambda: runtimes.remove(name),
    }
    actions[arguments.action]()
    if arguments.action != "offers":
        for state in runtimes.here():
            context.output.text(_line(state))
        context.output.record("runtimes", runtimes=runtimes.here())
    return 0


def _line(state: RuntimeOnShelf) -> str:
    mark = "*" if state.in_use else " "
    why = f"  put aside: {harmless(english(state.aside))}" if state.aside else ""
    return f"{mark} {state.name or _BUILT_IN_NAME:<28} {state.backend}{why}"


def _offers(runtimes: Runtimes, place: str, context: Context) -> None:
    offered = runtimes.offered(place)
    for pack in offered:
        context.output.text(f"{pack.name:<28} {pack.backend:<8} {size_text(pack.size):>10}")
    if not offered:
        context.output.note("nothing there fits this machine and this version")
    context.output.record("offers", packs=offered)


def _install(runtimes: Runtimes, place: str, name: str, context: Context) -> None:
    def show(progress: DownloadProgress) -> None:
        done, total = size_text(progress.done_bytes), size_text(progress.total_bytes)
        context.output.status(f"{progress.state}: {done} of {total}")

    if name == _BEST:
        devices = runtimes.install_best(
            place, show, context.token, lambda why: context.output.note(english(why))
        )
    else:
        devices = runtimes.install(place, name, show, context.token)
    context.output.note("computes on " + ", ".join(f"{each.name} ({each.description})" for each in devices))
