"""From a described machine to what planning needs: the report a check of it would have made, and what
the description leaves open, each with the slowest and the fastest machine that it fits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from engine.figures import Range
from engine.hardware.cpu_names import CatalogueCpu, published_cpu
from engine.hardware.described import (
    DescribedEngine,
    DescribedGpu,
    DescribedMemory,
    Description,
    EngineKind,
    GpuBackend,
)
from engine.hardware.gpu_names import is_integrated, published_gpu, shares_memory, vendor_of
from engine.hardware.report import (
    BandwidthMeasurement,
    CpuInfo,
    DiskInfo,
    GpuInfo,
    HardwareReport,
    MemoryInfo,
)
from engine.planning.machine import (
    REFERENCE_CLOCK,
    USUAL_PCIE,
    GpuBudget,
    Machine,
    Question,
    Unknown,
    machine_of,
)

GIB = 1 << 30
# What a plain read reaches of the channels' own rate (46 of 51.2, 225 of 307, 598 of 614 GB/s published).
READ_SHARE = 0.9
# Read rates of machines of which nothing is said: from one channel of DDR4 to eight of DDR5.
DESKTOP_RATES = Range(20e9, 45e9, 85e9)
SERVER_RATES = Range(70e9, 190e9, 420e9)
SERVER_CORES = 17
ENOUGH_MEMORY = 2048 * GIB  # where no size is said
USUAL_CORES = 8
FEWEST_CORES, MOST_CORES = 4, 32  # of a machine of which nothing is said
UNKNOWN_VRAM = 8 * GIB
APPLE_ROOMY = 36 * GIB
# PCIe: payload of a lane by generation, bytes a second; copies reach four fifths of it.
_LANE = {1: 0.25e9, 2: 0.5e9, 3: 0.985e9, 4: 1.97e9, 5: 3.94e9, 6: 7.56e9, 7: 15e9, 8: 30e9}
PCIE_SHARE = 0.8
# llama.cpp records GPU kernels as graphs since this build; others carry it since then too.
RECORDED_BUILD = 2900
RECORDED_DATE = "2024-05"
# Since then the experts of a layer are multiplied together.
LOOPED_BUILD = 5140
LOOPED_DATE = "2025-04"
# And since then attention is one kernel on GPUs unless that is switched off; before, it was a wish.
FUSED_BUILD = 6325
FUSED_DATE = "2025-09"
WISHED = 0.4
# Since then Vulkan starts a router, or a sum and its norm, as one kernel.
MERGED_BUILD = 6850
MERGED_DATE = "2025-11"
MERGED_SHARES = {True: 0.0, None: 0.5, False: 1.0}
# Since then GPUs multiply quantised matrices of prompts on their units for matrices.
MATRICES_BUILD = 3140
MATRICES_DATE = "2024-06"
MATRICES_SHARES = {True: 0.8, None: 0.9, False: 1.0}
_LOOPED = frozenset({EngineKind.LLAMA_CPP, EngineKind.OLLAMA})
_ALWAYS_RECORDED = frozenset({EngineKind.IK_LLAMA, EngineKind.KTRANSFORMERS, EngineKind.OLLAMA})


@dataclass(frozen=True, slots=True)
class _Cpu:
    """What is said of the CPU, what the catalogue adds, and what is left to guess."""

    known: CatalogueCpu | None
    sockets: int
    cores: int
    cores_said: bool
    threads_said: int | None


def report_of(description: Description, now: datetime = datetime(2000, 1, 1, tzinfo=UTC)) -> HardwareReport:
    """The report that a check of that machine would have made, as far as it is described."""
    cpu, memory = _cpu(description), description.memory
    size = memory.size_bytes or ENOUGH_MEMORY
    available = size if memory.available_bytes is None else memory.available_bytes
    rate, _ = _ram_rates(description, cpu)
    return HardwareReport(
        created_at=now,
        system=description.name,
        cpu=_cpu_info(description, cpu),
        memory=MemoryInfo(
            size,
            available,
            None,
            0,
            False,
            BandwidthMeasurement(rate.expected, cpu.cores, False),
            channels=memory.channels,
        ),
        gpus=tuple(info for gpu in description.gpus for info in [_gpu_info(gpu, size)] * gpu.count),
        disks=tuple(
            DiskInfo(
                f"described {number}",
                "",
                "",
                "",
                disk.free_bytes or ENOUGH_MEMORY,
                ENOUGH_MEMORY if disk.free_bytes is None else disk.free_bytes,
                BandwidthMeasurement(disk.read_bytes_per_second, 1, False)
                if disk.read_bytes_per_second
                else None,
                None,
            )
            for number, disk in enumerate(description.disks)
        ),
        busy=False,
        remarks=(),
    )


def described_machine(description: Description) -> Machine:
    """The machine that is planned with. Its `unknowns` are what the description leaves open."""
    cpu = _cpu(description)
    rates, measured = _ram_rates(description, cpu)
    engine = description.engine or DescribedEngine(build="current")
    said = machine_of(report_of(description))
    machine = replace(
        said,
        ram_bandwidth=Range(rates.expected, rates.expected, rates.expected),
        bandwidth_measured=measured,
        threads=cpu.threads_said or _usual_threads(said, description, cpu),
        gpus=_gpus(said, description),
        sockets=cpu.sockets,
        core_rate=_core_rate(description, cpu),
        engine=engine.kind,
        recorded=_recorded(engine),
        merged=MERGED_SHARES[_before(engine, MERGED_BUILD, MERGED_DATE)],
        fused=_fused(engine),
        matrices=MATRICES_SHARES[_before(engine, MATRICES_BUILD, MATRICES_DATE)],
        looped_experts=engine.kind in _LOOPED and _before(engine, LOOPED_BUILD, LOOPED_DATE) is True,
        batch=engine.batch,
        memory_assumed=description.memory.size_bytes is None,
    )
    return replace(machine, unknowns=_unknowns(machine, description, cpu, rates, engine))


def with_threads(machine: Machine, threads: int) -> Machine:
    """The machine with that many threads at work; what was open about them is settled."""
    left = tuple(unknown for unknown in machine.unknowns if unknown.question is not Question.THREADS)
    settled = tuple(
        Unknown(
            unknown.question, replace(unknown.slow, threads=threads), replace(unknown.fast, threads=threads)
        )
        for unknown in left
    )
    return replace(machine, threads=threads, unknowns=settled)


def _cpu(description: Description) -> _Cpu:
    said = description.cpu
    known = published_cpu(said.model)
    sockets = said.sockets or 1
    cores = said.cores or (known.cores * sockets if known else said.threads or USUAL_CORES)
    return _Cpu(known, sockets, cores, bool(said.cores or known), said.threads)


def _usual_threads(said: Machine, description: Description, cpu: _Cpu) -> int:
    """This program leaves a core or two to others; other engines take all fast cores."""
    if description.engine is None or not cpu.cores_said:
        return min(said.threads, cpu.cores)
    return _cpu_info(description, cpu).performance_cores


def _cpu_info(description: Description, cpu: _Cpu) -> CpuInfo:
    said, known = description.cpu, cpu.known
    arm = said.architecture == "arm64" or (not said.architecture and known is not None and known.arm)
    sets = said.instruction_sets
    if sets is None:
        sets = known.instruction_sets if known else ("neon",) if arm else ("avx2",)
    performance = cpu.cores
    if known and known.performance_cores < known.cores:
        performance = max(1, cpu.cores * known.performance_cores // known.cores)
    return CpuInfo(
        model=said.model,
        architecture="arm64" if arm else "x86_64",
        physical_cores=cpu.cores,
        logical_cores=cpu.cores,
        performance_cores=performance,
        usable_cores=float(cpu.cores),
        instruction_sets=sets,
        l3_bytes=None,
    )


def _core_rate(description: Description, cpu: _Cpu) -> float:
    share = cpu.known.kernel_share if cpu.known else 1.0
    clock = description.cpu.clock_hz or (cpu.known.clock_hz if cpu.known else 0.0)
    return clock / REFERENCE_CLOCK * share if clock else 0.85


def _ram_rates(description: Description, cpu: _Cpu) -> tuple[Range, bool]:
    """(what memory reads, all sockets together, and its bounds; whether that is known)."""
    memory, known = description.memory, cpu.known
    if memory.bandwidth_bytes_per_second:
        rate = memory.bandwidth_bytes_per_second
        return Range(rate, rate, rate), True
    transfers = memory.transfers_per_second or (known.transfers_per_second if known else None)
    channels = memory.channels or (known.channels * cpu.sockets if known else None)
    if transfers and channels:
        return _of_channels(memory, cpu, transfers, channels)
    guess = SERVER_RATES if cpu.cores >= SERVER_CORES or cpu.sockets > 1 else DESKTOP_RATES
    if memory.channels:  # at a speed that is not said: DDR4-2400 to DDR5-6400
        return _spread(memory.channels * 3600e6 * 8 * READ_SHARE, 0.66, 1.75), False
    if transfers:
        return _spread(transfers * 8 * READ_SHARE * (8 if cpu.cores >= SERVER_CORES else 2), 0.5, 1.5), False
    return guess, False


def _of_channels(memory: DescribedMemory, cpu: _Cpu, transfers: float, channels: int) -> tuple[Range, bool]:
    bus = cpu.known.bus_bytes if cpu.known else 8
    fabric = cpu.known.fabric_bytes_per_second if cpu.known else None

    def reads(channels: float, transfers: float) -> float:
        rate = channels * transfers * bus * READ_SHARE
        return min(rate, fabric * cpu.sockets) if fabric else rate

    expected = reads(channels, transfers)
    if memory.channels or (cpu.known and cpu.known.bus_bytes != 8) or channels <= 1:
        return Range(expected, expected, expected), True
    # Servers are often sold with half of their channels empty, desktops hardly ever.
    half = channels / 2 if channels > 2 else channels
    slowest = transfers if memory.transfers_per_second else transfers * 0.85
    fastest = transfers if memory.transfers_per_second else transfers * 1.15
    return Range(reads(half, slowest), expected, max(expected, reads(channels, fastest))), channels <= 2


def _spread(value: float, low: float, high: float) -> Range:
    return Range(value * low, value, value * high)


def _gpu_info(gpu: DescribedGpu, ram: int) -> GpuInfo:
    known = published_gpu(gpu.name, gpu.vram_bytes)
    shares = shares_memory(gpu.name)
    # More than there is of main memory was set aside for it before the system counted that.
    apart = shares and (gpu.vram_bytes or 0) > ram
    size = gpu.vram_bytes or (int(known.memory_bytes) if known and known.memory_bytes else UNKNOWN_VRAM)
    own = 0 if (shares and not apart) or is_integrated(gpu.name) else size
    vendor = known.vendor if known else vendor_of(gpu.name)
    return GpuInfo(
        name=gpu.name,
        vendor=vendor,
        pci_id="",
        vram_bytes=own,
        vram_free_bytes=own,
        shared_bytes=0 if own else _lent(gpu, vendor, ram),
        driver="",
        bandwidth_bytes_per_second=gpu.bandwidth_bytes_per_second
        or (known.bandwidth_bytes_per_second if known else None),
        usable=True,
        reason=None,
        found_by=("described",),
    )


def _lent(gpu: DescribedGpu, vendor: str, ram: int) -> int:
    """Bytes of main memory that a chip which shares it may use."""
    if gpu.vram_bytes:
        return min(gpu.vram_bytes, ram)
    if vendor == "Apple":  # Metal's recommendedMaxWorkingSetSize: 21.3 of 32 GiB, 27 of 36, 96 of 128
        return ram * 3 // 4 if ram >= APPLE_ROOMY else ram * 2 // 3
    return ram if vendor == "NVIDIA" else ram * 3 // 4


def _gpus(said: Machine, description: Description) -> tuple[GpuBudget, ...]:
    """The budgets with what is said of links and back ends, and the chips of their names."""
    by_name = {gpu.name: gpu for gpu in description.gpus}
    made = []
    for budget in said.gpus:
        gpu = by_name[budget.name]
        chip = published_gpu(gpu.name, gpu.vram_bytes) or published_gpu(gpu.name)
        made.append(
            replace(
                budget,
                architecture=chip.architecture if chip else "",
                units=chip.units if chip else 0,
                clock_hz=chip.clock_hz if chip else 0.0,
                pcie=_pcie(gpu),
                backend=None if gpu.backend in (GpuBackend.CUDA, GpuBackend.ROCM) else gpu.backend,
            )
        )
    return tuple(made)


def _pcie(gpu: DescribedGpu) -> float:
    if gpu.pcie_generation is None and gpu.pcie_lanes is None:
        return USUAL_PCIE
    return _LANE[gpu.pcie_generation or 4] * (gpu.pcie_lanes or 16) * PCIE_SHARE


def _recorded(engine: DescribedEngine) -> float:
    """Whether that build starts GPU kernels as a graph; between 0 and 1 where it is not said."""
    before = _before(engine, RECORDED_BUILD, RECORDED_DATE)
    if before is None:
        return 1.0 if engine.kind in _ALWAYS_RECORDED else 0.5
    return 0.0 if before else 1.0


def _fused(engine: DescribedEngine) -> float:
    """Whether that build computes attention in one kernel; between 0 and 1 where people choose."""
    if engine.kind not in _LOOPED:
        return 1.0
    return 1.0 if _before(engine, FUSED_BUILD, FUSED_DATE) is False else WISHED


def _before(engine: DescribedEngine, number: int, month: str) -> bool | None:
    """Whether the build is older than that one of llama.cpp; None where it is not said. A year alone
    is taken for its middle."""
    build = engine.build.lower().strip()
    date = re.search(r"\b(20\d\d)(?:[-./]?(\d\d))?", build)
    if date:
        return f"{date[1]}-{date[2] or '06'}" < month
    numbered = re.fullmatch(r"b?(\d{3,6})", build)
    if numbered:
        return engine.kind is EngineKind.LLAMA_CPP and int(numbered[1]) < number
    return False if build else None


# what is left open
def _unknowns(
    machine: Machine, description: Description, cpu: _Cpu, rates: Range, engine: DescribedEngine
) -> tuple[Unknown, ...]:
    found: list[Unknown] = []

    def ask(question: Question, change: Callable[[bool], Machine]) -> None:
        found.append(Unknown(question, change(False), change(True)))

    if rates.low < rates.expected or rates.high > rates.expected:
        ask(Question.CHANNELS, lambda fast: _with_ram(machine, rates.high if fast else rates.low))
    if cpu.threads_said is None:
        least, most = _thread_bounds(machine, cpu)
        ask(Question.THREADS, lambda fast: replace(machine, threads=most if fast else least))
    if 0 < machine.recorded < 1 and machine.gpus:
        ask(Question.BUILD, lambda fast: replace(machine, recorded=float(fast)))
    if not any(disk.read_bytes_per_second for disk in description.disks):
        disk = machine.disk_bandwidth
        ask(Question.DISK, lambda fast: _with_disk(machine, disk.high if fast else disk.low))
    return tuple(found)


def _thread_bounds(machine: Machine, cpu: _Cpu) -> tuple[int, int]:
    if not cpu.cores_said:
        return min(FEWEST_CORES, machine.threads), max(MOST_CORES, machine.threads)
    return max(1, min(-(-cpu.cores * 4 // 5), machine.threads)), max(cpu.cores, machine.threads)


def _with_ram(machine: Machine, rate: float) -> Machine:
    return replace(machine, ram_bandwidth=Range(rate, rate, rate))


def _with_disk(machine: Machine, rate: float) -> Machine:
    return replace(machine, disk_bandwidth=Range(rate, rate, rate))
