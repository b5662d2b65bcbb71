"""Whether a plan is worth running. Thresholds, each with why."""

from __future__ import annotations

from engine.catalog.model import ModelSpec, Quantization
from engine.planning.layout import Placement
from engine.planning.plan import SpeedEstimate, Verdict

# Chat: people read some 4 to 5 words a second at most, about 5 tokens.
CHAT_TPS = 5.0
# A model that thinks writes some 1,000 tokens before its answer: at 8 a second that is two minutes.
REASONING_TPS = 8.0
# Below one token in five seconds nobody waits for an answer: it would take more than half an hour.
LEAST_TPS = 0.2
# The speed of mixtures is less well known (twice the spread), so more is asked of them.
EXPERTS_CAUTION = 1.25
# Bits per weight below which a model loses so much that a smaller one answers better. Dense
# models at 3 bits have a perplexity 1.6 above f16 and worse (Llama-3-8B); small ones suffer more;
# very large mixtures hold out to 2.3 (published dynamic quantizations of the R1 family).
LEAST_BITS_SMALL = 4.2
LEAST_BITS_DENSE = 3.7
LEAST_BITS_EXPERTS = 3.4
LEAST_BITS_HUGE = 2.3
SMALL_PARAMETERS = 3_000_000_000
HUGE_PARAMETERS = 200_000_000_000
# From here on more speed is hardly noticed while reading, and quality is worth more.
FLUENT_TPS = 20.0
# Bits from which more of them bring little: below FLUENT_TPS speed counts first.
GOOD_BITS = 4.4
# Above this a file grows and slows down without anybody noticing a difference (q8_0 is +0.0026).
MOST_BITS = 9.0
# Older types: at the same size the K types lose less.
_OLD_TYPES = frozenset({"Q4_0", "Q4_1", "Q5_0", "Q5_1"})


def wanted_tps(spec: ModelSpec) -> float:
    """Tokens per second from which the model is pleasant to use."""
    return REASONING_TPS if spec.reasoning else CHAT_TPS


def enough_tps(spec: ModelSpec) -> float:
    """The same, with the caution that mixtures ask for."""
    return wanted_tps(spec) * (EXPERTS_CAUTION if spec.shape.experts else 1.0)


def verdict_of(spec: ModelSpec, placement: Placement, speed: SpeedEstimate) -> Verdict:
    """Judged by the expected speed; a model that is read from the disk never runs well."""
    if not placement.runs or speed.generation_tps.expected < LEAST_TPS:
        return Verdict.WILL_NOT_RUN
    if placement.streamed or speed.generation_tps.expected < enough_tps(spec):
        return Verdict.SLOW
    return Verdict.RUNS_WELL


def least_bits(spec: ModelSpec) -> float:
    """Bits per weight from which a quantization of this model is worth recommending."""
    parameters = spec.shape.total_parameters
    if spec.shape.experts:
        return LEAST_BITS_HUGE if parameters >= HUGE_PARAMETERS else LEAST_BITS_EXPERTS
    return LEAST_BITS_SMALL if parameters < SMALL_PARAMETERS else LEAST_BITS_DENSE


def advisable(spec: ModelSpec, quantization: Quantization) -> bool:
    """Whether its quality is worth its size. Where a model comes in one size, that one is."""
    if len(spec.quantizations) == 1:
        return True
    if quantization.name in _OLD_TYPES and any("_K" in other.name for other in spec.quantizations):
        return False
    return least_bits(spec) <= quantization.bits_per_weight <= MOST_BITS
