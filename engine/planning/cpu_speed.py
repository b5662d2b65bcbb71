"""How fast a CPU multiplies with weights: its memory, its kernels, its threads.

Where the machine was calibrated, its own figures are used; else those of a usual core of its kind.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.catalog.model import AttentionKind, Matrices, ModelShape
from engine.hardware.described import EngineKind
from engine.planning.attention import POSITION_ELEMENTS, POSITION_ELEMENTS_AVX512, LookBack
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.layout import Placement, copying_machine
from engine.planning.machine import Machine
from engine.planning.repack import COPYING, PlainShare, plain_share

MEMORY_SHARE = 0.75  # of what a plain read of memory reaches: rows are short, threads wait
# Of that: llama.cpp's mixtures, against forks that were tuned for them. Where memory of several sockets is
# mixed, all threads wait for the one whose experts lie farthest.
PLAIN_EXPERTS, SPREAD_EXPERTS = 0.92, 0.71
# With several sockets half of all reads cross the link between them, which carries about so much; an
# engine that keeps a copy of the weights in each socket is spared that.
SOCKET_LINK = 60e9
SECOND_SOCKET_MOST = 0.95

# Weights of one thread, bytes a second, by bits per weight: AVX2 at 4 GHz. Fewer bits cost more
# work a byte; SmolLM2 at 5.7 bits gave 7.2 GB/s on one core with AVX-512 (measured).
_KERNEL_RATES = ((2.6, 3.2e9), (3.4, 4.2e9), (4.0, 5.5e9), (6.0, 8e9), (9.0, 12e9), (99.0, 16e9))
_LOOKED_UP = 0.7  # of that: the IQ types find their values in tables
_COMPUTED = 0.5  # of that: the KT types of ik_llama.cpp compute theirs (one published run)
NARROW_VECTORS = 0.4  # without AVX2
ARM_VECTORS = 0.6
AVX512_GAIN = 1.15
CACHE_ELEMENTS = 12e9  # of K and V a second and thread: a multiplication each, f16
PROMPT_CACHE_GAIN = 5.0  # over that: the tokens of a prompt share what they read

LAYER_S = 60e-6  # dense models: some ten kernels, each ending in a barrier of all threads
EXPERT_LAYER_S = 200e-6
# Sizes of models that a calibration times: one that stays in caches in part, and one too large for that.
SMALL_BYTES, LARGE_BYTES = 90e6, float(208 << 20)
COMPUTED_SHARE = 0.6  # of the fastest type: a type that reads no faster is bound by its kernel
CALIBRATED_HEAD = 64  # elements of a head's keys
EXPERT_MATRICES = 3  # of an expert: gate, up, down
LATENT_LAYER_S = 670e-6  # MLA with 256 experts
HYBRID_LAYER_S = 133e-6  # a layer that begins on a GPU and ends on the CPU
# Python between the layers of ktransformers (its versions of early 2025).
INTERPRETED_LAYER_S = 500e-6

# Reading the prompt: operations a second and thread.
PROMPT_OPERATIONS = 60e9
PROMPT_OPERATIONS_AVX512 = 90e9
PROMPT_OPERATIONS_NARROW = 20e9
PROMPT_OPERATIONS_ARM = 35e9
MATRIX_UNIT_GAIN = 2.0


@dataclass(frozen=True, slots=True)
class CpuRates:
    """Of all threads together."""

    memory: float  # bytes per second
    kernels: float
    layer_s: float
    cache_elements: float  # per second
    prompt_operations: float  # per second
    prompt_cache_elements: float  # per second
    look_back: LookBack | None = None  # in place of `cache_elements`, where it was measured


def cpu_rates(placement: Placement, machine: Machine) -> CpuRates:
    """What the CPU reaches on its part of a placed model."""
    calibration = machine.calibration
    if calibration and calibration.kernels and calibration.fixed:
        return _calibrated(placement, machine, calibration)
    plain = _plain_share(placement, machine)
    bits = placement.demand.quantization.bits_per_weight
    per_thread = _thread_rate(bits, _name(placement), machine) * plain.generation
    experts = _expert_share(placement, machine)
    return CpuRates(
        memory=_memory(machine) * MEMORY_SHARE * experts,
        kernels=machine.threads * per_thread * experts,
        layer_s=_layer_seconds(placement.demand.shape, machine),
        cache_elements=machine.threads * CACHE_ELEMENTS * machine.core_rate,
        prompt_operations=machine.threads * _prompt_operations(machine) * plain.prompt,
        prompt_cache_elements=machine.threads * CACHE_ELEMENTS * PROMPT_CACHE_GAIN * machine.core_rate,
    )


def _plain_share(placement: Placement, machine: Machine) -> PlainShare:
    """Of all weights together. Engines but llama.cpp lay them out as they like in any case."""
    if _is_copied(placement) or machine.engine not in COPYING:
        return PlainShare()
    used = used_share(placement.demand.shape)
    where = copying_machine(placement.demand, machine)
    generation = prompt = whole = 0.0
    for part in matrices_of(placement):
        touched = part.size_bytes * (used if part.experts else 1.0)
        share = plain_share(part, where)
        whole += touched
        generation += touched / share.generation
        prompt += touched / share.prompt
    return PlainShare(whole / generation, whole / prompt) if whole else PlainShare()


def used_share(shape: ModelShape, streams: int = 1) -> float:
    """Part of the experts that a step reads: those that at least one of its tokens chose."""
    if not shape.experts:
        return 1.0
    return float(1 - (1 - shape.experts_used / shape.experts) ** streams)


def _is_copied(placement: Placement) -> bool:
    return placement.repack > 0 or not (placement.ram_dense or placement.ram_experts)


def _name(placement: Placement) -> str:
    return placement.demand.quantization.name.upper()


def _memory(machine: Machine) -> float:
    """What all sockets read together, as one model sees it."""
    whole = machine.ram_bandwidth.expected
    if machine.sockets < 2:
        return whole
    one = whole / machine.sockets
    crossing = one if machine.engine is EngineKind.KTRANSFORMERS else SOCKET_LINK
    return one + min(SECOND_SOCKET_MOST * one, crossing) * (machine.sockets - 1)


def _expert_share(placement: Placement, machine: Machine) -> float:
    tuned = machine.engine in (EngineKind.IK_LLAMA, EngineKind.KTRANSFORMERS)
    if not placement.ram_experts or tuned:
        return 1.0
    return PLAIN_EXPERTS if machine.sockets < 2 else SPREAD_EXPERTS


def _thread_rate(bits: float, name: str, machine: Machine) -> float:
    rate = next((rate for most, rate in _KERNEL_RATES if bits < most), _KERNEL_RATES[-1][1])
    if "IQ" in name and machine.engine is not EngineKind.IK_LLAMA:
        rate *= _LOOKED_UP
    if name.endswith("_KT"):
        rate *= _COMPUTED
    return rate * vector_share(machine) * machine.core_rate


def vector_share(machine: Machine) -> float:
    if not machine.x86:
        return ARM_VECTORS
    if not machine.wide_vectors:
        return NARROW_VECTORS
    return AVX512_GAIN if machine.avx512 else 1.0


def _layer_seconds(shape: ModelShape, machine: Machine) -> float:
    layer = EXPERT_LAYER_S if shape.experts else LAYER_S
    if shape.experts and shape.attention is AttentionKind.MLA:
        layer = LATENT_LAYER_S
    # narrow models finish a layer sooner; barriers do not, but kernels of 576 columns are short
    return layer * min(1.0, shape.embedding_length / 2048 + 0.25)


def _prompt_operations(machine: Machine) -> float:
    if not machine.x86:
        return PROMPT_OPERATIONS_ARM * machine.core_rate
    if not machine.wide_vectors:
        return PROMPT_OPERATIONS_NARROW * machine.core_rate
    rate = PROMPT_OPERATIONS_AVX512 if machine.avx512 else PROMPT_OPERATIONS
    return rate * machine.core_rate * (MATRIX_UNIT_GAIN if machine.amx else 1.0)


def lent_rates(machine: Machine, threads: int) -> tuple[float, float]:
    """(bytes of weights a second, operations a second while a prompt is read) of this processor as the device
    of another machine: with weights of the usual 4 to 5 bits, in the layout of their file."""
    calibration, usual = machine.calibration, Matrices("Q4_K", False, 1)
    if calibration and calibration.kernels:
        point = _without_copy(kernel_at(calibration.kernels, "Q4_K", threads), usual, calibration, machine)
        return point.bytes_per_second, point.prompt_operations_per_second
    simple = replace(machine, amx=False)
    share = plain_share(usual, simple)
    kernels = threads * _thread_rate(bytes_per_weight("Q4_K") * 8, "Q4_K", machine) * share.generation
    operations = threads * _prompt_operations(simple) * share.prompt
    return min(_memory(machine) * MEMORY_SHARE, kernels), operations


def lent_experts(shape: ModelShape, machine: Machine) -> tuple[float, float]:
    """(part of its rate that the processor of another machine reads experts with, seconds of a layer that has
    some, beside its weights). Taken to be as here, where this machine was measured."""
    calibration = machine.calibration
    if not (calibration and calibration.kernels and calibration.fixed):
        return PLAIN_EXPERTS, _layer_seconds(shape, machine)
    dense, mixed = (
        kernel_at(calibration.kernels, "Q4_K", machine.threads, experts) for experts in (False, True)
    )
    return mixed.bytes_per_second / dense.bytes_per_second, _expert_layer_s(
        shape, fixed_at(calibration.fixed, machine.threads)
    )


def _expert_layer_s(shape: ModelShape, fixed: FixedPoint) -> float:
    return fixed.expert_layer_s + EXPERT_MATRICES * shape.experts_used * fixed.expert_matrix_s


# calibrated machines
def _calibrated(placement: Placement, machine: Machine, calibration: Calibration) -> CpuRates:
    """Bytes by type over the measured rate of that type; memory is in those rates already."""
    fixed = fixed_at(calibration.fixed, machine.threads)
    shape = placement.demand.shape
    parts = matrices_of(placement)
    used = used_share(shape)
    copied, where = _is_copied(placement), copying_machine(placement.demand, machine)
    gain = _cached_gain(sum(part.size_bytes for part in parts), fixed)
    read = seconds = operations = prompt_s = 0.0
    for part in parts:
        point = kernel_at(calibration.kernels, part.type_name, machine.threads, part.experts)
        if not copied:
            point = _without_copy(point, part, calibration, where)
        touched = part.size_bytes * (used if part.experts else 1.0)
        read += touched
        # large models gain nothing, and are planned most
        share = _bound_by_memory(point, calibration) if gain > 1 else 0.0
        seconds += touched / (point.bytes_per_second * gain**share)
        weights = touched / bytes_per_weight(part.type_name)
        operations += 2 * weights
        prompt_s += 2 * weights / point.prompt_operations_per_second
    rate = read / max(seconds, 1e-12)
    return CpuRates(
        memory=rate * 1e3,  # never the limit: it is in the kernels' measured rate
        kernels=max(rate, 1.0),
        layer_s=_expert_layer_s(shape, fixed) if shape.experts else fixed.layer_s,
        cache_elements=fixed.cache_elements_per_second,
        prompt_operations=operations / prompt_s if prompt_s else 1e9,
        prompt_cache_elements=fixed.prompt_cache_elements_per_second
        or fixed.cache_elements_per_second * PROMPT_CACHE_GAIN,
        look_back=_look_back(fixed, machine),
    )


def _without_copy(
    point: KernelPoint, part: Matrices, calibration: Calibration, machine: Machine
) -> KernelPoint:
    """A calibration measures with copies. Where so many threads wait for memory, slower kernels wait less."""
    share = plain_share(part, machine)
    alone = kernel_at(calibration.kernels, part.type_name, 1, part.experts)
    kernels = alone.bytes_per_second * share.generation * point.threads
    return replace(
        point,
        bytes_per_second=min(point.bytes_per_second, kernels),
        prompt_operations_per_second=point.prompt_operations_per_second * share.prompt,
    )


def _look_back(fixed: FixedPoint, machine: Machine) -> LookBack | None:
    if not fixed.look_compute_s:
        return None
    work = POSITION_ELEMENTS_AVX512 if machine.avx512 else POSITION_ELEMENTS
    return LookBack(fixed.look_compute_s, fixed.look_first_s, CALIBRATED_HEAD, work)


def _cached_gain(size: float, fixed: FixedPoint) -> float:
    """What a small model gains from caches; straight, over the logarithm of sizes, between those that were
    measured."""
    share = math.log(LARGE_BYTES / max(size, SMALL_BYTES)) / math.log(LARGE_BYTES / SMALL_BYTES)
    return float(fixed.small_gain ** max(share, 0.0)) if fixed.small_gain > 1 else 1.0


def _bound_by_memory(point: KernelPoint, calibration: Calibration) -> float:
    """0 where it is the kernel that takes the time, so that caches make nothing faster; 1 where it reads as
    fast as any type does with so many threads."""
    names = {one.type_name for one in calibration.kernels if not one.experts}
    rates = [kernel_at(calibration.kernels, name, point.threads).bytes_per_second for name in names]
    share = point.bytes_per_second / max(rates, default=point.bytes_per_second)
    return min(max((share - COMPUTED_SHARE) / (1 - COMPUTED_SHARE), 0.0), 1.0)


def matrices_of(placement: Placement) -> tuple[Matrices, ...]:
    """By type, from the tensor table; else all of one type, guessed from the quantization's name."""
    quantization = placement.demand.quantization
    if quantization.matrices:
        return quantization.matrices
    weights = placement.demand.weights
    output = weights.embedding if weights.tied else weights.output
    name = _main_type(_name(placement))
    return (Matrices(name, False, weights.dense + output), Matrices(name, True, weights.experts))


