"""How fast a GPU reads weights, starts kernels and computes prompts.

Two limits on reading: the memory itself, of which about nine tenths arrive, and each of the chip's
units, which can keep only so many bytes under way (Little's law). The second is why an A100 or H100
gives one answer at half of its bandwidth while a narrow card gives it at nine tenths. On Apple's and
AMD's chips a unit is rather held up by unpacking, which costs as much for a weight of 4 bits as for
one of 8: there the limit is weights, not bytes.
Constants come from published runs of 2024 to 2026; those of one architecture share them.
"""

from __future__ import annotations

import re
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
    bits: float = 0.0  # of the weights that `unit_rate` is stated for; 0: it is a limit on bytes
    unit_layer_s: float = 0.0  # more for a layer by each unit: all wait for the last one
    unified_share: float = 1.0  # of `read_share`, where its memory is the machine's
    unified_operations: float = 1.0  # of `operations`, where it shares its power with a processor
    # under Vulkan: parts of the above
    vulkan_share: float = 1.0
    vulkan_units: float = 1.0  # of `unit_rate`
    vulkan_layers: float = 1.4  # of `layer_s`: recorded, but a barrier stands behind each kernel
    vulkan_operations: float = 0.6
    vulkan_merged: float = 1.0  # of its waiting, in builds that start several operations as one kernel


_NVIDIA_SHARES = {
    "unified_operations": 0.68,
    "vulkan_share": 0.92,
    "vulkan_layers": 1.25,
    "vulkan_operations": 0.75,
}
_NVIDIA = {"layer_s": 30e-6, "unrecorded_layer_s": 83e-6, "unified_share": 0.9, **_NVIDIA_SHARES}
_AMD = {
    "layer_s": 45e-6,
    "unrecorded_layer_s": 80e-6,
    "unified_operations": 0.58,
    "vulkan_operations": 0.95,
    "vulkan_merged": 0.6,
}
# ROCm's kernels are held up by unpacking, those of Vulkan hardly.
_RDNA3 = {**_AMD, "unified_share": 0.92, "vulkan_units": 1.7}
# Mesa's Vulkan reads weights half as fast as SYCL does, and multiplies matrices twice as fast.
_INTEL = {"vulkan_share": 0.5, "vulkan_operations": 1.9}
_CHIPS = {
    "pascal": Chip(0.80, 9.6e9, **_NVIDIA, operations=250),
    "volta": Chip(0.88, 9.6e9, **_NVIDIA, operations=250),
    "turing": Chip(0.90, 9.6e9, **_NVIDIA, operations=400),
    "ampere": Chip(0.92, 10.2e9, **_NVIDIA, operations=550),
    "ada": Chip(0.92, 9.6e9, **_NVIDIA, operations=520),
    "hopper": Chip(0.92, 9.6e9, **_NVIDIA, operations=740),
    "blackwell": Chip(0.92, 10.4e9, **_NVIDIA, operations=470),
    "vega": Chip(0.68, 10e9, **{**_AMD, "unrecorded_layer_s": 165e-6}, operations=60),
    "rdna1": Chip(0.72, 12e9, **_AMD, operations=60),
    "rdna2": Chip(0.78, 12e9, **_AMD, operations=90),
    "rdna3": Chip(0.92, 6.3e9, **_RDNA3, operations=205, per_clock=2.5e9, bits=4.85),
    "rdna4": Chip(0.80, 12e9, **_AMD, operations=280, vulkan_share=1.08),
    "cdna": Chip(0.70, 9e9, **_AMD, operations=200),
    "alchemist": Chip(0.52, 12e9, 100e-6, 150e-6, operations=170, **_INTEL),
    "battlemage": Chip(0.85, 20e9, 85e-6, 85e-6, operations=185, **_INTEL),
    # Metal: one command buffer a token, no graphs. The units of M3 and later do two things at once.
    "apple": Chip(0.83, 7e9, 40e-6, 40e-6, 180, 1.278e9, 4.85, unit_layer_s=1.3e-6),
    "apple9": Chip(0.85, 9.8e9, 40e-6, 40e-6, 200, 1.278e9, 4.85, unit_layer_s=1.3e-6),
    # Of another machine: told as what it reaches. A barrier of all threads behind each kernel.
    PROCESSOR: Chip(1.0, 0.0, 60e-6, 60e-6, operations=0),
}
# llama.cpp records no graphs on these; on Volta and Turing it does in builds since the summer of 2026.
UNRECORDED = frozenset({"pascal", "volta", "turing"})
_OTHER = Chip(0.75, 12e9, 60e-6, 90e-6, operations=150)
# ECC of graphics memory takes its check bits from the same memory. These cards have a large chip and little
# power, too: their clock falls while they compute.
_ECC_NAMES = frozenset({"a10", "a10g", "a16", "a40", "l4", "l40", "l40s", "t4"})
ECC_SHARE = 0.92
LOW_POWER_SHARE = 0.8  # of the operations that the boost clock would give
# llama.cpp's SYCL lays these types out anew for its quick kernels; all others take three times as long.
_SYCL_QUICK = re.compile(r"Q4_0|Q8_[0K]|Q[456]_K|F16|F32")
SYCL_OTHER_SHARE = 0.33
# Of the rate, for the only type whose blocks of 17 bytes never begin at a word.
MXFP4_SHARE = 0.95
_SHARPNESS = 8  # of the corner where one limit takes over from the other
UNKNOWN_GPU_OPERATIONS = 85.0  # per byte of bandwidth, where the chip is not known
USUAL_BITS = 4.85  # of Q4_K_M


