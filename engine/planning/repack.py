"""Which weights ggml's CPU back end copies into a layout of its own, and how large the copy is.

Read off ggml-cpu/repack.cpp and ggml-cpu/amx of the pinned llama.cpp. A copy lives in memory of the
process beside the mapped file, and makes prompts several times faster; a model that streams from disk
must do without. AMX comes first where a processor has it, but knows nothing of routed experts.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.catalog.model import Matrices
from engine.planning.machine import Machine

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


def copied_bytes(matrices: Iterable[Matrices], machine: Machine) -> int:
    """Bytes of the copy if all those matrices lay in main memory. A CPU with neither AVX2 nor dot
    products copies nothing."""
    return sum(round(one.size_bytes * _factor(one, machine)) for one in matrices)


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
