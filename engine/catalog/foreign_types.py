"""Quantizations that ik_llama.cpp alone can load: its types, and llama.cpp's with interleaved rows ("_R4").

Bits of its types are those of its ggml.h. Of the 671B they come from published files (shared logs of
github:ikawrakow/ik_llama.cpp discussions/258 and 477), whose publishers keep attention wider.
"""

from __future__ import annotations

import re

from engine.catalog.gguf_types import TENSOR_TYPES

_OWN = {
    "IQ1_KT": 1.75,
    "IQ2_KT": 2.125,
    "IQ2_KS": 2.1875,
    "IQ2_K": 2.375,
    "IQ2_KL": 2.6875,
    "IQ3_KT": 3.125,
    "IQ3_KS": 3.1875,
    "IQ3_K": 3.4375,
    "IQ4_KSS": 4.0,
    "IQ4_KT": 4.0,
    "IQ4_KS": 4.25,
    "IQ4_K": 4.5,
    "IQ5_KS": 5.25,
    "IQ5_K": 5.5,
    "IQ6_K": 6.625,
    "DQ4_K": 4.5,
}
_INTERLEAVED = re.compile(r"(.+)_R(?:4|8|16)")
_TYPES = {kind.name: kind.block_bytes * 8 / kind.block_elements for kind in TENSOR_TYPES.values()}
HUGE_PARAMETERS = 671_000_000_000
_HUGE = {
    "IQ1_S_R4": 1.664,
    "IQ2_K_R4": 2.799,
    "IQ3_K_R4": 3.847,
    "IQ4_KS_R4": 4.701,
    "IQ4_K_R4": 4.936,
    "DQ4_K_R4": 5.281,
}
_WIDER = 0.4  # bits that the rest of such a file adds to those of its main type


def is_foreign(name: str) -> bool:
    """Whether llama.cpp cannot load a file of that quantization."""
    return _nominal(name.upper()) is not None


def foreign_bits(name: str, parameters: int) -> float | None:
    """Bits per weight of a whole file of a model of that size; None where it is no such quantization."""
    nominal = _nominal(name.upper())
    if nominal is None:
        return None
    known = _HUGE if abs(parameters / HUGE_PARAMETERS - 1) < 0.02 else {}
    return known.get(name.upper(), nominal + _WIDER)


def _nominal(name: str) -> float | None:
    found = _INTERLEAVED.fullmatch(name)
    plain = found[1] if found else name
    return _OWN.get(plain, _TYPES.get(plain) if found else None)