# bits of a weight: size of a block in bits over its weights (engine/catalog/gguf_types.py)
_BITS = {
    "F32": 32.0,
    "F16": 16.0,
    "BF16": 16.0,
    "Q8_0": 8.5,
    "Q6_K": 6.5625,
    "Q5_K": 5.5,
    "Q5_0": 5.5,
    "Q5_1": 6.0,
    "Q4_K": 4.5,
    "Q4_1": 5.0,
    "Q4_0": 4.5,
    "IQ4_NL": 4.5,
    "IQ4_XS": 4.25,
    "MXFP4": 4.25,
    "Q3_K": 3.4375,
    "IQ3_S": 3.4375,
    "IQ3_XXS": 3.0625,
    "Q2_K": 2.625,
    "IQ2_S": 2.5625,
    "IQ2_XS": 2.3125,
    "IQ2_XXS": 2.0625,
    "IQ1_M": 1.75,
    "IQ1_S": 1.5625,
    "TQ1_0": 1.6875,
    "TQ2_0": 2.0625,
}


def bytes_per_weight(type_name: str) -> float:
    return _BITS.get(type_name, 4.5) / 8


def _main_type(name: str) -> str:
    """ "UD-Q4_K_XL" is mostly Q4_K."""
    return next((known for known in sorted(_BITS, key=len, reverse=True) if known in name), "Q4_K")


