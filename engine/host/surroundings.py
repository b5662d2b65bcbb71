"""The machine as it is at this moment: its report, with the memory that is free now."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import DesksideError, ProbeError
from engine.hardware.check import quick_report
from engine.hardware.gpu import nvml_cards
from engine.hardware.memory import probe_memory
from engine.hardware.nodes import is_node, parse_node
from engine.hardware.overrides import apply_overrides, believable, parse_overrides
from engine.hardware.report import DeviceFacts, GpuInfo, HardwareReport
from engine.hardware.report_json import load_report
from engine.paths import Paths
from engine.planning.fit import Room
from engine.planning.machine import Machine, as_known, machine_of
from engine.runtime.node_greeting import answers
from engine.settings import load_settings

if sys.platform != "win32":
    import resource

log = logging.getLogger(__name__)

ListDevices = Callable[[], tuple[DeviceFacts, ...]]

# What a worker maps and holds before any model (measured: 348 and 151 MiB, a thread each 8 more).
_WORKER_MAPPED = 512 << 20
_WORKER_PRIVATE = 224 << 20
_NODE_PATIENCE_S = 1.0
_DRIVER_PATIENCE_S = 3.0  # one that works answers in milliseconds, or in two seconds when it is woken


@dataclass(frozen=True, slots=True)
class Taken:
    """Memory of a loaded model that stays. Bytes."""

    ram: int  # all of it in main memory
    mapped: int  # part of it that is the file's own pages, which the system calls available
    vram: tuple[tuple[str, int], ...] = ()  # by the GPU's name


def report_path(paths: Paths) -> Path:
    return paths.state / "hardware.json"


def last_report(paths: Paths) -> HardwareReport | None:
    """The report of the last check, None if there is none that can be read."""
    path = report_path(paths)
    if not path.exists():
        return None
    try:
        return load_report(path)
    except (DesksideError, OSError) as error:
        log.warning("the last hardware report cannot be read: %s", error)
        return None


def machine_now(paths: Paths, list_devices: ListDevices | None = None) -> HardwareReport:
    """The last check, or probes without measuring, with the memory that is free at this moment.

    `list_devices` asks the engine, which takes a moment: only where there may be a GPU that no
    quicker way tells about.
    """
    report = last_report(paths) or _first_report(paths, list_devices)
    memory = replace(probe_memory(), bandwidth=report.memory.bandwidth)
    settings, _ = load_settings(paths.settings)
    now = replace(report, memory=memory, gpus=_gpus_now(report.gpus, list_devices))
    return corrected(now, settings.overrides)


def corrected(report: HardwareReport, overrides: Iterable[tuple[str, str]]) -> HardwareReport:
    """With the figures of the settings in place of those found."""
    return apply_overrides(report, parse_overrides(believable(overrides)))


def whole_machine(report: HardwareReport, most_ram: int | None = None) -> Machine:
    """The machine when nothing else runs on it; models may have `most_ram` bytes together."""
    memory = replace(report.memory, available_bytes=report.memory.usable_bytes)
    gpus = tuple(replace(gpu, vram_free_bytes=gpu.vram_bytes) for gpu in report.gpus)
    whole = machine_of(replace(report, memory=memory, gpus=gpus))
    return whole if most_ram is None else replace(whole, ram_budget=min(whole.ram_budget, most_ram))


def room_of(
    report: HardwareReport, whole: Machine, kept: tuple[Taken, ...], leaving: tuple[Taken, ...] = ()
) -> Room:
    """What one more model may use beside those that stay loaded; `report` is `machine_now`.
    Models that are `leaving` count as gone already."""
    now = machine_of(_busy_nodes(_without(report, leaving), kept))
    # Pages of a mapped file count as available, and yet a model that answers needs them.
    free = now.ram_budget - sum(model.mapped for model in kept)
    free = min(free, whole.ram_budget - sum(model.ram for model in kept))
    return Room(replace(as_known(now, whole), ram_budget=max(0, free)), *process_limits())


def _busy_nodes(report: HardwareReport, kept: tuple[Taken, ...]) -> HardwareReport:
    """A node serves one worker at a time, so that one in use has nothing for another model."""
    used = {name for model in kept for name, _ in model.vram}
    gpus = tuple(
        replace(gpu, vram_free_bytes=0) if is_node(gpu.device) and gpu.name in used else gpu
        for gpu in report.gpus
    )
    return replace(report, gpus=gpus)


def _without(report: HardwareReport, leaving: tuple[Taken, ...]) -> HardwareReport:
    memory = report.memory
    own = sum(model.ram - model.mapped for model in leaving)
    memory = replace(memory, available_bytes=min(memory.available_bytes + own, memory.usable_bytes))
    freed = [entry for model in leaving for entry in model.vram]
    gpus = []
    for gpu in report.gpus:
        size = sum(size for name, size in freed if name == gpu.name)
        freed = [entry for entry in freed if entry[0] != gpu.name]
        gpus.append(replace(gpu, vram_free_bytes=min(gpu.vram_free_bytes + size, gpu.vram_bytes)))
    return replace(report, memory=memory, gpus=tuple(gpus))


def process_limits() -> tuple[int | None, int | None]:
    """(bytes that a worker may map for a model, bytes of them that may be its own), None without
    limit. Workers inherit the limits of this process."""
    if sys.platform == "win32":
        return None, None
    return _left(resource.RLIMIT_AS, _WORKER_MAPPED), _left(resource.RLIMIT_DATA, _WORKER_PRIVATE)


def _left(limit: int, taken: int) -> int | None:
    soft, _ = resource.getrlimit(limit)
    return None if soft == resource.RLIM_INFINITY else max(0, soft - taken)


def _first_report(paths: Paths, list_devices: ListDevices | None) -> HardwareReport:
    report = quick_report([paths.models])
    # Without the engine no GPU counts as usable. Apple's show in its list only.
    if list_devices is not None and (report.gpus or sys.platform == "darwin"):
        return quick_report([paths.models], list_devices)
    return report


def _gpus_now(gpus: tuple[GpuInfo, ...], list_devices: ListDevices | None) -> tuple[GpuInfo, ...]:
    """With what is free on them now; as they were checked where nobody tells."""
    gpus = tuple(_node_now(gpu) if is_node(gpu.device) else gpu for gpu in gpus)
    usable = [gpu for gpu in gpus if gpu.usable and gpu.vram_bytes and not is_node(gpu.device)]
    if not usable:
        return gpus
    free = _driver.free()
    if list_devices is not None and any(gpu.pci_id not in free for gpu in usable):
        return _by_engine(gpus, list_devices)
    return tuple(replace(gpu, vram_free_bytes=free.get(gpu.pci_id, gpu.vram_free_bytes)) for gpu in gpus)


def _node_now(gpu: GpuInfo) -> GpuInfo:
    """One that does not answer has nothing free. What a node has is asked for when it is added: it is not
    ours to ask while a model is on it."""
    there = answers(parse_node(gpu.device)[0], _NODE_PATIENCE_S)
    return replace(gpu, vram_free_bytes=gpu.vram_bytes if there else 0)


class _Driver:
    """NVIDIA's, asked in a thread of its own: one whose card has left the bus may never answer. While it
    is silent it is not asked again."""

    def __init__(self) -> None:
        self._asked: threading.Thread | None = None
        self._lock = threading.Lock()

    def free(self) -> dict[str, int]:
        """Bytes by PCI id; empty where it is broken or silent."""
        found: dict[str, int] = {}
        with self._lock:
            if self._asked is None or not self._asked.is_alive():
                self._asked = threading.Thread(target=_ask_nvml, args=(found,), name="driver", daemon=True)
                self._asked.start()
            self._asked.join(_DRIVER_PATIENCE_S)
            if self._asked.is_alive():
                log.warning("NVIDIA's driver does not answer")
                return {}
        return found


_driver = _Driver()


def _ask_nvml(found: dict[str, int]) -> None:
    try:
        found.update({card.pci_id: card.free_bytes for card in nvml_cards() if card.pci_id})
    except ProbeError as error:
        log.warning("free memory of GPUs: %s", error)


def _by_engine(gpus: tuple[GpuInfo, ...], list_devices: ListDevices) -> tuple[GpuInfo, ...]:
    """Cards of one name are told apart by their order, which is the same every time. One that the
    engine does not list any more has nothing free, nor has any where it cannot list them."""
    devices: list[DeviceFacts] = []
    try:
        devices = [device for device in list_devices() if device.kind in ("gpu", "igpu")]
    except DesksideError as error:
        log.warning("free memory of GPUs: %s", error)
    found = []
    for gpu in gpus:
        if is_node(gpu.device):
            found.append(gpu)
            continue
        device = next((one for one in devices if gpu.usable and one.description == gpu.name), None)
        free = 0
        if device is not None:
            devices.remove(device)
            free = min(gpu.vram_bytes, device.memory_free_bytes)
        found.append(replace(gpu, vram_free_bytes=free))
    return tuple(found)
