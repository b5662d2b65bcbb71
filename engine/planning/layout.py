"""What goes where: layers and experts on GPUs or in main memory, repacking, streaming.

A placement is computed for one context length and cache type. Which ways there are is told by ways.py,
which of them is best by placement.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass, replace

from engine.catalog.model import ModelShape, Quantization
from engine.planning.layers import Piece, pieces_of
from engine.planning.machine import GpuBudget, Machine
from engine.planning.memory import (
    OUTPUT_ROWS,
    OVERHEAD,
    UBATCH,
    Run,
    Weights,
    compute_bytes,
    copied_originals,
    copied_weights,
    device_compute_bytes,
    host_compute_bytes,
    kinds_of,
    kv_cache_bytes,
    output_bytes,
    weights_of,
)
from engine.planning.mixture_step import SETTLED, Before
from engine.planning.plan import KvType
from engine.planning.repack import unmapped_bytes

# Inner widths of a recurrent layer that cross to the next device beside the residual (see memory.Run).
INCOMING, OUTGOING = 2, 1
AS_PLANNED = -1  # layers on devices, where nobody said how many
MOST_FILLED = 0.85  # of the usable main memory


@dataclass(frozen=True, slots=True)
class Demand:
    """What a model asks for, before it is placed. Bytes."""

    shape: ModelShape
    quantization: Quantization
    weights: Weights
    context_length: int
    kv_type: KvType
    kv_cache: int
    compute: int  # on the CPU when it computes everything
    output: int
    pieces: tuple[Piece, ...]
    batch: int = UBATCH
    repack: bool = True  # weights may be copied to the CPU's own layout
    device_layers: int = AS_PLANNED  # that a person wants on devices beside the CPU, the output with them
    experts_in_ram: int | None = None  # of so many layers at least, as a person wants it; None: as is best


@dataclass(frozen=True, slots=True)
class DevicePart:
    """What a GPU holds. Bytes."""

    gpu: GpuBudget
    layers: int  # of the model's
    away: int  # of these, whose experts are in main memory
    output: bool
    weights: int
    experts: int  # part of the weights
    kv_cache: int
    compute: int

    @property
    def size(self) -> int:
        return self.weights + self.kv_cache + self.compute + self.gpu.overhead


@dataclass(frozen=True, slots=True)
class Placement:
    """One way to lay a model out. Bytes, by device."""

    demand: Demand
    parts: tuple[DevicePart, ...]  # in the order of the layers
    experts_away: tuple[int, ...]  # layers on GPUs whose experts are in main memory
    pipelined: bool  # several prompt steps are under way at once
    compute: int  # on the CPU
    gpu_dense: int  # weights read for every token, on GPUs
    gpu_experts: int
    ram_dense: int  # weights read for every token, in main memory
    ram_experts: int
    ram_fixed: int  # cache, buffers, the embedding, the projector and overhead in main memory
    repack: int  # copied weights; 0 when repacking is off
    mapped: bool  # the file is; else what is copied is there once
    unmapped: int  # bytes of the file that the copy makes superfluous: of a mapped one at its ends
    streamed: int  # weights that do not fit and are read from the disk again and again
    runs: bool  # False when not even the fixed part fits

    @property
    def gpu_layers(self) -> int:
        """Of the model's layers."""
        return sum(part.layers for part in self.parts)

    @property
    def n_gpu_layers(self) -> int:
        """As llama.cpp counts: the output is one more layer, and so is each for drafts."""
        return sum(self.layers_on(part) for part in self.parts)

    def layers_on(self, part: DevicePart) -> int:
        """The same of one device. Those for drafts stand with the last layer, wherever that is."""
        last = next((each for each in reversed(self.parts) if each.layers), None)
        return part.layers + part.output + (self.demand.shape.draft_layers if part is last else 0)

    @property
    def experts_kept(self) -> int:
        """Layers whose experts are on GPUs with them."""
        layers = self.demand.pieces[:-1]
        there = layers[len(layers) - self.gpu_layers :]
        return sum(piece.experts > 0 for piece in there) - len(self.experts_away)

    @property
    def overridden(self) -> tuple[int, ...]:
        """Layers whose experts the engine is told to leave in main memory; those for drafts as the last."""
        shape = self.demand.shape
        last = shape.layers - 1 in self.experts_away
        drafts = range(shape.layers, shape.layers + shape.draft_layers) if last else ()
        return (*self.experts_away, *drafts)

    @property
    def devices(self) -> tuple[tuple[str, int], ...]:
        """(the engine's name, layers as llama.cpp counts); empty leaves the split to the engine."""
        named = all(part.gpu.device for part in self.parts)
        return tuple((part.gpu.device, self.layers_on(part)) for part in self.parts) if named else ()

    @property
    def gpu_shares(self) -> tuple[tuple[GpuBudget, int], ...]:
        """(GPU, bytes of everything on it)"""
        return tuple((part.gpu, part.size) for part in self.parts)

    @property
    def ram(self) -> int:
        """Main memory that is asked for; never more than the budget when `runs`."""
        instead = 0 if self.mapped else self.unmapped
        return self.plain_ram + self.repack - instead

    @property
    def plain_ram(self) -> int:
        """The same without a copy of weights, of which there is one only where it finds room."""
        return self.ram_fixed + self.ram_dense + self.ram_experts - self.streamed

    @property
    def vram(self) -> tuple[tuple[str, int], ...]:
        return tuple((part.gpu.name, part.size) for part in self.parts if not part.gpu.unified)

    @property
    def doubled(self) -> int:
        """A tied output that is computed on a GPU, as in every way to use one, is there a second time."""
        return self.demand.weights.doubled if self.on_gpu else 0

    @property
    def on_gpu(self) -> bool:
        """Any of it, be it the output alone."""
        return bool(self.parts)