def kernel_at(
    points: Sequence[KernelPoint], type_name: str, threads: int, experts: bool = False
) -> KernelPoint:
    """The rate of a type at a number of threads; of a type that was not measured, that of its nearest
    relative. Experts have rates of their own where those were measured."""
    alike = [point for point in points if point.experts is experts]
    alike = alike or [point for point in points if not point.experts] or list(points)
    own = [point for point in alike if point.type_name == type_name]
    if not own:
        nearest = min(alike, key=lambda point: _distance(point.type_name, type_name)).type_name
        own = [point for point in alike if point.type_name == nearest]
    return KernelPoint(
        type_name,
        threads,
        _between([(point.threads, point.bytes_per_second) for point in own], threads),
        _between([(point.threads, point.prompt_operations_per_second) for point in own], threads),
        experts,
    )


def _distance(one: str, other: str) -> float:
    """In bits of a weight. Types of one kind unpack alike, which counts for as much as half a bit."""
    bits = abs(_BITS.get(one, 4.5) - _BITS.get(other, 4.5))
    return bits + (0.0 if _kind(one) == _kind(other) else 0.6)


def _kind(type_name: str) -> str:
    """Blocks of 256 weights, tables, or plain ones."""
    return "K" if type_name.endswith("_K") else "IQ" if type_name.startswith("IQ") else ""


def fixed_at(points: Sequence[FixedPoint], threads: int) -> FixedPoint:
    def read(value: Callable[[FixedPoint], float]) -> float:
        return _between([(point.threads, value(point)) for point in points], threads)

    return FixedPoint(
        threads,
        read(lambda point: point.layer_s),
        read(lambda point: point.expert_layer_s),
        read(lambda point: point.cache_elements_per_second),
        read(lambda point: point.expert_matrix_s),
        read(lambda point: point.prompt_cache_elements_per_second),
        read(lambda point: point.small_gain),
        read(lambda point: point.look_compute_s),
        read(lambda point: point.look_first_s),
    )


def _between(points: list[tuple[int, float]], threads: int) -> float:
    """Straight between measured numbers of threads, level beyond them."""
    points = sorted(points)
    if threads <= points[0][0]:
        return points[0][1]
    for (low, before), (high, after) in itertools.pairwise(points):
        if threads <= high:
            return before + (after - before) * (threads - low) / (high - low)
    return points[-1][1]
