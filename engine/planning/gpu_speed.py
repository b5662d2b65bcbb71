"""How fast a GPU reads weights, starts kernels and computes prompts.

Two limits on reading: the memory itself, of which about nine tenths arrive, and each of the chip's
units, which can keep only so many bytes under way (Little's law). The second is why an A100 or H100
gives one answer at half of its bandwidth while a narrow card gives it at nine tenths.
Constants come from published runs of 2024 to 2026; those of one architecture share them.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.hardware.described import GpuBackend
from engine.planning.machine import PROCESSOR, GpuBudget


@dataclass(frozen=True, slots=True)
class Chip:
    """What GPUs of one architecture have in common."""

    read_share: float  # of the memory's bandwidth
    unit_rate: float  # bytes per second that one unit reads at most; scaled by its clock where said
    layer_s: float  # starting the kernels of a layer, as a recorded graph
    unrecorded_layer_s: float  # one by one
    operations: float  # of a prompt, per unit and clock
    per_clock: float = 0.0  # clock that `unit_rate` is stated for; 0: the clock does not matter


_NVIDIA = {"layer_s": 30e-6, "unrecorded_layer_s": 83e-6}
_AMD = {"layer_s": 45e-6, "unrecorded_layer_s": 80e-6}
_CHIPS = {
    "pascal": Chip(0.80, 9.6e9, **_NVIDIA, operations=75),
    "volta": Chip(0.88, 9.6e9, **_NVIDIA, operations=250),
    "turing": Chip(0.90, 9.6e9, **_NVIDIA, operations=330),
    "ampere": Chip(0.92, 9.6e9, **_NVIDIA, operations=460),
    "ada": Chip(0.92, 9.6e9, **_NVIDIA, operations=400),
    "hopper": Chip(0.92, 9.6e9, **_NVIDIA, operations=610),
    "blackwell": Chip(0.92, 9.6e9, **_NVIDIA, operations=400),
    "vega": Chip(0.62, 8e9, **_AMD, operations=60),
    "rdna1": Chip(0.72, 12e9, **_AMD, operations=60),
    "rdna2": Chip(0.78, 12e9, **_AMD, operations=90),
    "rdna3": Chip(0.80, 12e9, **_AMD, operations=185),
    "rdna4": Chip(0.80, 12e9, **_AMD, operations=280),
    "cdna": Chip(0.70, 9e9, **_AMD, operations=200),
    "alchemist": Chip(0.52, 12e9, layer_s=100e-6, unrecorded_layer_s=150e-6, operations=170),
    "battlemage": Chip(0.72, 20e9, layer_s=100e-6, unrecorded_layer_s=150e-6, operations=260),
    # Metal: one command buffer a token, no graphs; 4-bit kernels are bound by the cores' arithmetic
    "apple": Chip(0.85, 6.6e9, 100e-6, 100e-6, operations=155, per_clock=1.278e9),
    # Of another machine: told as what it reaches. A barrier of all threads behind each kernel.
    PROCESSOR: Chip(1.0, 0.0, 60e-6, 60e-6, operations=0),
}
_OTHER = Chip(0.75, 12e9, 60e-6, 90e-6, operations=150)
# ECC of graphics memory takes its check bits from the same memory.
_ECC_NAMES = frozenset({"a10", "a10g", "a16", "a40", "l4", "l40", "l40s", "t4"})
ECC_SHARE = 0.92
# Where a driver's own language is not used: fewer of the chip's special instructions.
_BACKEND_SHARE = {GpuBackend.VULKAN: 0.92, GpuBackend.SYCL: 0.9}
_BACKEND_LAYER_S = {GpuBackend.VULKAN: 40e-6, GpuBackend.SYCL: 60e-6}
_SHARPNESS = 8  # of the corner where one limit takes over from the other
UNKNOWN_GPU_OPERATIONS = 85.0  # per byte of bandwidth, where the chip is not known


def chip_of(gpu: GpuBudget) -> Chip:
    return _CHIPS.get(gpu.architecture, _OTHER)


def read_rate(gpu: GpuBudget) -> float:
    """Bytes of weights per second, for one token."""
    chip = chip_of(gpu)
    share = chip.read_share * _BACKEND_SHARE.get(gpu.backend or GpuBackend.CUDA, 1.0)
    memory = gpu.bandwidth * share * (ECC_SHARE if _has_ecc(gpu.name) else 1.0)
    if not gpu.units:
        return memory
    clock = gpu.clock_hz / chip.per_clock if chip.per_clock else 1.0
    units = gpu.units * chip.unit_rate * clock
    return float((memory**-_SHARPNESS + units**-_SHARPNESS) ** (-1 / _SHARPNESS))


def _has_ecc(name: str) -> bool:
    return not _ECC_NAMES.isdisjoint(name.lower().split())


def layer_seconds(gpu: GpuBudget, recorded: float) -> float:
    """Starting the kernels of one dense layer, for one token. `recorded`: as in Machine."""
    chip = chip_of(gpu)
    extra = _BACKEND_LAYER_S.get(gpu.backend or GpuBackend.CUDA, 0.0)
    if extra:
        return chip.unrecorded_layer_s + extra
    return chip.layer_s * recorded + chip.unrecorded_layer_s * (1 - recorded)


def prompt_operations(gpu: GpuBudget) -> float:
    """Operations per second while it reads a prompt."""
    if gpu.operations:
        return gpu.operations
    if not gpu.units:
        return gpu.bandwidth * UNKNOWN_GPU_OPERATIONS
    return gpu.units * gpu.clock_hz * chip_of(gpu).operations
