"""What is different between two checks of one machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.hardware.report import BandwidthMeasurement, CpuInfo, DiskInfo, GpuInfo, HardwareReport
from engine.messages import Sentence, sentence

# Two checks of an idle machine differ by less; of a busy one by anything, so that says nothing.
_RATE_NOISE = 0.15
# Free space moves all the time: shown from a share and a size on.
_SPACE_SHARE = 0.10
_SPACE_BYTES = 10 * 2**30
# A kernel's update moves the total by some MiB.
_MEMORY_SHARE = 0.02


class Part(StrEnum):
    CPU = "cpu"
    MEMORY = "memory"
    GPU = "gpu"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Change:
    part: Part
    message: Sentence


def compare(old: HardwareReport, new: HardwareReport) -> tuple[Change, ...]:
    """What changed by more than noise, in the report's order; nothing for equal machines. Pure."""
    changes = [Change(Part.CPU, message) for message in _cpu(old.cpu, new.cpu)]
    changes += [Change(Part.MEMORY, message) for message in _memory(old, new)]
    changes += [Change(Part.GPU, message) for message in _gpus(old.gpus, new.gpus)]
    changes += [Change(Part.DISK, message) for message in _disks(old.disks, new.disks)]
    return tuple(changes)


def _cpu(old: CpuInfo, new: CpuInfo) -> Iterator[Sentence]:
    if (old.model, old.physical_cores) != (new.model, new.physical_cores):
        yield sentence("change_cpu", before=_cpu_words(old), after=_cpu_words(new))
    elif old.usable_cores != new.usable_cores:
        yield sentence("change_cores", before=f"{old.usable_cores:.3g}", after=f"{new.usable_cores:.3g}")


def _cpu_words(cpu: CpuInfo) -> str:
    return f"{cpu.model} ({cpu.physical_cores})"


def _memory(old: HardwareReport, new: HardwareReport) -> Iterator[Sentence]:
    before, after = old.memory.usable_bytes, new.memory.usable_bytes
    if _moved(before, after, _MEMORY_SHARE):
        yield sentence("change_memory", before=_gib(before), after=_gib(after))
    rates = _rates(old.memory.bandwidth, new.memory.bandwidth)
    if rates is not None:
        yield sentence("change_memory_rate", before=rates[0], after=rates[1])


def _gpus(old: Sequence[GpuInfo], new: Sequence[GpuInfo]) -> Iterator[Sentence]:
    left = list(old)
    for gpu in new:
        known = _same_gpu(left, gpu)
        if known is None:
            yield sentence("change_gpu_new", name=gpu.name)
            continue
        left.remove(known)
        yield from _gpu(known, gpu)
    for gpu in left:
        yield sentence("change_gpu_gone", name=gpu.name)


def _same_gpu(among: Sequence[GpuInfo], gpu: GpuInfo) -> GpuInfo | None:
    """The slot may change and the name may: one of both is enough, the slot with the same vendor."""
    by_slot = [one for one in among if gpu.pci_id and (one.pci_id, one.vendor) == (gpu.pci_id, gpu.vendor)]
    by_name = [one for one in among if one.name == gpu.name]
    return next(iter((*[one for one in by_slot if one in by_name], *by_name)), None)


def _gpu(old: GpuInfo, new: GpuInfo) -> Iterator[Sentence]:
    if old.usable != new.usable:
        yield sentence("change_gpu_usable" if new.usable else "change_gpu_unusable", name=new.name)
    if _moved(old.vram_bytes, new.vram_bytes, _MEMORY_SHARE):
        before, after = _gib(old.vram_bytes), _gib(new.vram_bytes)
        yield sentence("change_gpu_memory", name=new.name, before=before, after=after)
    if old.driver_version and new.driver_version and old.driver_version != new.driver_version:
        versions = {"before": old.driver_version, "after": new.driver_version}
        yield sentence("change_gpu_driver", name=new.name, **versions)


def _disks(old: Sequence[DiskInfo], new: Sequence[DiskInfo]) -> Iterator[Sentence]:
    before = {_place(disk): disk for disk in reversed(old)}
    after = {_place(disk): disk for disk in reversed(new)}
    for place, disk in reversed(after.items()):
        known = before.get(place)
        if known is None:
            yield sentence("change_disk_new", path=disk.mount_point)
            continue
        rates = _rates(known.read, disk.read)
        if rates is not None:
            yield sentence("change_disk_rate", path=disk.mount_point, before=rates[0], after=rates[1])
        moved = abs(known.free_bytes - disk.free_bytes)
        if moved > _SPACE_BYTES and _moved(known.free_bytes, disk.free_bytes, _SPACE_SHARE):
            space = {"before": _gib(known.free_bytes), "after": _gib(disk.free_bytes)}
            yield sentence("change_disk_space", path=disk.mount_point, **space)
    for place, disk in reversed(before.items()):
        if place not in after:
            yield sentence("change_disk_gone", path=disk.mount_point)


def _place(disk: DiskInfo) -> tuple[str, str]:
    return disk.mount_point, disk.device


def _rates(old: BandwidthMeasurement | None, new: BandwidthMeasurement | None) -> tuple[str, str] | None:
    """Both in words where they differ by more than noise; what was measured while busy says nothing."""
    if old is None or new is None or old.busy or new.busy or old.by_hand or new.by_hand:
        return None
    if not _moved(old.bytes_per_second, new.bytes_per_second, _RATE_NOISE):
        return None
    return _rate(old.bytes_per_second), _rate(new.bytes_per_second)


def _moved(before: float, after: float, share: float) -> bool:
    return abs(after - before) > share * max(before, after)


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.1f} GiB"


def _rate(bytes_per_second: float) -> str:
    if bytes_per_second >= 1e9:
        return f"{bytes_per_second / 1e9:.1f} GB/s"
    return f"{bytes_per_second / 1e6:.0f} MB/s"
