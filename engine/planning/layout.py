"""What goes where: layers and experts on GPUs or in main memory, repacking, streaming.

A placement is computed for one context length and cache type. Of the ways that are possible
(`candidates`) the planner takes the fastest; each fills the GPUs as far as whole layers go, so
more memory never offloads less.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.catalog.model import ModelShape, Quantization
from engine.planning.machine import GpuBudget, Machine
from engine.planning.memory import (
    GPU_OVERHEAD,
    OVERHEAD,
    UBATCH,
    Weights,
    compute_bytes,
    copied_weights,
    kv_cache_bytes,
    output_bytes,
    weights_of,
)
from engine.planning.plan import KvType
from engine.planning.repack import unmapped_bytes


@dataclass(frozen=True, slots=True)
class Demand:
    """What a model asks for, before it is placed. Bytes."""

    shape: ModelShape
    quantization: Quantization
    weights: Weights
    context_length: int
    kv_type: KvType
    kv_cache: int
    compute: int  # on each device
    output: int
    repack: bool = True  # weights may be copied to the CPU's own layout


@dataclass(frozen=True, slots=True)
class Placement:
    """One way to lay a model out. Bytes, by device."""

    demand: Demand
    gpu_layers: int  # of the model's layers
    output_on_gpu: bool
    experts_on_cpu: bool
    gpu_shares: tuple[tuple[GpuBudget, int], ...]  # (GPU, bytes of everything on it)
    gpu_dense: int  # weights read for every token, on GPUs
    gpu_experts: int
    ram_dense: int  # weights read for every token, in main memory
    ram_experts: int
    ram_fixed: int  # cache, buffers, the embedding and overhead in main memory
    repack: int  # copied weights; 0 when repacking is off
    unmapped: int  # bytes at the ends of the file that the copy makes superfluous
    streamed: int  # weights that do not fit and are read from the disk again and again
    runs: bool  # False when not even the fixed part fits

    @property
    def n_gpu_layers(self) -> int:
        """As llama.cpp counts: the output is one more layer."""
        return self.gpu_layers + (1 if self.output_on_gpu else 0)

    @property
    def ram(self) -> int:
        """Main memory that is asked for; never more than the budget when `runs`."""
        return self.ram_fixed + self.ram_dense + self.ram_experts + self.repack - self.streamed

    @property
    def vram(self) -> tuple[tuple[str, int], ...]:
        return tuple((gpu.name, size) for gpu, size in self.gpu_shares if not gpu.unified)

    @property
    def doubles_output(self) -> bool:
        """A tied output that is computed on a GPU is there a second time."""
        return self.output_on_gpu and self.demand.weights.tied

    @property
    def on_gpu(self) -> bool:
        return self.gpu_layers > 0


def demand_of(
    shape: ModelShape,
    quantization: Quantization,
    context_length: int,
    kv_type: KvType,
    sequences: int = 1,
    shared: bool = False,
    batch: int = UBATCH,
    repack: bool = True,
) -> Demand:
    """What the model asks for with that context; see `kv_cache_bytes` for `sequences`."""
    return Demand(
        shape,
        quantization,
        weights_of(shape, quantization),
        context_length,
        kv_type,
        kv_cache_bytes(shape, context_length, kv_type, sequences, shared),
        compute_bytes(shape, context_length, batch, kv_type),
        output_bytes(shape, sequences),
        repack,
    )


def candidates(demand: Demand, machine: Machine) -> tuple[Placement, ...]:
    """The ways worth comparing: as many layers as fit; all layers but no experts; no GPU if neither.

    A GPU whose memory is slower than main memory would slow the model down and is left alone.
    """
    pace = machine.ram_bandwidth.expected
    machine = replace(machine, gpus=tuple(gpu for gpu in machine.gpus if gpu.unified or gpu.bandwidth > pace))
    found = []
    fitting = _layers_that_fit(demand, machine, False)
    if sum(fitting) > 0:
        found.append(_on_gpus(demand, machine, False, fitting))
    if demand.weights.experts and sum(fitting) < _units(demand, False):
        without = _layers_that_fit(demand, machine, True)
        if sum(without) >= _units(demand, True):
            found.append(_on_gpus(demand, machine, True, without))
    return tuple(found) or (_place(demand, machine, 0, False, ()),)


def _layer_bytes(demand: Demand, experts_on_cpu: bool) -> int:
    """Of one layer with its part of the cache."""
    weights, layers = demand.weights, demand.shape.layers
    body = weights.dense + (0 if experts_on_cpu else weights.experts) + demand.kv_cache
    return max(-(-body // layers), 1)


def _units(demand: Demand, experts_on_cpu: bool) -> int:
    """All layers and the output, counted in layers."""
    return demand.shape.layers + -(-_output_weights(demand.weights) // _layer_bytes(demand, experts_on_cpu))


def _output_weights(weights: Weights) -> int:
    """A tied output is a second copy of the embedding once it is on a GPU."""
    return weights.embedding if weights.tied else weights.output


def _layers_that_fit(demand: Demand, machine: Machine, experts_on_cpu: bool) -> tuple[int, ...]:
    """For each GPU, how many layers it holds."""
    size = _layer_bytes(demand, experts_on_cpu)
    per_gpu = demand.compute + demand.output + GPU_OVERHEAD
    return tuple(max(0, gpu.budget - per_gpu) // size for gpu in machine.gpus)


def _on_gpus(demand: Demand, machine: Machine, experts_on_cpu: bool, fitting: tuple[int, ...]) -> Placement:
    """As much as fits, spread over the GPUs by what each holds."""
    layers, units = demand.shape.layers, _units(demand, experts_on_cpu)
    whole = sum(fitting) >= units
    count = units if whole else min(sum(fitting), layers)
    total = _layer_bytes(demand, experts_on_cpu) * min(count, layers)
    total += _output_weights(demand.weights) if whole else 0
    shares: list[tuple[GpuBudget, int]] = []
    left, room = count, sum(fitting)
    for gpu, holds in zip(machine.gpus, fitting, strict=True):
        taken = min(holds, -(-left * holds // room)) if room else 0
        left, room = left - taken, room - holds
        if taken:
            extra = demand.compute + demand.output + GPU_OVERHEAD
            shares.append((gpu, total * taken // count + extra))
    return _place(demand, machine, min(count, layers), experts_on_cpu, tuple(shares), whole)


def _place(
    demand: Demand,
    machine: Machine,
    gpu_layers: int,
    experts_on_cpu: bool,
    shares: tuple[tuple[GpuBudget, int], ...],
    output_on_gpu: bool = False,
) -> Placement:
    weights, layers = demand.weights, demand.shape.layers
    gpu_dense = weights.dense * gpu_layers // layers
    gpu_experts = 0 if experts_on_cpu else weights.experts * gpu_layers // layers
    ram_dense = weights.dense - gpu_dense
    ram_experts = weights.experts - gpu_experts
    fixed = OVERHEAD + weights.tables + demand.output + demand.compute
    fixed += demand.kv_cache - demand.kv_cache * gpu_layers // layers
    if output_on_gpu:
        gpu_dense += _output_weights(weights)
    else:
        ram_dense += weights.output
    fixed += sum(size for gpu, size in shares if gpu.unified)
    repack = _repack(demand, machine, ram_dense, ram_experts)
    if fixed + ram_dense + ram_experts + repack > machine.ram_budget:
        repack = 0
    streamed = max(0, fixed + ram_dense + ram_experts - machine.ram_budget)
    return Placement(
        demand,
        gpu_layers,
        output_on_gpu,
        experts_on_cpu,
        shares,
        gpu_dense,
        gpu_experts,
        ram_dense,
        ram_experts,
        fixed,
        repack,
        _unmapped(demand, machine, ram_dense + ram_experts) if repack else 0,
        min(streamed, ram_dense + ram_experts),
        fixed <= machine.ram_budget,
    )


def _copying(demand: Demand, machine: Machine) -> Machine:
    """The engine leaves AMX out for latent attention (worker/variants.py)."""
    return replace(machine, amx=False) if demand.shape.multiplies_by_head else machine


def _unmapped(demand: Demand, machine: Machine, in_ram: int) -> int:
    """With everything in main memory; else the ends belong to layers that are elsewhere."""
    weights = demand.weights
    whole = in_ram >= weights.dense + weights.output + weights.experts
    return unmapped_bytes(demand.quantization.edges, _copying(demand, machine)) if whole else 0


def _repack(demand: Demand, machine: Machine, ram_dense: int, ram_experts: int) -> int:
    """The copy of those weights in main memory that the CPU computes on."""
    if not demand.repack:
        return 0
    weights = demand.weights
    dense, experts = copied_weights(demand.quantization, weights, _copying(demand, machine))
    part = dense * ram_dense // max(weights.dense + weights.output, 1)
    return part + experts * ram_experts // max(weights.experts, 1)
