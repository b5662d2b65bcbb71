"""What a check finds out about a machine. Values only; sizes in bytes, rates in bytes per second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from engine.messages import Sentence


@dataclass(frozen=True, slots=True)
class CpuCache:
    """All caches of one level and kind."""

    level: int
    kind: str  # "data", "instruction" or "unified"
    size_bytes: int  # of each
    count: int


@dataclass(frozen=True, slots=True)
class CpuInfo:
    model: str
    architecture: str  # as platform.machine() has it
    physical_cores: int
    logical_cores: int
    performance_cores: int  # equal to physical_cores where all are alike
    usable_cores: float  # after affinity and cgroup quota
    instruction_sets: tuple[str, ...]  # those that matter to ggml, e.g. "avx2", "avx512f"
    l3_bytes: int | None
    caches: tuple[CpuCache, ...] = ()  # empty where nobody tells
    sockets: int | None = None
    numa_nodes: int | None = None
    affinity_cores: int | None = None  # logical processors that this process may run on
    quota_cores: float | None = None  # processors' worth of time of the control group; None without limit


@dataclass(frozen=True, slots=True)
class BandwidthMeasurement:
    """A measured read bandwidth."""

    bytes_per_second: float  # the best of the sweep, medians per point
    threads: int  # at which it was reached
    busy: bool  # other programs disturbed the measurement
    sweep: tuple[tuple[int, float], ...] = ()  # (threads, bytes per second)
    by_hand: bool = False  # not measured: a person gave it


@dataclass(frozen=True, slots=True)
class MemoryModule:
    """A populated slot, as the firmware describes it."""

    slot: str  # "DIMM_A1"
    size_bytes: int
    kind: str  # "DDR5", "" where the firmware does not tell
    megatransfers: int | None  # a second, as configured
    channel: str  # "0A": socket and channel, "" where its name does not tell


@dataclass(frozen=True, slots=True)
class MemoryInfo:
    total_bytes: int
    available_bytes: int
    limit_bytes: int | None  # cgroup limit, when lower than total
    swap_bytes: int
    wsl: bool
    bandwidth: BandwidthMeasurement | None
    swap_free_bytes: int | None = None
    modules: tuple[MemoryModule, ...] = ()  # empty where nobody tells
    channels: int | None = None  # populated ones, never guessed

    @property
    def usable_bytes(self) -> int:
        """What programs may use in all: the total, or the limit if that is lower."""
        return self.total_bytes if self.limit_bytes is None else min(self.total_bytes, self.limit_bytes)


@dataclass(frozen=True, slots=True)
class PcieLink:
    """Generation 4 is 16 GT/s. A card at rest lowers its current link."""

    generation: int
    width: int
    most_generation: int
    most_width: int


@dataclass(frozen=True, slots=True)
class NetworkLink:
    """Between this machine and a node, encryption included; measured when it was added."""

    round_trip_s: float
    bytes_per_second: float


@dataclass(frozen=True, slots=True)
class GpuInfo:
    name: str
    vendor: str  # "NVIDIA", "AMD", "Intel", "Apple" or ""
    pci_id: str  # "0000:01:00.0", "" where unknown
    vram_bytes: int  # dedicated memory; 0 for an integrated GPU
    vram_free_bytes: int
    shared_bytes: int  # system memory it may borrow; never added to vram_bytes
    driver: str
    bandwidth_bytes_per_second: float | None  # from the catalogue of GPUs, an estimate
    usable: bool  # the engine at hand can compute on it
    reason: Sentence | None  # why it is not usable, and the remedy
    found_by: tuple[str, ...]  # probes that saw it: "ggml", "nvml", "sysfs", "vulkan", "dxgi", "metal"
    driver_version: str = ""
    pcie: PcieLink | None = None
    shared_free_bytes: int | None = None
    device: str = ""  # as the engine names it, "CUDA0"; "" where it does not list it
    link: NetworkLink | None = None  # of a node
    prompt_operations: float = 0.0  # a second, of a processor that is lent; 0: a graphics card


@dataclass(frozen=True, slots=True)
class DiskInfo:
    path: str  # the folder that was asked about
    mount_point: str
    device: str
    filesystem: str
    total_bytes: int
    free_bytes: int
    read: BandwidthMeasurement | None  # uncached sequential read
    reason: Sentence | None  # why `read` is missing
    writable: bool = True  # models can be kept there by this user


@dataclass(frozen=True, slots=True)
class HardwareReport:
    """One check of one machine."""

    created_at: datetime  # with time zone
    system: str  # "Linux 6.1", ...
    cpu: CpuInfo
    memory: MemoryInfo
    gpus: tuple[GpuInfo, ...]
    disks: tuple[DiskInfo, ...]
    busy: bool  # other programs used much of the machine during the check
    remarks: tuple[Sentence, ...]  # disagreeing probes, missing permissions, limits
    overridden: tuple[str, ...] = ()  # keys of figures that a person corrected, see `overrides`


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """A device as ggml lists it."""

    name: str
    description: str
    kind: str  # "cpu", "gpu", "igpu", "accel"
    memory_free_bytes: int
    memory_total_bytes: int


class CheckStep(StrEnum):
    """The steps of a check, in their order."""

    CPU = "cpu"
    MEMORY = "memory"
    GPU = "gpu"
    MEMORY_BANDWIDTH = "memory_bandwidth"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class CheckProgress:
    """A step's news. `fraction` is 0 to 1 within the step; `rate` a bandwidth seen so far."""

    step: CheckStep
    fraction: float
    rate_bytes_per_second: float | None = None
    partial: CpuInfo | MemoryInfo | tuple[GpuInfo, ...] | DiskInfo | None = None  # known at fraction 1
