"""How far a predicted speed may be off: the width of the stated range, as factors."""

from __future__ import annotations

from engine.hardware.described import EngineKind
from engine.planning.layout import Placement
from engine.planning.machine import Machine
from engine.planning.sharpen import learnt

# What the model missed by on published runs: most of them lie within these.
DENSE_SPREAD = 1.26
EXPERTS_SPREAD = 1.58
STREAM_SPREAD = 2.0
PROMPT_SPREAD = 2.0
CALIBRATED_SPREAD = 1.18
CALIBRATED_PROMPT_SPREAD = 1.3
OBSERVED_SPREAD = 1.12  # once a run of another model was measured on this machine
# Answers at once are taken to choose experts by chance, each for itself, which reads most of them. Published
# batches chose alike and were up to twice as fast (python -m tests.bench.truth --only batches).
BATCHED_EXPERTS_SPREAD = 1.3
UNKNOWN_GPU = (1.6, 2.0)
# Engines that split every layer over the cards: bound by their links, not modelled.
TENSOR_PARALLEL = frozenset({EngineKind.VLLM, EngineKind.SGLANG})
TENSOR_PARALLEL_SPREAD = 5.0


def generation_spread(
    placement: Placement, machine: Machine, unknown: tuple[float, float], streams: int = 1
) -> tuple[float, float]:
    """Factors (below, above) the expected speed. `unknown`: what a description left open. `streams`: answers
    at once."""
    if placement.streamed:
        disk = machine.disk_bandwidth
        low = max(STREAM_SPREAD, disk.expected / disk.low)
        return low * unknown[0], max(STREAM_SPREAD, disk.high / disk.expected) * unknown[1]
    low = high = _model_spread(placement, machine)
    observed = learnt(placement, machine).observed
    calibrated = machine.calibration is not None or observed
    if placement.ram_dense + placement.ram_experts and not calibrated:
        ram = machine.ram_bandwidth
        if not machine.bandwidth_measured:
            low, high = low * ram.expected / ram.low, high * ram.high / ram.expected
        else:
            high *= max(1.0, ram.high / ram.expected / 1.1)
    if any(not gpu.bandwidth_known for gpu, _ in placement.gpu_shares) and not observed:
        low, high = low * UNKNOWN_GPU[0], high * UNKNOWN_GPU[1]
    if streams > 1 and placement.demand.shape.experts:
        high *= BATCHED_EXPERTS_SPREAD
    return low * unknown[0], high * unknown[1]


def _model_spread(placement: Placement, machine: Machine) -> float:
    if machine.engine in TENSOR_PARALLEL:
        return TENSOR_PARALLEL_SPREAD
    if learnt(placement, machine).observed:
        return OBSERVED_SPREAD
    if machine.calibration is not None and not placement.on_gpu:
        return CALIBRATED_SPREAD
    return EXPERTS_SPREAD if placement.demand.shape.experts else DENSE_SPREAD


def prompt_spread(
    placement: Placement, machine: Machine, unknown: tuple[float, float]
) -> tuple[float, float]:
    if machine.engine in TENSOR_PARALLEL:
        return TENSOR_PARALLEL_SPREAD, TENSOR_PARALLEL_SPREAD
    if learnt(placement, machine).prompts_observed or (
        machine.calibration is not None and not placement.on_gpu
    ):
        return CALIBRATED_PROMPT_SPREAD, CALIBRATED_PROMPT_SPREAD
    return PROMPT_SPREAD * unknown[0], PROMPT_SPREAD * unknown[1]
