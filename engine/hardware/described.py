"""A machine as its owner describes it: the values of a hardware file. See docs/cli.md for the format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EngineKind(StrEnum):
    """What computes. Forks differ in kernels and in where they put experts."""

    LLAMA_CPP = "llama.cpp"
    IK_LLAMA = "ik_llama.cpp"
    KTRANSFORMERS = "ktransformers"
    OLLAMA = "ollama"
    VLLM = "vllm"
    SGLANG = "sglang"


class GpuBackend(StrEnum):
    CUDA = "cuda"
    ROCM = "rocm"
    VULKAN = "vulkan"
    METAL = "metal"
    SYCL = "sycl"


@dataclass(frozen=True, slots=True)
class DescribedCpu:
    """None is "not said". Cores and threads are those of all sockets together."""

    model: str = ""
    sockets: int | None = None
    cores: int | None = None
    threads: int | None = None  # that the engine computes with
    clock_hz: float | None = None  # with all cores at work
    architecture: str = ""  # "x86_64" or "arm64"
    instruction_sets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DescribedMemory:
    size_bytes: int | None = None
    available_bytes: int | None = None
    kind: str = ""  # "DDR5"
    transfers_per_second: float | None = None  # of one channel
    channels: int | None = None  # that hold modules, of all sockets together
    bandwidth_bytes_per_second: float | None = None  # reads, measured, all sockets together


@dataclass(frozen=True, slots=True)
class DescribedGpu:
    name: str
    count: int = 1
    vram_bytes: int | None = None  # of one
    bandwidth_bytes_per_second: float | None = None  # of one, as its maker states it
    pcie_generation: int | None = None
    pcie_lanes: int | None = None
    backend: GpuBackend | None = None


@dataclass(frozen=True, slots=True)
class DescribedDisk:
    read_bytes_per_second: float | None = None
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class DescribedEngine:
    kind: EngineKind = EngineKind.LLAMA_CPP
    build: str = ""  # "b5000", a release, or a date: "2024-05"
    batch: int = 512  # tokens of a prompt computed at once


@dataclass(frozen=True, slots=True)
class Description:
    """One machine."""

    name: str = ""
    cpu: DescribedCpu = DescribedCpu()
    memory: DescribedMemory = DescribedMemory()
    gpus: tuple[DescribedGpu, ...] = ()
    disks: tuple[DescribedDisk, ...] = ()
    engine: DescribedEngine | None = None  # None: the engine that comes with this program
