"""Values of the check in plain words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.hardware.report import CpuInfo, DiskInfo, GpuInfo, MemoryInfo
from gui.widgets.bytes_text import format_bytes, format_rate

_SEPARATOR = " · "


def cpu_words(cpu: CpuInfo) -> str:
    """Model, cores and the instruction sets that count."""
    cores = _tr("{cores} cores, {threads} threads")
    words = [cpu.model, cores.format(cores=cpu.physical_cores, threads=cpu.logical_cores)]
    if cpu.performance_cores < cpu.physical_cores:
        words.append(_tr("{count} fast").format(count=cpu.performance_cores))
    if cpu.sockets is not None and cpu.sockets > 1:
        words.append(_tr("{count} socket(s)").format(count=cpu.sockets))
    if cpu.numa_nodes is not None and cpu.numa_nodes > 1:
        words.append(_tr("{count} NUMA node(s)").format(count=cpu.numa_nodes))
    if cpu.usable_cores < cpu.logical_cores:
        words.append(_tr("{usable} usable").format(usable=f"{cpu.usable_cores:g}"))
    if cpu.instruction_sets:
        words.append(", ".join(cpu.instruction_sets))
    return _SEPARATOR.join(words)


def memory_words(memory: MemoryInfo) -> str:
    words = _tr("{total} in all, {available} free").format(
        total=format_bytes(memory.total_bytes), available=format_bytes(memory.available_bytes)
    )
    if memory.usable_bytes < memory.total_bytes:
        words += _SEPARATOR + _tr("limited to {limit}").format(limit=format_bytes(memory.usable_bytes))
    if memory.modules:
        kind = memory.modules[0].kind or "RAM"
        if memory.modules[0].megatransfers:
            kind += f"-{memory.modules[0].megatransfers}"
        modules = _tr("{count} memory module(s), {kind}")
        words += _SEPARATOR + modules.format(count=len(memory.modules), kind=kind)
    if memory.channels:
        words += _SEPARATOR + _tr("{count} channel(s)").format(count=memory.channels)
    if memory.swap_bytes:
        words += _SEPARATOR + _tr("swap {size}").format(size=format_bytes(memory.swap_bytes))
    return words


def gpu_words(gpus: tuple[GpuInfo, ...]) -> str:
    """One line for each GPU; a machine without one is told what that means."""
    if not gpus:
        return _tr("None found: models run on the processor.")
    return "\n".join(_gpu_line(gpu) for gpu in gpus)


def _gpu_line(gpu: GpuInfo) -> str:
    words = [gpu.name]
    if gpu.vram_bytes:
        words.append(_tr("{size} of its own memory").format(size=format_bytes(gpu.vram_bytes)))
    elif gpu.shared_bytes:
        words.append(_tr("shares the machine's memory"))
    if gpu.pcie is not None:
        words.append(f"PCIe {gpu.pcie.most_generation} ×{gpu.pcie.most_width}")
    if gpu.driver_version:
        words.append(_tr("driver {version}").format(version=gpu.driver_version))
    if not gpu.usable:
        words.append(_tr("cannot be used"))
    return _SEPARATOR.join(words)


def disk_words(disk: DiskInfo) -> str:
    return _tr("{free} free of {total} on {mount}").format(
        free=format_bytes(disk.free_bytes), total=format_bytes(disk.total_bytes), mount=disk.mount_point
    )


def further_disk_words(disk: DiskInfo) -> str:
    """With its speed in the same line, since the row's own figure is that of the models' disk."""
    words = [disk_words(disk)]
    if disk.read is not None:
        words.append(_tr("reads {rate}").format(rate=format_rate(disk.read.bytes_per_second)))
    elif disk.writable:
        words.append(_tr("speed not measured"))
    if not disk.writable:
        words.append(_tr("read-only"))
    return _SEPARATOR.join(words)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Wizard", text)