def chip_of(gpu: GpuBudget) -> Chip:
    return _CHIPS.get(gpu.architecture, _OTHER)


def read_rate(gpu: GpuBudget, bits: float = USUAL_BITS, type_name: str = "") -> float:
    """Bytes of weights per second, for one token. `bits` a weight, `type_name` of most of them ("Q4_K_M");
    "": one that the back end reads well."""
    chip = chip_of(gpu)
    share = chip.read_share * (chip.unified_share if gpu.unified else 1.0) * type_share(gpu, type_name)
    if gpu.backend is GpuBackend.VULKAN:
        share *= chip.vulkan_share
    memory = gpu.bandwidth * share * (ECC_SHARE if _has_ecc(gpu.name) else 1.0)
    if not gpu.units:
        return memory
    units = gpu.units * chip.unit_rate * (chip.vulkan_units if gpu.backend is GpuBackend.VULKAN else 1.0)
    if chip.per_clock:
        units *= gpu.clock_hz / chip.per_clock
    if chip.bits:
        units *= bits / chip.bits
    return float((memory**-_SHARPNESS + units**-_SHARPNESS) ** (-1 / _SHARPNESS))


def type_share(gpu: GpuBudget, type_name: str) -> float:
    """Part of its rate that the back end reads weights of that type with."""
    name = type_name.upper()
    if gpu.backend is GpuBackend.SYCL and name:
        return 1.0 if _SYCL_QUICK.search(name) and "IQ" not in name else SYCL_OTHER_SHARE
    return MXFP4_SHARE if "MXFP4" in name else 1.0


def _has_ecc(name: str) -> bool:
    return not _ECC_NAMES.isdisjoint(name.lower().split())


def layer_seconds(gpu: GpuBudget, recorded: float, merged: float, kernels: float, experts: float) -> float:
    """Starting the kernels of one layer, for one token: `kernels` times those of a dense one, and `experts`
    times more for a mixture. `recorded`, `merged`: as in Machine."""
    chip = chip_of(gpu)
    waiting = chip.unit_layer_s * gpu.units
    if gpu.backend is GpuBackend.VULKAN:
        merged *= chip.vulkan_merged < 1
        seconds = chip.layer_s * chip.vulkan_layers * (1 - merged * (1 - chip.vulkan_merged))
        return seconds * (kernels + experts * (1 - merged)) + waiting
    if gpu.architecture in UNRECORDED:
        recorded = 0.0
    seconds = chip.layer_s * recorded + chip.unrecorded_layer_s * (1 - recorded)
    return seconds * (kernels + experts) + waiting


def prompt_operations(gpu: GpuBudget) -> float:
    """Operations per second while it reads a prompt."""
    if gpu.operations:
        return gpu.operations
    chip = chip_of(gpu)
    share = chip.vulkan_operations if gpu.backend is GpuBackend.VULKAN else 1.0
    if not gpu.units:
        return gpu.bandwidth * UNKNOWN_GPU_OPERATIONS
    share *= chip.unified_operations if gpu.unified else 1.0
    share *= LOW_POWER_SHARE if _has_ecc(gpu.name) else 1.0
    return gpu.units * gpu.clock_hz * chip.operations * share
