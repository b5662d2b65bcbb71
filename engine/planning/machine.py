"""What planning needs of a hardware report: how much may be used, and how fast it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from engine.figures import Range
from engine.hardware.built_in import has_no_slot, memory_is_built_in
from engine.hardware.cpu_names import published_cpu
from engine.hardware.described import EngineKind, GpuBackend
from engine.hardware.gpu_names import published_gpu, shares_memory
from engine.hardware.nodes import is_node
from engine.hardware.report import BandwidthMeasurement, CpuInfo, GpuInfo, HardwareReport, MemoryInfo
from engine.planning.calibration import UNCORRECTED, Calibration, Corrections

GIB = 1 << 30
MIB = 1 << 20

# What the system and the desktop keep of main memory: an eighth, but never less than 1 GiB
# (a bare Linux with a desktop) and not more than 6 GiB (a full one with a browser). Machines of
# less than 2 GiB have no such desktop; half of it is theirs.
SYSTEM_LEAST = 1 * GIB
SYSTEM_MOST = 6 * GIB
SYSTEM_PART = 8
# Never take the last bit of what is free now: the page cache and other programs breathe.
FREE_MARGIN = 256 * MIB
# llama.cpp's own fitting leaves 1024 MiB of a GPU free; small cards cannot spare that much.
GPU_MARGIN_LEAST = 512 * MIB
GPU_MARGIN_MOST = 1024 * MIB
GPU_MARGIN_PART = 16

# Main memory that was not measured: two channels of DDR4-3200 read about 40 GB/s in practice,
# a server with eight channels about 150 (facts gathered 2026-11-23).
DESKTOP_BANDWIDTH = Range(20e9, 40e9, 70e9)
SERVER_BANDWIDTH = Range(60e9, 150e9, 400e9)
SERVER_CORES = 24
# A disk that was not measured: from a SATA SSD to a PCIe 4 NVMe.
UNKNOWN_DISK = Range(0.3e9, 1.5e9, 5e9)
# A GPU whose bandwidth is not known, by its memory in GiB: the slowest usual card of that size.
GPU_BANDWIDTH_GUESSES = ((40, 700e9), (20, 600e9), (10, 350e9), (0, 200e9))


# Of a GPU's memory that its driver keeps for a program's context and kernels.
GPU_OVERHEAD = 350 * MIB
# The "architecture" of a processor that another machine lends.
PROCESSOR = "processor"
# PCIe 4.0 x16 carries 25 of its 31.5 GB/s in copies of weights.
USUAL_PCIE = 25e9
# The largest pair of modules that a notebook takes.
MOST_PORTABLE = 128 * GIB
# The core that kernel rates are stated for: AVX2 at 4 GHz.
REFERENCE_CLOCK = 4e9


@dataclass(frozen=True, slots=True)
class GpuBudget:
    """A usable GPU. Rates in bytes per second."""

    name: str
    budget: int  # bytes that weights, cache and buffers may take
    bandwidth: float
    bandwidth_known: bool
    unified: bool  # its memory is main memory (Apple, GB10, Strix Halo)
    architecture: str = ""  # as in the catalogue of GPUs: "ada", "rdna3", "apple"; "" unknown
    units: int = 0  # multiprocessors, compute units, cores; 0 unknown
    clock_hz: float = 0.0
    pcie: float = USUAL_PCIE  # to main memory
    backend: GpuBackend | None = None  # None: the usual one of its maker
    device: str = ""  # as the engine names it, "CUDA0", or of a node; "" leaves the choice to it
    overhead: int = GPU_OVERHEAD  # bytes of its driver's context and kernels
    round_trip_s: float = 0.0  # of a node: a question and its answer over the network
    network: float = 0.0  # bytes per second to it
    operations: float = 0.0  # of a processor, while it reads a prompt; 0: by the chip


class Question(StrEnum):
    """What a description may leave open, by what it is answered with."""

    THREADS = "threads"
    CHANNELS = "channels"
    BUILD = "build"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Unknown:
    """One thing left open: the slowest and the fastest machine that the description fits."""

    question: Question
    slow: Machine
    fast: Machine


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as planning sees it. Sizes in bytes, rates in bytes per second."""

    ram_budget: int
    ram_total: int
    ram_bandwidth: Range
    bandwidth_measured: bool
    disk_bandwidth: Range
    disk_measured: bool
    disk_free: int | None  # the roomiest disk; None where none was looked at
    threads: int
    x86: bool
    wide_vectors: bool  # AVX2, or any ARM
    avx512: bool
    gpus: tuple[GpuBudget, ...]
    amx: bool = False  # tiles of 8-bit integers
    l2_bytes: int = 0  # of a core; 0: not known
    sockets: int = 1
    core_rate: float = 1.0  # kernels of one thread, against AVX2 at REFERENCE_CLOCK
    engine: EngineKind = EngineKind.LLAMA_CPP
    recorded: float = 1.0  # GPU kernels start as a recorded graph: 1 yes, 0 no, between: not known
    merged: float = 1.0  # Vulkan starts several operations as one kernel; as `recorded`
    fused: float = 1.0  # GPUs compute attention in one kernel (flash attention); as `recorded`
    matrices: float = 1.0  # operations of prompts on GPUs, against builds since the summer of 2024
    looped_experts: bool = False  # GPUs compute a layer's experts one by one (builds before spring 2025)
    batch: int = 512  # tokens of a prompt computed at once
    integrated: tuple[str, ...] = ()  # graphics processors without memory of their own, left out
    memory_assumed: bool = False  # a description does not say how much there is
    soldered: bool = False  # its memory is part of its board
    slotless: bool = False  # built like a notebook: neither cards nor another processor go in
    unknowns: tuple[Unknown, ...] = ()  # what a description leaves open
    calibration: Calibration | None = None
    corrections: Corrections = UNCORRECTED  # learnt from runs, for every model
    own: tuple[tuple[str, Corrections], ...] = ()  # the same for single ones, by `build_of`

    @property
    def vram_budget(self) -> int:
        """Memory of the GPUs' own."""
        return sum(gpu.budget for gpu in self.gpus if not gpu.unified)

    @property
    def built_in(self) -> bool:
        """Whether its memory is part of the board, as where a GPU shares it: no more of it is added."""
        chips = (published_gpu(gpu.name) for gpu in self.gpus)
        shared = any(gpu.unified for gpu in self.gpus) or any(chip.unified for chip in chips if chip)
        return self.soldered or shared

    @property
    def takes_cards(self) -> bool:
        """As far as one can tell from its chips: no case is known."""
        return not self.built_in and not self.slotless


