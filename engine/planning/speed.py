"""How fast a placed model would be: a physical model, not a fit of benchmarks.

A token reads every weight that it uses once. Time per token is the sum over devices of
bytes / reached bandwidth, plus a fixed cost a layer; on a CPU the kernels may be slower than the
memory. `speed_inputs` shows what goes in, `time_of` what follows; gpu_speed.py and cpu_speed.py
say what devices reach, spread.py how sure that is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.catalog.model import ModelShape
from engine.figures import Origin, Range
from engine.hardware.described import EngineKind
from engine.planning.attention import busiest, crowding
from engine.planning.calibration import Corrections
from engine.planning.cpu_speed import INTERPRETED_LAYER_S, CpuRates, cpu_rates, lent_experts, used_share
from engine.planning.gpu_speed import prompt_operations, read_rate
from engine.planning.gpu_starts import latent_experts, starting_seconds
from engine.planning.layout import Placement
from engine.planning.machine import PROCESSOR, GpuBudget, Machine
from engine.planning.memory import kv_read_bytes
from engine.planning.plan import SpeedEstimate
from engine.planning.sharpen import learnt
from engine.planning.speed_inputs import SpeedInputs, TokenTime, time_of
from engine.planning.spread import generation_spread, prompt_spread

GPU_EXPERTS_SHARE = 0.97  # of a GPU's read rate: scattered reads
GPU_LATENT_EXPERTS_SHARE = 0.8  # 256 small experts of the 671B
GPU_LOOPED_LATENT_EXPERTS_SHARE = 0.44  # where each is a kernel of its own
# Of the rate of weights that keys and values are read with: of a card's memory, of the machine's.
GPU_CACHE_SHARE, UNIFIED_CACHE_SHARE = 0.95, 0.8
GPU_UNFUSED_CACHE_SHARE = 0.27  # with attention in several kernels that hand scores over in memory
ROUND_TRIPS = 2.0  # a step waits for each node: inputs and work there, results back
# Each expert sees few of a batch's tokens. Half of what could be reached is reached with so many of them
# for each operation that the GPU does while it reads a byte.
GPU_EXPERTS_PROMPT, GPU_EXPERT_TOKENS = 0.9, 0.45
PCIE_PROMPT_TOKENS = 32  # from so many tokens on, experts in main memory are sent to the GPU
STREAM_SHARE = 0.7  # of a disk: page faults instead of large queued reads
ACTIVATION_BYTES = 4
START_S = 0.6  # a worker, its libraries, a tokenizer (measured)
COPY_RATE = 3e9  # of weights to the CPU's own layout, bytes a second (measured)

# What is left open matters from this factor on, slowest to fastest: published runs leave open as much,
# so that less is part of the model's own spread.
WORTH_ASKING = 1.3

TYPICAL_DEPTH = 1024  # tokens already in the cache when speed is stated
TYPICAL_PROMPT = 1000  # tokens, for the time to the first one
TYPICAL_ANSWER = 400  # tokens


@dataclass(frozen=True, slots=True)
class SpeedQuestion:
    """What speed is asked for."""

    depth: int = TYPICAL_DEPTH  # tokens before the one that is generated
    streams: int = 1  # answers at once; their speeds are added
    prompt: int = TYPICAL_PROMPT  # tokens, for the time to the first one
    answer: int = TYPICAL_ANSWER  # tokens, for the wait until it is whole
    patience_s: float | None = None  # for reading the prompt; None: never the reason to refuse


USUAL = SpeedQuestion()


def estimate_speed(placement: Placement, machine: Machine, asked: SpeedQuestion = USUAL) -> SpeedEstimate:
    """Generation, prompt, first token and load time of a placed model."""
    inputs = speed_inputs(placement, machine, asked.depth, asked.streams)
    taught = learnt(placement, machine)
    time = corrected(time_of(inputs), taught)
    generation = asked.streams / time.total
    prompt = prompt_tps(placement, machine, time, asked.prompt // 2)
    open_ends = _unknown_factors(placement, machine, asked, time.total)
    return SpeedEstimate(
        generation_tps=_ranged(generation, generation_spread(placement, machine, open_ends, asked.streams)),
        prompt_tps=_ranged(prompt, prompt_spread(placement, machine, open_ends)),
        time_to_first_token_s=max(asked.prompt / prompt, time.total),
        load_s=load_seconds(placement, machine),
        bottleneck=time.bottleneck,
        origin=Origin.ESTIMATED,
        inputs=inputs,
        calibrated=_is_calibrated(placement, machine),
        observed=taught.observed,
    )


def _is_calibrated(placement: Placement, machine: Machine) -> bool:
    return machine.calibration is not None and not placement.on_gpu


def token_time(placement: Placement, machine: Machine, depth: int, streams: int = 1) -> TokenTime:
    """The time of one step when `depth` tokens stand before it."""
    plain = time_of(speed_inputs(placement, machine, depth, streams))
    return corrected(plain, learnt(placement, machine))


def corrected(time: TokenTime, taught: Corrections) -> TokenTime:
    """With what measured runs on this machine taught."""
    if not taught.observed:
        return time
    return TokenTime(
        time.vram * taught.vram,
        time.ram * taught.ram,
        time.compute * taught.fixed,
        time.ssd * taught.ram,
        time.pcie * taught.fixed,
        time.cache * taught.cache,
    )


def speed_inputs(placement: Placement, machine: Machine, depth: int, streams: int = 1) -> SpeedInputs:
    """What one step reads and waits for; see SpeedInputs."""
    shape, demand = placement.demand.shape, placement.demand
    on_gpu = placement.gpu_layers / shape.layers
    cache = kv_read_bytes(shape, min(depth, demand.context_length), demand.kv_type) * streams
    cpu = cpu_rates(placement, machine)
    used = used_share(shape, streams)
    tied_output = demand.weights.doubled if not placement.on_gpu else 0
    ram = placement.ram_dense + tied_output + placement.ram_experts * used
    on_cards = on_gpu - _lent_layers(placement) / shape.layers
    vram, vram_rate = _vram(placement, machine, cache * on_cards, used)
    looking_back = _looking_back(shape, min(depth, demand.context_length), machine, cpu)
    crossings = _crossings(placement) * shape.embedding_length * ACTIVATION_BYTES * streams
    return SpeedInputs(
        depth=depth,
        streams=streams,
        threads=machine.threads,
        vram_bytes=vram,
        vram_rate=vram_rate,
        ram_bytes=ram + cache * (1 - on_gpu) * (0.0 if machine.calibration else 1.0),
        ram_rate=cpu.memory,
        kernel_rate=cpu.kernels,
        ssd_bytes=_streamed_bytes(placement),
        ssd_rate=machine.disk_bandwidth.expected * STREAM_SHARE,
        pcie_bytes=crossings,
        pcie_rate=min((gpu.pcie for gpu, _ in placement.gpu_shares), default=1e9),
        cache_s=looking_back * streams * (1 - on_cards),
        gpu_fixed_s=starting_seconds(placement, machine),
        network_s=network_seconds(placement, streams),
        cpu_fixed_s=_cpu_fixed(placement, machine, cpu),
        arithmetic_s=_arithmetic(placement, machine, cpu, streams),
    )


def _lent_layers(placement: Placement) -> int:
    """Layers on processors of other machines, which look back as this one does."""
    return sum(part.layers for part in placement.parts if part.gpu.architecture == PROCESSOR)


def _vram(placement: Placement, machine: Machine, cache: float, used: float) -> tuple[float, float]:
    """(bytes that a step reads, the rate of that). Layers run in turn, so GPUs read in turn."""
    quantization, shape = placement.demand.quantization, placement.demand.shape
    bits, name = quantization.bits_per_weight, quantization.name
    looked_at = cache / max(sum(part.kv_cache for part in placement.parts), 1)
    read = seconds = 0.0
    for part in placement.parts:
        plain, experts, own = part.weights - part.experts, part.experts * used, part.kv_cache * looked_at
        scattered = experts / _experts_share(part.gpu, shape, machine)
        seconds += (plain + scattered) / read_rate(part.gpu, bits, name)
        seconds += own / (read_rate(part.gpu) * _cache_share(part.gpu, machine))
        read += plain + experts + own
    return read, read / seconds if read else 1.0


def _cache_share(gpu: GpuBudget, machine: Machine) -> float:
    """Part of a device's rate that it reads keys and values with."""
    if gpu.architecture == PROCESSOR:
        return 1.0
    fused = UNIFIED_CACHE_SHARE if gpu.unified else GPU_CACHE_SHARE
    return 1 / (machine.fused / fused + (1 - machine.fused) / GPU_UNFUSED_CACHE_SHARE)


