"""Figures of a check that a person corrects by hand: KEY=VALUE, applied to a report as a pure function.

Keys: `cpu.threads`, `memory.total`, `memory.bandwidth`, `disk.read`, and for each GPU, counted from 0
in the report's order, `gpu.N.vram`, `gpu.N.bandwidth`, `gpu.N.usable`. Sizes are bytes or carry a unit
("64GiB", "64 GB"), rates too ("50GB/s"); `usable` is yes or no.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.errors import UsageError
from engine.hardware.report import BandwidthMeasurement, GpuInfo, HardwareReport, MemoryInfo
from engine.messages import sentence

_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,6})?) ?([kmgtp]?i?b?)(/s)?", re.IGNORECASE | re.ASCII)
_GPU_KEY = re.compile(r"gpu\.([0-9]{1,2})\.(vram|bandwidth|usable)", re.ASCII)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_LEAST_BYTES, _MOST_BYTES = 2**20, 2**50
_LEAST_RATE, _MOST_RATE = 1e6, 1e15
_MOST_THREADS = 65_536
_YES, _NO = ("yes", "true", "on", "1", "是"), ("no", "false", "off", "0", "否")
KNOWN_KEYS = (
    "cpu.threads",
    "memory.total",
    "memory.bandwidth",
    "disk.read",
    "gpu.N.vram",
    "gpu.N.bandwidth",
    "gpu.N.usable",
)


@dataclass(frozen=True, slots=True)
class GpuOverrides:
    """Of the card at that place of the report; None leaves a figure as it was found."""

    index: int
    vram_bytes: int | None = None
    bandwidth_bytes_per_second: float | None = None
    usable: bool | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    threads: int | None = None  # logical processors that may be used
    memory_bytes: int | None = None
    memory_bytes_per_second: float | None = None
    disk_bytes_per_second: float | None = None  # of the disk that holds the models
    gpus: tuple[GpuOverrides, ...] = ()


def parse_overrides(pairs: Iterable[tuple[str, str]]) -> Overrides:
    """Of equal keys the last counts. Raises: UsageError, naming the key and what it may be."""
    found = Overrides()
    for key, value in pairs:
        found = _with(found, key.strip().lower(), value.strip())
    return found


def believable(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Those pairs that can be parsed: what a damaged settings file holds must not stop a check."""
    kept = []
    for pair in pairs:
        try:
            parse_overrides((pair,))
        except UsageError:
            continue  # shown nowhere, since nobody typed it just now
        kept.append(pair)
    return tuple(kept)


def apply_overrides(report: HardwareReport, overrides: Overrides) -> HardwareReport:
    """The report with a person's figures in place of those found, and their keys in `overridden`.

    Pure. What is in use stays as it was found; a GPU that is not there (any more) is passed over.
    """
    keys: list[str] = []
    if overrides.threads is not None:
        keys.append("cpu.threads")
        usable = float(min(overrides.threads, report.cpu.logical_cores))
        report = replace(report, cpu=replace(report.cpu, usable_cores=usable))
    if overrides.memory_bytes is not None:
        keys.append("memory.total")
        report = replace(report, memory=_resized(report.memory, overrides.memory_bytes))
    if overrides.memory_bytes_per_second is not None:
        keys.append("memory.bandwidth")
        rate = _given(overrides.memory_bytes_per_second, report.memory.bandwidth)
        report = replace(report, memory=replace(report.memory, bandwidth=rate))
    if overrides.disk_bytes_per_second is not None and report.disks:
        keys.append("disk.read")
        first = report.disks[0]  # the one that holds the models
        rate = _given(overrides.disk_bytes_per_second, first.read)
        report = replace(report, disks=(replace(first, read=rate, reason=None), *report.disks[1:]))
    for given in overrides.gpus:
        if given.index < len(report.gpus):
            gpus = list(report.gpus)
            gpus[given.index] = _corrected(gpus[given.index], given)
            report = replace(report, gpus=tuple(gpus))
            keys += _keys_of(given)
    return replace(report, overridden=tuple(keys))


def _resized(memory: MemoryInfo, total: int) -> MemoryInfo:
    """What programs use now is taken from the new total; a limit below it goes on to count."""
    used = memory.total_bytes - memory.available_bytes
    limit = memory.limit_bytes if memory.limit_bytes is not None and memory.limit_bytes < total else None
    return replace(memory, total_bytes=total, available_bytes=max(0, total - used), limit_bytes=limit)