def machine_of(report: HardwareReport) -> Machine:
    """The machine behind a report. Only usable GPUs count."""
    cpu = report.cpu
    budget = _ram_budget(report.memory)
    measured = report.memory.bandwidth
    disk = _disk(report)
    x86 = cpu.architecture.lower() in ("x86_64", "amd64", "i386", "i686", "x86")
    return Machine(
        ram_budget=budget,
        ram_total=report.memory.usable_bytes,
        ram_bandwidth=_ram_bandwidth(cpu, measured),
        bandwidth_measured=_valid(measured),
        disk_bandwidth=UNKNOWN_DISK if disk is None else _spread(disk, 0.8, 1.1),
        disk_measured=disk is not None,
        disk_free=max((entry.free_bytes for entry in report.disks), default=None),
        threads=threads_for(cpu, report.busy),
        x86=x86,
        wide_vectors=not x86 or "avx2" in cpu.instruction_sets,
        avx512=any(name.startswith("avx512") for name in cpu.instruction_sets),
        gpus=_gpus(report.gpus, report.memory, budget),
        amx="amx_int8" in cpu.instruction_sets,
        l2_bytes=max((cache.size_bytes for cache in cpu.caches if cache.level == 2), default=0),
        core_rate=core_rate(cpu.model),
        integrated=tuple(gpu.name for gpu in report.gpus if gpu.usable and not _computes(gpu)),
        soldered=memory_is_built_in(report),
        slotless=has_no_slot(report),
    )


def as_known(machine: Machine, known: Machine) -> Machine:
    """The machine with everything that was learnt of another state of it."""
    return replace(machine, calibration=known.calibration, corrections=known.corrections, own=known.own)