def _experts_share(gpu: GpuBudget, shape: ModelShape, machine: Machine) -> float:
    """Part of a device's rate that it reads experts with."""
    if gpu.architecture == PROCESSOR:
        return lent_experts(shape, machine)[0]
    if not latent_experts(shape):
        return GPU_EXPERTS_SHARE
    return GPU_LOOPED_LATENT_EXPERTS_SHARE if machine.looped_experts else GPU_LATENT_EXPERTS_SHARE


def _looking_back(shape: ModelShape, depth: int, machine: Machine, cpu: CpuRates) -> float:
    """Seconds of one token on the CPU."""
    found = cpu.look_back
    if found is None:
        return _cache_elements(shape, depth) / cpu.cache_elements
    seconds, sharing = 0.0, shape.heads / max(shape.kv_heads, 1)
    for elements, positions in _elements_by_depth(shape, depth):
        filled = crowding(shape, positions, machine.threads, machine.l2_bytes)
        waiting = busiest(positions, machine.threads) / max(positions, 1)
        element = found.element_s(shape.key_length, shape.kv_heads, sharing, filled)
        seconds += elements * waiting * element
    return seconds


def _cache_elements(shape: ModelShape, depth: int) -> float:
    return sum(elements for elements, _ in _elements_by_depth(shape, depth))