def demand_of(
    shape: ModelShape,
    quantization: Quantization,
    context_length: int,
    kv_type: KvType,
    sequences: int = 1,
    shared: bool = False,
    batch: int = UBATCH,
    repack: bool = True,
    device_layers: int = AS_PLANNED,
    experts_in_ram: int | None = None,
) -> Demand:
    """What the model asks for with that context; see `kv_cache_bytes` for `sequences`."""
    weights = weights_of(shape, quantization)
    kv_cache = kv_cache_bytes(shape, context_length, kv_type, sequences, shared)
    return Demand(
        shape,
        quantization,
        weights,
        context_length,
        kv_type,
        kv_cache,
        compute_bytes(shape, context_length, batch, kv_type, sequences),
        output_bytes(shape, sequences),
        pieces_of(shape, quantization, weights, kv_cache, context_length, kv_type, sequences, shared),
        batch,
        repack,
        device_layers,
        experts_in_ram,
    )


def leaves_air(placement: Placement, machine: Machine) -> bool:
    """What fills memory to the brim ends in swapping. The copy for speed is left out of the sum,
    since it is made only where there is room."""
    return placement.plain_ram <= machine.ram_budget * MOST_FILLED


def compute_on(demand: Demand, run: Run) -> int:
    return device_compute_bytes(demand.shape, demand.context_length, demand.batch, demand.kv_type, run)


def place(
    demand: Demand,
    machine: Machine,
    counts: tuple[int, ...],
    kept: tuple[int, ...] | None = None,
    pipelined: bool = False,
) -> Placement:
    """With so many of the last pieces on each GPU. `kept`: of the layers of each, the last so many have their
    experts with them; None: all of them, (): none."""
    weights, pieces = demand.weights, demand.pieces
    first = len(pieces) - sum(counts)
    away = _away(pieces, counts, kept)
    parts = _parts(demand, machine, counts, away, pipelined)
    ram = pieces[:first]
    ram_dense = sum(piece.dense for piece in ram)
    ram_dense -= 0 if parts else weights.doubled  # the table itself is the output there
    gpu_experts = sum(part.experts for part in parts)
    ram_experts = weights.experts - gpu_experts
    host = _host_compute(demand, bool(away), pipelined, sum(part.layers > 0 for part in parts))
    compute = _kept_compute(demand, ram, host if away else 0) if first else host
    fixed = OVERHEAD + weights.tables + demand.output + compute + sum(piece.kv_cache for piece in ram)
    fixed += demand.quantization.projector
    fixed += sum(part.size for part in parts if part.gpu.unified)
    plain = fixed + ram_dense + ram_experts
    streamed = max(0, plain - machine.ram_budget)
    copied = _copied(demand, machine, plain, ram_dense, ram_experts)
    return Placement(
        demand,
        parts,
        away,
        pipelined,
        compute,
        sum(piece.dense for piece in pieces[first:]),
        gpu_experts,
        ram_dense,
        ram_experts,
        fixed,
        copied.size,
        copied.mapped,
        copied.unmapped,
        min(streamed, ram_dense + ram_experts),
        fixed <= machine.ram_budget,
    )


def _away(
    pieces: tuple[Piece, ...], counts: tuple[int, ...], kept: tuple[int, ...] | None
) -> tuple[int, ...]:
    """Layers on devices whose experts are not."""
    if kept is None:
        return ()
    found, begin = list[int](), len(pieces) - sum(counts)
    for count, own in itertools.zip_longest(counts, kept, fillvalue=0):
        end = min(begin + count, len(pieces) - 1)
        found += range(begin, max(begin, end - own))
        begin += count
    return tuple(number for number in found if pieces[number].experts)


