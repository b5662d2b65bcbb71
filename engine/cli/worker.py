"""`deskside worker`: lends this machine's devices to another one that runs Deskside."""

from __future__ import annotations

import argparse
from dataclasses import replace

from engine.cli.context import Context
from engine.cli.parent import end_with_parent
from engine.errors import ProbeError
from engine.hardware.bandwidth import measure_memory
from engine.hardware.report import HardwareReport
from engine.host.surroundings import machine_now
from engine.jobs.lending import LISTEN, lend, lending_key
from engine.messages import english

_LOOK_S = 0.3
_MEASURE_S = 1.0
_MOST_THREADS = 512


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Lends this machine's graphics cards, or its processor and memory, to another machine that runs "
        "Deskside: encrypted, and to nobody who has not got the key. Until Ctrl+C."
    )
    parser.add_argument("--listen", metavar="HOST:PORT", default=LISTEN, help=f"default: {LISTEN}")
    parser.add_argument("--threads", metavar="N", type=_count, default=0, help="default: one a core")
    parser.add_argument("--new-key", action="store_true", help="so that no machine added before gets in")
    parser.add_argument("--with-parent", action="store_true", help="ends when standard input does")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:4]) <= _MOST_THREADS:
        raise argparse.ArgumentTypeError(f"must lie between 1 and {_MOST_THREADS}")
    return int(text)


def run(arguments: argparse.Namespace, context: Context) -> int:
    output, paths = context.output, context.paths
    if arguments.with_parent:
        end_with_parent(context.token, "deskside worker")
    key = lending_key(paths, arguments.new_key)
    report = _with_bandwidth(machine_now(paths), context)

    def tell(what: str, who: str) -> None:
        output.record(what, address=who)
        output.text(f"{who} {_WORDS[what]}")

    lending = lend(paths, context.worker_command, key, arguments.listen, arguments.threads, report, tell)
    try:
        port = arguments.listen.rpartition(":")[2]
        output.record("worker", listen=arguments.listen, key=key, devices=lending.devices)
        output.text(f"Lending {', '.join(device.name for device in lending.devices)}. On the other machine:")
        output.text(f"  deskside nodes add ADDRESS-OF-THIS-MACHINE:{port} --key {key}")
        while not context.token.cancelled and not lending.wait(_LOOK_S):
            pass
    finally:
        lending.close()
    return 0


def _with_bandwidth(report: HardwareReport, context: Context) -> HardwareReport:
    """Who plans with this machine has to know how fast it is. Raises: Cancelled."""
    memory = report.memory
    if memory.bandwidth is not None:
        return report
    context.output.status("measuring memory")
    try:
        found = measure_memory(report.cpu, memory.available_bytes, lambda *_: None, context.token, _MEASURE_S)
    except ProbeError as error:
        context.output.note(english(error.message))
        return report
    finally:
        context.output.end_status()
    return replace(report, memory=replace(memory, bandwidth=found))


_WORDS = {"joined": "computes here", "left": "has left", "refused": "was refused: it has not got the key"}