def _elements_by_depth(shape: ModelShape, depth: int) -> tuple[tuple[float, int], ...]:
    """(multiplications with K and V, positions that are looked at): of layers that see everything, of those
    with a window. Every query head reads its rows anew."""
    window = min(depth, shape.sliding_window) if shape.sliding_layers else 0
    full = max(0, shape.layers - shape.sliding_layers - shape.recurrent_layers - shape.plain_layers)
    row = float(shape.heads * (shape.key_length + (shape.value_length or shape.key_length)))
    return (row * full * depth, depth), (row * shape.sliding_layers * window, window)


def _crossings(placement: Placement) -> int:
    """How often a step hands its activations over between main memory and a device."""
    if not placement.on_gpu or placement.ram_dense + placement.ram_experts == 0:
        return 0
    return 2 * len(placement.experts_away) if placement.experts_away else 1


def _shares(placement: Placement) -> list[tuple[GpuBudget, float]]:
    """(device, its part of what a token reads on devices, but for the cache)"""
    used = used_share(placement.demand.shape)
    sizes = [(part.gpu, part.weights - part.experts * (1 - used)) for part in placement.parts]
    total = max(sum(size for _, size in sizes), 1)
    return [(gpu, size / total) for gpu, size in sizes]


def network_seconds(placement: Placement, tokens: int = 1, answered: int | None = None) -> float:
    """Waiting for nodes: what a step hands over to each and gets back, logits where the output is there.
    `answered`: tokens of the step that logits are wanted of, all unless it is said; no others reach the
    output where it stands alone. From experts in main memory the results of each travel too."""
    shape = placement.demand.shape
    wanted = tokens if answered is None else answered
    seconds = 0.0
    for part in placement.parts:
        if part.gpu.network:
            there = (tokens if part.layers else wanted) * shape.embedding_length
            back = wanted * shape.vocabulary if part.output else tokens * shape.embedding_length
            sent = ACTIVATION_BYTES * (there + back)
            seconds += ROUND_TRIPS * part.gpu.round_trip_s + sent / part.gpu.network
            handed = ACTIVATION_BYTES * tokens * shape.embedding_length * (1 + shape.experts_used)
            seconds += part.away * (ROUND_TRIPS * part.gpu.round_trip_s + handed / part.gpu.network)
    return seconds


def _cpu_fixed(placement: Placement, machine: Machine, cpu: CpuRates) -> float:
    layers = placement.demand.shape.layers
    seconds = cpu.layer_s * (layers - placement.gpu_layers)
    if machine.engine is EngineKind.KTRANSFORMERS:
        seconds += INTERPRETED_LAYER_S * layers
    return seconds


def _arithmetic(placement: Placement, machine: Machine, cpu: CpuRates, streams: int) -> float:
    """What multiplying for several answers takes beyond reading the weights once."""
    if streams < 2:
        return 0.0
    per_token = _prompt_seconds(placement, machine, cpu, alone=True)
    return per_token * (streams - 1)


def _streamed_bytes(placement: Placement) -> float:
    """What a token waits for from the disk. Experts miss in proportion; a dense model is read round
    and round, which a least-recently-used cache serves worst, so twice what is missing is read."""
    if not placement.streamed:
        return 0.0
    experts = min(placement.streamed, placement.ram_experts)
    dense = placement.streamed - experts
    return experts * used_share(placement.demand.shape) + min(2 * dense, placement.ram_dense)