def _parts(
    demand: Demand, machine: Machine, counts: tuple[int, ...], away: tuple[int, ...], pipelined: bool
) -> tuple[DevicePart, ...]:
    parts = []
    pieces, gone = demand.pieces, frozenset(away)
    first = begin = len(pieces) - sum(counts)
    for gpu, count in zip(machine.gpus, counts, strict=False):
        pieces_here, end = pieces[begin : begin + count], begin + count
        if not count:
            continue
        output = end == len(pieces)
        layers = count - output
        experts = sum(piece.experts for number, piece in enumerate(pieces_here, begin) if number not in gone)
        left = len(gone.intersection(range(begin, end)))
        run = Run(
            frozenset(piece.kind for piece in pieces_here if piece.kind) or kinds_of(demand.shape),
            first == 0,
            pipelined,
            later=begin > first,
            only_last=output and count == 2,
            handed=(INCOMING if begin > first else 0) + (OUTGOING if end < len(pieces) - 1 else 0),
            befores=(_before(pieces, begin, first, gone),),
            counts=(_settled(left, layers - left) if experts or not left else _settled(layers, 0),),
            ends=(end >= len(pieces) - 1,),
            dense=not all(piece.experts for piece in pieces_here[:layers]),
        )
        parts.append(
            DevicePart(
                gpu,
                layers,
                left,
                output,
                sum(piece.dense for piece in pieces_here) + experts,
                experts,
                sum(piece.kv_cache for piece in pieces_here),
                _output_compute(demand) if output and count == 1 else compute_on(demand, run),
            )
        )
        begin = end
    return tuple(parts)


def _settled(away: int, here: int) -> tuple[int, int]:
    return min(away, SETTLED), min(here, SETTLED)


def _before(pieces: tuple[Piece, ...], begin: int, first: int, gone: Collection[int]) -> Before:
    """What is computed before the piece `begin`, where devices have those from `first` on."""
    if not begin:
        return Before.NOTHING
    if pieces[begin - 1].experts and (begin - 1 in gone or begin == first):
        return Before.EXPERTS
    return Before.DEVICE if begin > first else Before.DENSE


def _output_compute(demand: Demand) -> int:
    """On a GPU with nothing but the output: logits, and what they are made of. Of layers that do nothing but
    recur, the last one's result and the residual come for all tokens, as rows are chosen only here."""
    shape = demand.shape
    logits = 4 * OUTPUT_ROWS * (shape.vocabulary + 6 * shape.embedding_length)
    chosen_late = shape.recurrent_layers == shape.layers and not shape.feed_forward_length
    return logits + (8 * demand.batch * shape.embedding_length if chosen_late else 0)


def _kept_compute(demand: Demand, kept: tuple[Piece, ...], least: int) -> int:
    """On the CPU, where it computes those layers; `least` for what it does besides. Those that begin a
    mixture may have no experts."""
    shape = demand.shape
    if not shape.experts or any(piece.experts for piece in kept):
        return demand.compute
    plain = replace(shape, experts=0)
    without = compute_bytes(plain, demand.context_length, demand.batch, demand.kv_type)
    return min(demand.compute, max(without, least))


def _host_compute(demand: Demand, experts_here: bool, pipelined: bool, devices: int) -> int:
    return host_compute_bytes(
        demand.shape,
        demand.context_length,
        demand.batch,
        pipelined=pipelined,
        experts_here=experts_here,
        devices=devices,
    )


def copying_machine(demand: Demand, machine: Machine) -> Machine:
    """The engine leaves AMX out for latent attention (worker/variants.py)."""
    return replace(machine, amx=False) if demand.shape.beyond_amx else machine


def _unmapped(demand: Demand, machine: Machine, in_ram: int) -> int:
    """With everything in main memory; else the ends belong to layers that are elsewhere."""
    weights = demand.weights
    whole = in_ram >= weights.dense + weights.output + weights.experts
    return unmapped_bytes(demand.quantization.edges, copying_machine(demand, machine)) if whole else 0


@dataclass(frozen=True, slots=True)
class _Copied:
    """Weights in the layout that the CPU computes fastest with. Bytes."""

    size: int = 0
    mapped: bool = True
    unmapped: int = 0


def _copied(demand: Demand, machine: Machine, plain: int, ram_dense: int, ram_experts: int) -> _Copied:
    """Beside the mapped file where there is room for both; else in its place, where that leaves air: such
    memory cannot be given back. `plain`: what main memory holds without it."""
    if not demand.repack:
        return _Copied()
    weights, where = demand.weights, copying_machine(demand, machine)
    size = _in_ram(demand, copied_weights(demand.quantization, weights, where), ram_dense, ram_experts)
    if plain + size <= machine.ram_budget:
        return _Copied(size, True, _unmapped(demand, machine, ram_dense + ram_experts) if size else 0)
    originals = copied_originals(demand.quantization, weights, where)
    instead = _in_ram(demand, originals, ram_dense, ram_experts)
    if plain + size - instead <= machine.ram_budget * MOST_FILLED:
        return _Copied(size, False, instead)
    return _Copied()


def _in_ram(demand: Demand, sizes: tuple[int, int], ram_dense: int, ram_experts: int) -> int:
    """Of (dense weights, experts) what lies in main memory."""
    weights, (dense, experts) = demand.weights, sizes
    part = dense * ram_dense // max(weights.dense + weights.output, 1)
    return part + experts * ram_experts // max(weights.experts, 1)