def core_rate(model: str) -> float:
    """Of one thread; 1.0 where the CPU is not in the catalogue."""
    known = published_cpu(model)
    return known.clock_hz / REFERENCE_CLOCK * known.kernel_share if known else 1.0


def threads_for(cpu: CpuInfo, busy: bool) -> int:
    """Threads for the engine: whole performance cores, with room left for everything else.

    As many threads as cores collapse when anything else runs (measured: 0.4-3 instead of
    12-30 tokens/s), since each step waits for the slowest thread.
    """
    cores = max(cpu.performance_cores, 1) if cpu.performance_cores else max(cpu.physical_cores, 1)
    cores = max(1, min(cores, math.floor(cpu.usable_cores)))
    if cores >= 16:
        return cores - 2
    if cores >= 4 or (busy and cores > 1):
        return cores - 1
    return cores


def _ram_budget(memory: MemoryInfo) -> int:
    usable = memory.usable_bytes
    system = min(max(usable // SYSTEM_PART, SYSTEM_LEAST), SYSTEM_MOST, usable // 2)
    return max(0, min(usable - system, memory.available_bytes - FREE_MARGIN))


def _valid(measured: BandwidthMeasurement | None) -> bool:
    return (
        measured is not None and math.isfinite(measured.bytes_per_second) and measured.bytes_per_second > 1e6
    )


def _ram_bandwidth(cpu: CpuInfo, measured: BandwidthMeasurement | None) -> Range:
    if measured is None or not _valid(measured):
        return SERVER_BANDWIDTH if cpu.physical_cores >= SERVER_CORES else DESKTOP_BANDWIDTH
    # what was seen while others used the memory is a lower bound
    return _spread(measured.bytes_per_second, 0.9, 1.5 if measured.busy else 1.1)


def _disk(report: HardwareReport) -> float | None:
    rates = [entry.read.bytes_per_second for entry in report.disks if entry.read and _valid(entry.read)]
    return max(rates, default=None)


def _spread(value: float, low: float, high: float) -> Range:
    return Range(value * low, value, value * high)


def _gpus(gpus: tuple[GpuInfo, ...], memory: MemoryInfo, ram_budget: int) -> tuple[GpuBudget, ...]:
    budgets = []
    for gpu in gpus:
        if not gpu.usable or not _computes(gpu):
            continue
        unified = _unified(gpu)
        free = min(gpu.shared_bytes, ram_budget) if unified else min(gpu.vram_free_bytes, gpu.vram_bytes)
        margin = min(max(free // GPU_MARGIN_PART, GPU_MARGIN_LEAST), GPU_MARGIN_MOST)
        known = gpu.bandwidth_bytes_per_second
        valid = known is not None and math.isfinite(known) and known > 1e6
        rate = known if known is not None and valid else _guess(gpu.vram_bytes or memory.total_bytes)
        chip = published_gpu(gpu.name, gpu.vram_bytes or None)
        budgets.append(
            GpuBudget(
                gpu.name,
                max(0, free - margin),
                rate,
                valid,
                unified,
                chip.architecture if chip else PROCESSOR if gpu.prompt_operations else "",
                chip.units if chip else 0,
                chip.clock_hz if chip else 0.0,
                device=gpu.device,
                overhead=0 if is_node(gpu.device) else GPU_OVERHEAD,  # a node's is its own machine's
                round_trip_s=gpu.link.round_trip_s if gpu.link else 0.0,
                network=gpu.link.bytes_per_second if gpu.link else 0.0,
                operations=gpu.prompt_operations,
            )
        )
    return tuple(sorted(budgets, key=lambda gpu: -gpu.bandwidth))


def _unified(gpu: GpuInfo) -> bool:
    shares = gpu.vendor == "Apple" or shares_memory(gpu.name)
    return shares and gpu.vram_bytes == 0 and gpu.shared_bytes > 0


def _computes(gpu: GpuInfo) -> bool:
    """Other integrated GPUs read the same memory no faster than the CPU."""
    return gpu.vram_bytes > 0 or _unified(gpu)


def _guess(size: int) -> float:
    return next(rate for least, rate in GPU_BANDWIDTH_GUESSES if size >= least * GIB)
