"""What a model takes that writes ahead for another one: it computes on the processor, beside it."""

from __future__ import annotations

from dataclasses import replace

from engine.catalog.model import ModelSpec, Quantization
from engine.planning.layout import demand_of, place
from engine.planning.machine import Machine
from engine.planning.memory import OVERHEAD
from engine.planning.plan import KvType

DRAFT_BATCH = 128  # tokens that it reads at once (worker/draft_model.py)


def draft_bytes(
    spec: ModelSpec,
    quantization: Quantization,
    machine: Machine,
    context_length: int,
    sequences: int,
    *,
    shared: bool,
    repack: bool,
) -> tuple[int, int]:
    """(in main memory, part of them that is its file). For the conversations that the other has room for."""
    rooms = context_length, KvType.F16, sequences, shared
    demand = demand_of(spec.shape, quantization, *rooms, DRAFT_BATCH, repack)
    alone = place(demand, replace(machine, ram_budget=1 << 60, gpus=()), ())
    return alone.ram - OVERHEAD, alone.ram_dense + alone.ram_experts + demand.weights.tables
