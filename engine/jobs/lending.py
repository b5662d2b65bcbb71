"""This machine's devices for another one: which key opens them, and as what they are told there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from engine.errors import UsageError
from engine.hardware.memory import probe_memory
from engine.hardware.report import CpuInfo, DeviceFacts, HardwareReport
from engine.host.knowing import known_machine
from engine.paths import Paths
from engine.planning.cpu_speed import lent_rates
from engine.planning.machine import Machine
from engine.runtime.lending import Lending, Report
from engine.runtime.node_words import NodeDevice
from engine.runtime.pairing import key_bytes, new_key
from engine.whole_file import replace_file

LISTEN = "0.0.0.0:7341"
_LEFT_ALONE = 0.1  # of main memory, for the machine's own programs
_MOST_KEY = 256  # bytes of its file

log = logging.getLogger(__name__)


def lend(
    paths: Paths,
    worker_command: Sequence[str],
    key: str,
    listen: str,
    threads: int,
    report: HardwareReport,
    tell: Report,
) -> Lending:
    """`report` knows how fast main memory is; `tell` is called on threads of the lending.

    Raises: UsageError, LoadError, WorkerError, OSError.
    """
    machine = known_machine(paths, report)
    count = threads or usual_threads(report.cpu)

    def describe(devices: tuple[DeviceFacts, ...]) -> tuple[NodeDevice, ...]:
        return lent_devices(devices, report, machine, count)

    return Lending(worker_command, key, listen, count, describe, tell, paths.state / "lending.log")


def usual_threads(cpu: CpuInfo) -> int:
    """One a core: whoever lends a machine wants it used."""
    return max(1, min(cpu.physical_cores, int(cpu.usable_cores)))


def lent_devices(
    devices: tuple[DeviceFacts, ...], report: HardwareReport, machine: Machine, threads: int
) -> tuple[NodeDevice, ...]:
    """As the other machine plans with them: a processor by what its threads reach, not its memory alone."""
    memory = probe_memory()
    lent = []
    for device in devices:
        if device.kind == "cpu":
            size = int(memory.available_bytes - _LEFT_ALONE * memory.usable_bytes)
            lent.append(NodeDevice(report.cpu.model[:100], max(0, size), *lent_rates(machine, threads)))
        else:
            known = next((gpu for gpu in report.gpus if gpu.name == device.description), None)
            rate = (known.bandwidth_bytes_per_second or 0.0) if known else 0.0
            lent.append(NodeDevice(device.description[:100], device.memory_free_bytes, rate))
    return tuple(lent)


def lending_key(paths: Paths, fresh: bool = False) -> str:
    """The same every time, in a file that only its user can read. Raises: OSError."""
    path = paths.config / "worker-key"
    known = "" if fresh else _kept_key(path)
    if known:
        return known
    key = new_key()
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, f"{key}\n".encode("ascii"), private=True)
    return key


def _kept_key(path: Path) -> str:
    """ "" where there is none. Raises: OSError."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_KEY).decode("ascii", "replace").strip()
        key_bytes(text)
    except FileNotFoundError:
        return ""
    except UsageError:
        log.warning("the key for lending is damaged: there is a new one")
        return ""
    return text
