"""How fast a placed model would be: a physical model, not a fit of benchmarks.

A token reads every weight that it uses once. Time per token is the sum over devices of
bytes / (efficiency x bandwidth), plus a fixed cost a layer; on a CPU the kernels may be
slower than the memory. Constants: the first physical model of the domain facts, gathered
from published runs of 2025 and 2026, where not said otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.catalog.model import AttentionKind, ModelShape
from engine.figures import Origin, Range
from engine.planning.layout import Placement
from engine.planning.machine import GpuBudget, Machine
from engine.planning.memory import kv_read_bytes
from engine.planning.plan import Bottleneck, SpeedEstimate

GPU_EFFICIENCY = 0.87
# One stream of matrix-vector products cannot keep a very wide memory busy: published runs of
# an 8B reach 0.83 of the bandwidth on a 1 TB/s card and about half of it on an A100 or H100.
WIDE_MEMORY = 1.4e12
WIDE_EXPONENT = 0.7
LEAST_GPU_EFFICIENCY = 0.47
APPLE_EFFICIENCY = 0.66
CPU_EFFICIENCY = 0.70
CPU_EXPERTS_EFFICIENCY = 0.71  # of that: plain llama.cpp on mixtures, against tuned forks
GPU_EXPERTS_EFFICIENCY = 0.9  # of that: scattered reads
GPU_LATENT_EXPERTS_EFFICIENCY = 0.44  # of that: 256 small experts of the 671B, layers split over GPUs
STREAM_EFFICIENCY = 0.7  # page faults instead of large queued reads

GPU_LAYER_S = 75e-6
GPU_LATENT_LAYER_S = 225e-6  # MLA with 256 experts
HYBRID_LAYER_S = 133e-6
CPU_LAYER_S = 60e-6  # dense models: some ten kernels, each ending in a barrier of all threads
CPU_EXPERT_LAYER_S = 200e-6
CPU_LATENT_LAYER_S = 670e-6  # MLA with 256 experts

# What the kernels of one thread get through, bytes of weights a second, by bits per weight.
# SmolLM2 at 5.7 bits gave 7.2 GB/s on one core (measured); fewer bits cost more work a byte.
_KERNEL_RATES = ((3.0, 3e9), (4.0, 5e9), (6.0, 8e9), (99.0, 12e9))
NARROW_VECTORS = 0.4  # without AVX2
AVX512_GAIN = 1.15

# Reading the prompt is bound by arithmetic: 2 operations a parameter and token.
CPU_FLOPS_PER_THREAD = 60e9
CPU_FLOPS_AVX512 = 90e9
CPU_FLOPS_NARROW = 20e9
# GPUs: effective operations per byte/s of their bandwidth; Llama-3-8B reads prompts at 48 (A100)
# to 110 (RTX 4090) in published runs.
GPU_FLOPS_PER_BANDWIDTH = 85.0
GPU_EXPERTS_PROMPT = 0.45  # of that: each expert sees few of the tokens (Qwen3-30B-A3B on an A10G)

TYPICAL_DEPTH = 1024  # tokens already in the cache when speed is stated
TYPICAL_PROMPT = 1000  # tokens, for the time to the first one
PROMPT_STEP = 512

# Width of the stated range, as factors: what the model missed by on published runs.
DENSE_SPREAD = 1.26
EXPERTS_SPREAD = 1.58
STREAM_SPREAD = 2.0
PROMPT_SPREAD = 2.0


@dataclass(frozen=True, slots=True)
class TokenTime:
    """Seconds of one token by what takes them."""

    vram: float
    ram: float
    compute: float  # of the CPU, beyond what the memory takes, and fixed costs
    ssd: float

    @property
    def total(self) -> float:
        return self.vram + self.ram + self.compute + self.ssd

    @property
    def bottleneck(self) -> Bottleneck:
        parts = {
            Bottleneck.SSD: self.ssd,
            Bottleneck.RAM: self.ram,
            Bottleneck.VRAM: self.vram,
            Bottleneck.COMPUTE: self.compute,
        }
        return max(parts, key=lambda part: parts[part])


def estimate_speed(placement: Placement, machine: Machine) -> SpeedEstimate:
    """Generation, prompt, first token and load time of a placed model."""
    time = token_time(placement, machine, TYPICAL_DEPTH)
    generation = _spread(1 / time.total, generation_spread(placement, machine))
    prompt = prompt_tps(placement, machine, time)
    return SpeedEstimate(
        generation_tps=generation,
        prompt_tps=_spread(prompt, PROMPT_SPREAD),
        time_to_first_token_s=TYPICAL_PROMPT / prompt + time.total,
        load_s=load_seconds(placement, machine),
        bottleneck=time.bottleneck,
        origin=Origin.ESTIMATED,
    )


def token_time(placement: Placement, machine: Machine, depth: int) -> TokenTime:
    """The time of one token when `depth` tokens stand before it."""
    shape, demand = placement.demand.shape, placement.demand
    on_gpu = placement.gpu_layers / shape.layers
    cache = kv_read_bytes(shape, min(depth, demand.context_length), demand.kv_type)
    vram = _gpu_seconds(placement, cache * on_gpu)
    used = _used_share(shape)
    tied_output = demand.weights.embedding if demand.weights.tied and not placement.output_on_gpu else 0
    read = placement.ram_dense + tied_output + placement.ram_experts * used + cache * (1 - on_gpu)
    ram, compute = _cpu_seconds(placement, machine, read)
    return TokenTime(
        vram, ram, compute + _fixed_seconds(placement, machine), _stream_seconds(placement, machine)
    )


def _used_share(shape: ModelShape) -> float:
    return shape.experts_used / shape.experts if shape.experts else 1.0


def _gpu_seconds(placement: Placement, cache: float) -> float:
    """Layers run one after another, so each GPU reads its part in turn."""
    total = sum(size for _, size in placement.gpu_shares)
    if not total or not placement.on_gpu:
        return 0.0
    shape = placement.demand.shape
    scatter = GPU_LATENT_EXPERTS_EFFICIENCY if _latent_experts(shape) else GPU_EXPERTS_EFFICIENCY
    read = placement.gpu_dense + placement.gpu_experts * _used_share(shape) / scatter + cache
    return sum(
        read * size / total / (gpu.bandwidth * gpu_efficiency(gpu)) for gpu, size in placement.gpu_shares
    )


def gpu_efficiency(gpu: GpuBudget) -> float:
    """Part of the bandwidth that generation reaches."""
    if gpu.unified:
        return APPLE_EFFICIENCY
    taper = math.pow(WIDE_MEMORY / gpu.bandwidth, WIDE_EXPONENT)
    return max(LEAST_GPU_EFFICIENCY, GPU_EFFICIENCY * min(1.0, taper))


def _latent_experts(shape: ModelShape) -> bool:
    return shape.experts > 0 and shape.attention is AttentionKind.MLA


def _cpu_seconds(placement: Placement, machine: Machine, read: float) -> tuple[float, float]:
    """(waiting for memory, waiting for the kernels beyond that)."""
    efficiency = CPU_EFFICIENCY * (CPU_EXPERTS_EFFICIENCY if placement.ram_experts else 1.0)
    memory = read / (efficiency * machine.ram_bandwidth.expected)
    rate = kernel_rate(placement.demand.quantization.bits_per_weight, machine)
    rate *= CPU_EXPERTS_EFFICIENCY if placement.ram_experts else 1.0
    kernels = read / (machine.threads * rate)
    return (memory, 0.0) if memory >= kernels else (0.0, kernels)


def kernel_rate(bits_per_weight: float, machine: Machine) -> float:
    """Bytes of weights a second that one thread multiplies with."""
    rate = next((rate for bits, rate in _KERNEL_RATES if bits_per_weight < bits), 12e9)
    if not machine.wide_vectors:
        return rate * NARROW_VECTORS
    return rate * (AVX512_GAIN if machine.avx512 else 1.0)


def _fixed_seconds(placement: Placement, machine: Machine) -> float:
    shape = placement.demand.shape
    gpu = GPU_LATENT_LAYER_S if _latent_experts(shape) and placement.gpu_experts else GPU_LAYER_S
    if placement.on_gpu and placement.ram_dense + placement.ram_experts:
        gpu += HYBRID_LAYER_S
    cpu = CPU_EXPERT_LAYER_S if shape.experts else CPU_LAYER_S
    if _latent_experts(shape):
        cpu = CPU_LATENT_LAYER_S
    # narrow models finish a layer sooner; barriers do not, but kernels of 576 columns are short
    cpu *= min(1.0, shape.embedding_length / 2048 + 0.25)
    return placement.gpu_layers * gpu + (shape.layers - placement.gpu_layers) * cpu


def _stream_seconds(placement: Placement, machine: Machine) -> float:
    """Waiting for the disk. Experts miss in proportion; a dense model is read round and round,
    which a least-recently-used cache serves worst, so twice what is missing is read."""
    if not placement.streamed:
        return 0.0
    experts = min(placement.streamed, placement.ram_experts)
    dense = placement.streamed - experts
    missing = experts * _used_share(placement.demand.shape) + min(2 * dense, placement.ram_dense)
    return missing / (machine.disk_bandwidth.expected * STREAM_EFFICIENCY)


def prompt_tps(placement: Placement, machine: Machine, time: TokenTime) -> float:
    """Tokens of the prompt read per second."""
    shape = placement.demand.shape
    active = 2.0 * max(shape.active_parameters or shape.total_parameters, 1)
    read = placement.gpu_dense + placement.gpu_experts * _used_share(shape)
    left = placement.ram_dense + placement.ram_experts * _used_share(shape)
    on_gpu = read / max(read + left, 1.0) if placement.on_gpu else 0.0
    seconds = active * (1 - on_gpu) / _cpu_flops(machine)
    if on_gpu:
        # layers in turn: the effective rate is that of the GPUs' mean
        rate = sum(gpu.bandwidth for gpu, _ in placement.gpu_shares) / len(placement.gpu_shares)
        rate *= GPU_FLOPS_PER_BANDWIDTH * (GPU_EXPERTS_PROMPT if shape.experts else 1.0)
        seconds += active * on_gpu / rate
    # a step of 512 tokens uses nearly every expert, so all that is missing is read once
    disk = placement.streamed / (machine.disk_bandwidth.expected * STREAM_EFFICIENCY) / PROMPT_STEP
    # a step is never slower a token than generating one by one
    return 1 / min(seconds + disk + 1e-6, time.total)


def _cpu_flops(machine: Machine) -> float:
    per_thread = CPU_FLOPS_NARROW
    if machine.wide_vectors:
        per_thread = CPU_FLOPS_AVX512 if machine.avx512 else CPU_FLOPS_PER_THREAD
    return machine.threads * per_thread


def load_seconds(placement: Placement, machine: Machine) -> float:
    """Reading the file once. A faster disk shortens this and nothing else of a resident model."""
    resident = placement.demand.quantization.size_bytes - placement.streamed
    return resident / machine.disk_bandwidth.expected


def generation_spread(placement: Placement, machine: Machine) -> tuple[float, float]:
    """Factors (below, above) the expected speed."""
    if placement.streamed:
        disk = machine.disk_bandwidth
        low = max(STREAM_SPREAD, disk.expected / disk.low)
        return low, max(STREAM_SPREAD, disk.high / disk.expected)
    spread = EXPERTS_SPREAD if placement.demand.shape.experts else DENSE_SPREAD
    low = high = spread
    if placement.ram_dense + placement.ram_experts:
        ram = machine.ram_bandwidth
        if not machine.bandwidth_measured:
            low, high = low * ram.expected / ram.low, high * ram.high / ram.expected
        else:
            high *= max(1.0, ram.high / ram.expected / 1.1)
    if any(not gpu.bandwidth_known for gpu, _ in placement.gpu_shares):
        low, high = low * 1.6, high * 2.0
    return low, high


def _spread(expected: float, factors: tuple[float, float] | float) -> Range:
    below, above = factors if isinstance(factors, tuple) else (factors, factors)
    return Range(expected / below, expected, expected * above)
