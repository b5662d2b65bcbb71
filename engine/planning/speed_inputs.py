"""What a speed is computed from, made visible, and the time of a token that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Bottleneck(StrEnum):
    VRAM = "vram"
    RAM = "ram"
    COMPUTE = "compute"
    PCIE = "pcie"
    SSD = "ssd"


@dataclass(frozen=True, slots=True)
class SpeedInputs:
    """One step of generation: a token for each of `streams` answers. Bytes, bytes a second, seconds.

    Rates are what is reached, not what is printed on the box. GPUs work one after another, so
    their bandwidth is the mean over the bytes they read.
    """

    depth: int  # tokens before the new one, in each answer
    streams: int
    threads: int
    vram_bytes: float
    vram_rate: float
    ram_bytes: float
    ram_rate: float
    kernel_rate: float  # of all threads: what they could multiply if memory were no limit
    ssd_bytes: float
    ssd_rate: float
    pcie_bytes: float  # activations between GPU and main memory
    pcie_rate: float
    cache_s: float  # attention over what stands before, on the CPU
    gpu_fixed_s: float  # starting kernels
    cpu_fixed_s: float  # threads waiting for each other, small kernels
    arithmetic_s: float  # of several answers at once, beyond what reading the weights takes
    network_s: float = 0.0  # waiting for nodes


@dataclass(frozen=True, slots=True)
class TokenTime:
    """Seconds of one step by what takes them."""

    vram: float
    ram: float
    compute: float  # kernels that are slower than the memory, and fixed costs
    ssd: float
    pcie: float = 0.0
    cache: float = 0.0  # attention over what stands before, on the CPU

    @property
    def total(self) -> float:
        return self.vram + self.ram + self.compute + self.ssd + self.pcie + self.cache

    @property
    def bottleneck(self) -> Bottleneck:
        parts = {
            Bottleneck.SSD: self.ssd,
            Bottleneck.RAM: self.ram,
            Bottleneck.VRAM: self.vram,
            Bottleneck.PCIE: self.pcie,
            Bottleneck.COMPUTE: self.compute + self.cache,
        }
        return max(parts, key=lambda part: parts[part])


def time_of(inputs: SpeedInputs) -> TokenTime:
    """The parts come one after another: a layer starts when the one before is done. Within the
    CPU's part the slower of memory and kernels decides."""
    memory = inputs.ram_bytes / inputs.ram_rate
    kernels = inputs.ram_bytes / inputs.kernel_rate
    waits = memory >= kernels
    fixed = inputs.gpu_fixed_s + inputs.cpu_fixed_s + inputs.arithmetic_s
    return TokenTime(
        vram=inputs.vram_bytes / inputs.vram_rate,
        ram=memory if waits else 0.0,
        compute=fixed + (0.0 if waits else kernels),
        ssd=inputs.ssd_bytes / inputs.ssd_rate,
        pcie=inputs.pcie_bytes / inputs.pcie_rate + inputs.network_s,
        cache=inputs.cache_s,
    )
