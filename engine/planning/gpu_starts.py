"""What starting the kernels of its layers takes on devices, beside reading weights."""

from __future__ import annotations

from engine.catalog.model import AttentionKind, ModelShape
from engine.planning.cpu_speed import HYBRID_LAYER_S, lent_experts
from engine.planning.gpu_speed import layer_seconds
from engine.planning.layout import Placement
from engine.planning.machine import PROCESSOR, GpuBudget, Machine

GPU_LATENT_LAYER_S, GPU_UNRECORDED_LATENT_LAYER_S = 225e-6, 350e-6  # MLA with 256 experts
GPU_BIASED_LAYER_S = 20e-6  # gpt-oss adds biases to what every matrix gives, and sinks to attention
LOOPED_EXPERT_S = 80e-6  # three matrices, each quantised, multiplied and gathered by its own kernels
# More kernels, beside those of a dense layer:
GPU_EXPERT_KERNELS = 0.9  # router, gather, scatter
RECURRENT_KERNELS = 1.7  # convolution, gates, state
# Mixtures that behave as if nothing were recorded or merged: each layer has a dense part beside the experts.
UNMERGED = frozenset({"gemma4"})
SPLIT_S = 40e-6  # handing activations to the next GPU


def starting_seconds(placement: Placement, machine: Machine) -> float:
    """Of one step, on all devices."""
    if not placement.on_gpu:
        return 0.0
    shape, parts = placement.demand.shape, placement.parts
    left = placement.ram_dense + placement.ram_experts > 0
    # a graph is recorded for one card that does everything
    recorded = machine.recorded if len(parts) == 1 and not left else 0.0
    merged = machine.merged
    if shape.architecture in UNMERGED and placement.gpu_experts:
        recorded = merged = 0.0
    kernels = 1 + RECURRENT_KERNELS * shape.recurrent_layers / shape.layers
    seconds = SPLIT_S * (len(parts) - 1)
    for part in parts:
        plain = whole = layer_seconds(part.gpu, recorded, merged, kernels, 0.0)
        if placement.gpu_experts:
            usual = layer_seconds(part.gpu, recorded, merged, kernels, GPU_EXPERT_KERNELS)
            whole = _mixture_s(part.gpu, shape, machine, recorded, usual)
        seconds += plain * part.away + whole * (part.layers - part.away)
        seconds += GPU_BIASED_LAYER_S * part.layers if shape.architecture == "gpt-oss" else 0.0
    if placement.experts_away:
        return seconds + HYBRID_LAYER_S * len(placement.experts_away)
    return seconds + (SPLIT_S if left else 0.0)


def _mixture_s(gpu: GpuBudget, shape: ModelShape, machine: Machine, recorded: float, usual: float) -> float:
    """Starting a layer with its experts; `usual`: of other mixtures on that card."""
    layer = usual
    if gpu.architecture == PROCESSOR:
        layer = lent_experts(shape, machine)[1]
    elif latent_experts(shape):
        layer = GPU_LATENT_LAYER_S * recorded + GPU_UNRECORDED_LATENT_LAYER_S * (1 - recorded)
    return layer + (LOOPED_EXPERT_S * shape.experts_used if machine.looped_experts else 0.0)


def latent_experts(shape: ModelShape) -> bool:
    """Latent attention and a mixture, as the 671B has."""
    return shape.experts > 0 and shape.attention is AttentionKind.MLA
