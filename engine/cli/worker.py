"""`deskside worker`: lends this machine's devices to another one that runs Deskside."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from engine.cli.context import Context
from engine.errors import ProbeError, UsageError
from engine.hardware.bandwidth import measure_memory
from engine.hardware.memory import probe_memory
from engine.hardware.report import DeviceFacts, HardwareReport
from engine.host.surroundings import machine_now
from engine.messages import english
from engine.runtime.lending import Lending
from engine.runtime.node_words import NodeDevice
from engine.runtime.pairing import key_bytes, new_key
from engine.whole_file import replace_file

_LISTEN = "0.0.0.0:7341"
_LOOK_S = 0.3
_MEASURE_S = 1.0
_LEFT_ALONE = 0.1  # of main memory, for the machine's own programs
_MOST_THREADS = 512
_MOST_KEY = 256  # bytes of its file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Lends this machine's graphics cards, or its processor and memory, to another machine that runs "
        "Deskside: encrypted, and to nobody who has not got the key. Until Ctrl+C."
    )
    parser.add_argument("--listen", metavar="HOST:PORT", default=_LISTEN, help=f"default: {_LISTEN}")
    parser.add_argument("--threads", metavar="N", type=_count, default=0, help="default: one a core")
    parser.add_argument("--new-key", action="store_true", help="so that no machine added before gets in")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:4]) <= _MOST_THREADS:
        raise argparse.ArgumentTypeError(f"must lie between 1 and {_MOST_THREADS}")
    return int(text)


def run(arguments: argparse.Namespace, context: Context) -> int:
    output = context.output
    key = _key(context.paths.config / "worker-key", arguments.new_key)
    report = _with_bandwidth(machine_now(context.paths), context)
    usual = max(1, min(report.cpu.physical_cores, int(report.cpu.usable_cores)))

    def tell(what: str, who: str) -> None:
        output.record(what, address=who)
        output.text(f"{who} {_WORDS[what]}")

    log = context.paths.state / "lending.log"
    lending = Lending(
        context.worker_command,
        key,
        arguments.listen,
        arguments.threads or usual,
        lambda devices: lent_devices(devices, report),
        tell,
        log,
    )
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


def lent_devices(devices: tuple[DeviceFacts, ...], report: HardwareReport) -> tuple[NodeDevice, ...]:
    """As the other machine plans with them."""
    memory = probe_memory()
    measured = report.memory.bandwidth
    lent = []
    for device in devices:
        if device.kind == "cpu":
            size = int(memory.available_bytes - _LEFT_ALONE * memory.usable_bytes)
            rate = measured.bytes_per_second if measured else 0.0
            lent.append(NodeDevice(report.cpu.model[:100], max(0, size), rate))
        else:
            known = next((gpu for gpu in report.gpus if gpu.name == device.description), None)
            rate = (known.bandwidth_bytes_per_second or 0.0) if known else 0.0
            lent.append(NodeDevice(device.description[:100], device.memory_free_bytes, rate))
    return tuple(lent)


def _key(path: Path, fresh: bool) -> str:
    """The same every time, in a file that only its user can read. Raises: OSError, UsageError."""
    if not fresh and path.exists():
        with path.open("rb") as file:
            text = file.read(_MOST_KEY).decode("ascii", "replace").strip()
        try:
            key_bytes(text)
        except UsageError:
            fresh = True  # damaged: a new one
        else:
            return text
    key = new_key()
    replace_file(path, f"{key}\n".encode("ascii"), private=True)
    return key
