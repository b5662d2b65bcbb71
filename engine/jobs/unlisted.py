"""Quantizations that a person asks for and the catalogue does not list for that model.

They are sized by llama.cpp's rules where the model's tensors are known, else by what files of that name
take of other models. Nothing says that somebody published such a file.
"""

from __future__ import annotations

import difflib
import statistics
from collections.abc import Iterator

from engine.catalog.catalog import find
from engine.catalog.foreign_types import foreign_bits
from engine.catalog.gguf import GgufHeader, weights_of
from engine.catalog.model import ModelSpec, Quantization
from engine.catalog.quant_mix import known_mixes
from engine.errors import UsageError
from engine.jobs.advising import shipped_catalog, skeleton_header

_NEAREST = 4
# Models whose tensors stand for those of others, without experts and with them.
_USUAL = {False: "DeepSeek-R1-0528-Qwen3-8B", True: "DeepSeek-R1-0528"}


def quantization_named(spec: ModelSpec, name: str) -> Quantization:
    """The one that is listed, else an estimate. Raises: UsageError, for a name that nobody uses."""
    wanted = name.casefold()
    for each in spec.quantizations:
        if each.name.casefold() == wanted:
            return each
    names = {known.casefold(): known for known in _known_names()}
    if wanted in names:
        return _estimated(spec, names[wanted])
    if (bits := foreign_bits(name, spec.shape.total_parameters)) is not None:
        return _of_bits(spec, name.upper(), bits)
    near = difflib.get_close_matches(wanted, names, _NEAREST, 0.4) or ["q4_k_m"]
    listed = ", ".join(each.name for each in spec.quantizations)
    raise UsageError.of(
        "quantization_unknown",
        model=spec.name,
        quantization=name[:100],
        nearest=", ".join(names[each] for each in near),
        known=listed,
    )


def _known_names() -> Iterator[str]:
    yield from known_mixes()
    for spec in shipped_catalog():
        yield from (each.name for each in spec.quantizations)


def _estimated(spec: ModelSpec, name: str) -> Quantization:
    header = skeleton_header(spec, name)
    if header is not None:
        weights = weights_of(header)
        return Quantization(
            name,
            weights.tensor_bytes,
            False,
            weights.bits_per_weight,
            "",
            expert_bytes=weights.expert_bytes,
            matrices=weights.matrices,
            edges=weights.edges,
        )
    return _of_bits(spec, name, _usual_bits(spec, name))


def _of_bits(spec: ModelSpec, name: str, bits: float) -> Quantization:
    return Quantization(name, max(1, int(spec.shape.total_parameters * bits / 8)), False, bits, "")


def _usual_bits(spec: ModelSpec, name: str) -> float:
    """Bits per weight over a whole file of that name."""
    mixed = spec.shape.experts > 0
    header = _usual_header(mixed, name)
    if header is not None:
        return weights_of(header).bits_per_weight
    listed = [
        (other.shape.experts > 0, each.bits_per_weight)
        for other in shipped_catalog()
        for each in other.quantizations
        if each.name == name
    ]
    alike = [bits for experts, bits in listed if experts == mixed]
    return statistics.median(alike or [bits for _, bits in listed])


def _usual_header(mixed: bool, name: str) -> GgufHeader | None:
    return skeleton_header(find(shipped_catalog(), _USUAL[mixed]), name)
