"""What a quantization costs in quality: measured where somebody published it, else of the nearest type."""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalog.model import Quantization
from engine.figures import Origin

SOURCE = "github:ggml-org/llama.cpp tools/quantize/quantize.cpp and README.md (Llama-3-8B)"
# Perplexity above f16 of Llama-3-8B, by the bits per weight of the whole file, from that table.
_BY_BITS = (
    (8.5, 0.0026),
    (6.56, 0.0217),
    (5.7, 0.0569),
    (5.57, 0.1049),
    (4.89, 0.1754),
    (4.67, 0.2689),
    (4.3, 0.5562),
    (4.0, 0.6569),
    (3.64, 1.6321),
    (2.97, 3.1836),
)
_WHOLE = ("F16", "BF16", "F32")
_TRAINED_FOR = 0.1754  # what is taken for a model that was trained for its 4 bits: Q4_K_M's
# Formats that models are trained or published in: there is nothing that they are a loss against.
_NATIVE = ("MXFP4",)


@dataclass(frozen=True, slots=True)
class QualityLoss:
    """Perplexity above that of f16. `measured`: of this very type, on Llama-3-8B; else of the type of the
    next fewer bits. Large models lose less: R1-0528 itself has 2 % more perplexity at 4.5 bits."""

    increase: float
    measured: bool
    native: bool = False
    source: str = SOURCE
    origin: Origin = Origin.ESTIMATED


def loss_of(quantization: Quantization) -> QualityLoss:
    if quantization.name in _NATIVE:
        return QualityLoss(0.0, False, native=True, source="the format it was published in")
    if "-qat-" in quantization.repository.lower():
        return QualityLoss(_TRAINED_FOR, False, source=f"trained for it, taken as Q4_K_M: {SOURCE}")
    if quantization.perplexity_increase is not None:
        return QualityLoss(quantization.perplexity_increase, True)
    if quantization.name in _WHOLE:  # of gpt-oss the experts stay as they were published
        return QualityLoss(0.0, False, native=True, source="nothing is rounded further")
    bits = quantization.bits_per_weight
    nearest = next((lost for width, lost in _BY_BITS if bits >= width - 0.05), _BY_BITS[-1][1])
    return QualityLoss(nearest, False)