def prompt_tps(placement: Placement, machine: Machine, time: TokenTime, depth: int) -> float:
    """Tokens of the prompt read per second, with `depth` before each in the mean; `time` is that of a
    token that is generated."""
    cpu = cpu_rates(placement, machine)
    seconds = _prompt_seconds(placement, machine, cpu)
    if placement.gpu_layers and placement.ram_experts and machine.batch >= PCIE_PROMPT_TOKENS:
        # experts in main memory are computed there, or sent to the GPU once a batch
        sent = placement.ram_experts / min(gpu.pcie for gpu, _ in placement.gpu_shares) / machine.batch
        streamed = _prompt_seconds(placement, machine, replace(cpu, prompt_operations=1e30)) + sent
        seconds = min(seconds, streamed)
    # a batch uses nearly every expert, so all that is missing is read once
    disk = placement.streamed / (machine.disk_bandwidth.expected * STREAM_SHARE) / machine.batch
    on_gpu = placement.gpu_layers / placement.demand.shape.layers
    attention = _cache_elements(placement.demand.shape, depth) * (1 - on_gpu) / cpu.prompt_cache_elements
    taught = learnt(placement, machine)
    nodes = network_seconds(placement, machine.batch, answered=1) / machine.batch
    seconds = (seconds + attention + disk + nodes + 1e-6) * (
        taught.prompt if taught.prompts_observed else 1.0
    )
    # a batch is never slower a token than generating one by one
    return 1 / min(seconds, time.total)


def _prompt_seconds(placement: Placement, machine: Machine, cpu: CpuRates, alone: bool = False) -> float:
    """Of one token of a batch, bound by arithmetic: 2 operations a weight. The output is computed for the
    last token only. `alone`: without reading the experts, which is counted elsewhere."""
    shape = placement.demand.shape
    active = 2.0 * max(shape.active_parameters or shape.total_parameters, 1)
    used = used_share(shape)
    output = placement.demand.pieces[-1].dense if placement.on_gpu else 0
    read = placement.gpu_dense - output + placement.gpu_experts * used
    left = placement.ram_dense + placement.ram_experts * used
    on_gpu = read / max(read + left, 1.0)
    seconds = active * (1 - on_gpu) / cpu.prompt_operations
    if on_gpu:
        per_operation = sum(
            part / (prompt_operations(gpu) * (1.0 if alone else _experts_prompt(gpu, shape, machine.batch)))
            for gpu, part in _shares(placement)
        )
        seconds += active * on_gpu * per_operation / machine.matrices
    return seconds


def _experts_prompt(gpu: GpuBudget, shape: ModelShape, batch: int) -> float:
    """Part of its operations that a GPU reaches with these experts."""
    if not shape.experts:
        return 1.0
    tokens = batch * shape.experts_used / shape.experts
    half = GPU_EXPERT_TOKENS * prompt_operations(gpu) / read_rate(gpu)
    return GPU_EXPERTS_PROMPT * tokens / (tokens + half)


def load_seconds(placement: Placement, machine: Machine, cached: int = 0) -> float:
    """Starting a worker, reading what is not `cached` (bytes of the file) once, and copying weights. A
    faster disk shortens this and nothing else of a resident model."""
    resident = placement.demand.quantization.size_bytes - placement.streamed
    read = max(0, resident - cached) / machine.disk_bandwidth.expected
    return START_S + read + placement.repack / COPY_RATE


def _unknown_factors(
    placement: Placement, machine: Machine, asked: SpeedQuestion, seconds: float
) -> tuple[float, float]:
    """(slower, faster): how far what was left open may move the speed, all of it together."""
    slower = faster = 1.0
    if learnt(placement, machine).observed:  # a run of the machine itself has answered
        return slower, faster
    for unknown in machine.unknowns:
        slow = token_time(placement, unknown.slow, asked.depth, asked.streams).total
        fast = token_time(placement, unknown.fast, asked.depth, asked.streams).total
        if slow / fast >= WORTH_ASKING:
            slower, faster = slower * max(1.0, slow / seconds), faster * max(1.0, seconds / fast)
    return slower, faster


def _ranged(expected: float, factors: tuple[float, float]) -> Range:
    return Range(expected / factors[0], expected, expected * factors[1])
