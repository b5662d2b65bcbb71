"""Which weights ggml's CPU back end copies into a layout of its own, and how large the copy is.

Read off ggml-cpu/repack.cpp and ggml-cpu/amx of the pinned llama.cpp. A copy lives in memory of the
process beside the mapped file, and makes prompts several times faster; a model that streams from disk
must do without. AMX comes first where a processor has it, but knows nothing of routed experts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.catalog.model import Matrices
from engine.hardware.described import EngineKind
from engine.planning.machine import Machine

COPYING = frozenset({EngineKind.LLAMA_CPP, EngineKind.OLLAMA})  # engines that copy weights unasked
_AVX2 = frozenset({"Q4_0", "Q4_K", "IQ4_NL", "MXFP4"})
_AVX512 = _AVX2 | {"Q2_K"}
_NEON_DOT = frozenset({"Q4_0", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "MXFP4", "Q8_0", "Q1_0"})
# Bytes of the copy for each byte of the weights: sums that the kernel wants stand beside the blocks.
_AMX = {
    "Q4_0": 1.0,
    "Q4_1": 1.0,
    "Q8_0": 38 / 34,
    "Q4_K": 148 / 144,
    "Q5_K": 180 / 176,
    "Q6_K": 1.0,
    "IQ4_XS": 138 / 136,
    "F16": 1.0,
}


@dataclass(frozen=True, slots=True)
class PlainShare:
    """Of the speed with a copy, for one thread whose kernels are the limit."""

    generation: float = 1.0
    prompt: float = 1.0


# Measured on one processor (a Xeon with AMX, each set of instructions taken away in turn; one thread,
# invented weights, 28 November 2026, pinned llama.cpp): what one thread reaches without the copy.
_PLAIN_AMX = {
    "Q4_0": PlainShare(0.26, 0.34),
    "Q4_1": PlainShare(0.28, 0.20),
    "Q8_0": PlainShare(0.63, 0.40),
    "Q4_K": PlainShare(0.50, 0.56),
    "Q5_K": PlainShare(0.64, 0.61),
    "Q6_K": PlainShare(1.0, 0.79),
    "IQ4_XS": PlainShare(0.47, 0.77),
    "F16": PlainShare(0.78, 1.0),
}
_PLAIN_AVX512 = {
    "Q4_0": PlainShare(0.43, 0.65),
    "Q4_K": PlainShare(0.50, 1.0),
    "Q2_K": PlainShare(0.51, 1.0),
    "IQ4_NL": PlainShare(0.38, 0.61),
    "MXFP4": PlainShare(0.38, 0.61),  # as IQ4_NL, whose kernel it shares
}
_PLAIN_AVX2 = {
    "Q4_0": PlainShare(0.66, 0.75),
    "Q4_K": PlainShare(0.50, 0.79),
    "IQ4_NL": PlainShare(0.70, 0.76),
    "MXFP4": PlainShare(0.70, 0.76),
}


def plain_share(one: Matrices, machine: Machine) -> PlainShare:
    """What is left of the speed of those matrices where they are not copied. ARM's kernels were not
    measured: nothing is said of them."""
    if not machine.x86 or not _factor(one, machine):
        return PlainShare()
    if machine.amx and not one.experts and one.type_name in _PLAIN_AMX:
        return _PLAIN_AMX[one.type_name]
    return (_PLAIN_AVX512 if machine.avx512 else _PLAIN_AVX2).get(one.type_name, PlainShare())


def copied_bytes(matrices: Iterable[Matrices], machine: Machine) -> int:
    """Bytes of the copy if all those matrices lay in main memory. A CPU with neither AVX2 nor dot
    products copies nothing."""
    return sum(round(one.size_bytes * _factor(one, machine)) for one in matrices)


def original_bytes(matrices: Iterable[Matrices], machine: Machine) -> int:
    """Of the same what stands in the file."""
    return sum(one.size_bytes for one in matrices if _factor(one, machine))


def unmapped_bytes(edges: Iterable[Iterable[Matrices]], machine: Machine) -> int:
    """Bytes at both ends of the file that are copied, and so need not stay mapped."""
    runs = [tuple(run) for run in edges]
    return sum(
        sum(one.size_bytes for one in run) for run in runs if all(_factor(one, machine) for one in run)
    )


def _factor(one: Matrices, machine: Machine) -> float:
    if machine.amx and not one.experts and one.type_name in _AMX:
        return _AMX[one.type_name]
    return 1.0 if one.type_name in _types(machine) else 0.0


def _types(machine: Machine) -> frozenset[str]:
    if not machine.wide_vectors:
        return frozenset()
    if not machine.x86:
        return _NEON_DOT
    return _AVX512 if machine.avx512 else _AVX2