def _given(rate: float, found: BandwidthMeasurement | None) -> BandwidthMeasurement:
    return BandwidthMeasurement(rate, found.threads if found else 1, busy=False, by_hand=True)


def _corrected(gpu: GpuInfo, given: GpuOverrides) -> GpuInfo:
    if given.vram_bytes is not None and not gpu.vram_bytes and gpu.shared_bytes:
        gpu = replace(
            gpu, shared_bytes=given.vram_bytes
        )  # it computes in main memory: no more than that of it
    elif given.vram_bytes is not None:
        used = gpu.vram_bytes - gpu.vram_free_bytes
        free = max(0, given.vram_bytes - used)
        gpu = replace(gpu, vram_bytes=given.vram_bytes, vram_free_bytes=free)
    if given.bandwidth_bytes_per_second is not None:
        gpu = replace(gpu, bandwidth_bytes_per_second=given.bandwidth_bytes_per_second)
    if given.usable is not None and given.usable != gpu.usable:
        reason = None if given.usable else sentence("gpu_switched_off", name=gpu.name)
        gpu = replace(gpu, usable=given.usable, reason=reason)
    return gpu


def _keys_of(given: GpuOverrides) -> list[str]:
    told = {
        "vram": given.vram_bytes,
        "bandwidth": given.bandwidth_bytes_per_second,
        "usable": given.usable,
    }
    return [f"gpu.{given.index}.{name}" for name, value in told.items() if value is not None]


def _with(found: Overrides, key: str, value: str) -> Overrides:
    if key == "cpu.threads":
        return replace(found, threads=_threads(key, value))
    if key == "memory.total":
        return replace(found, memory_bytes=_bytes(key, value))
    if key == "memory.bandwidth":
        return replace(found, memory_bytes_per_second=_rate(key, value))
    if key == "disk.read":
        return replace(found, disk_bytes_per_second=_rate(key, value))
    gpu = _GPU_KEY.fullmatch(key)
    if gpu is None:
        raise UsageError.of("override_unknown", key=key[:60], known=", ".join(KNOWN_KEYS))
    index = int(gpu[1])
    before = next((one for one in found.gpus if one.index == index), GpuOverrides(index))
    if gpu[2] == "vram":
        after = replace(before, vram_bytes=_bytes(key, value))
    elif gpu[2] == "bandwidth":
        after = replace(before, bandwidth_bytes_per_second=_rate(key, value))
    else:
        after = replace(before, usable=_yes_or_no(key, value))
    others = [one for one in found.gpus if one.index != index]
    return replace(found, gpus=tuple(sorted([*others, after], key=lambda one: one.index)))


def _threads(key: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal()) or not 1 <= int(value[:9]) <= _MOST_THREADS:
        raise _refused(key, value, f"a whole number from 1 to {_MOST_THREADS}")
    return int(value)


def _bytes(key: str, value: str) -> int:
    size = _number(value, rate=False)
    if not _LEAST_BYTES <= size <= _MOST_BYTES:
        raise _refused(key, value, "a size such as 64GiB, from 1 MiB to 1 PiB")
    return int(size)


def _rate(key: str, value: str) -> float:
    rate = _number(value, rate=True)
    if not _LEAST_RATE <= rate <= _MOST_RATE:
        raise _refused(key, value, "a rate such as 50GB/s, from 1 MB/s")
    return rate


def _number(value: str, rate: bool) -> float:
    """Bytes, of "64GiB" or "64 GB" or "64000000"; not a number where it is none."""
    found = _SIZE.fullmatch(value)
    if found is None or (found[3] and not rate):
        return math.nan
    unit = found[2].lower()
    base = 1024 if "i" in unit else 1000
    power = _POWERS.get(unit.rstrip("b").rstrip("i"))
    return math.nan if power is None else float(found[1]) * base**power


def _yes_or_no(key: str, value: str) -> bool:
    if value.lower() not in _YES + _NO:
        raise _refused(key, value, "yes or no")
    return value.lower() in _YES


def _refused(key: str, value: str, wanted: str) -> UsageError:
    return UsageError.of("override_refused", key=key, value=value[:60], wanted=wanted)
