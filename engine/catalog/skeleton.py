"""Skeletons: headers and tensor tables of models of the catalogue, without their weights.

They are made of published facts (resources/catalog/skeletons.json) and of llama.cpp's rules, so that a
model can be planned exactly before a byte of it is here and without a network. `write_skeleton` makes a
file of it that llama.cpp opens for a dry run: its weights are a hole, and it has as many tokens as the
model, all of them empty.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import cast

from engine.catalog.gguf_header import GgufHeader, GgufTensor, MetadataValue
from engine.catalog.gguf_shape import shape_of, weights_of
from engine.catalog.hollow import write_hollow
from engine.catalog.model import ModelSpec, Quantization
from engine.catalog.quant_mix import Mix, converted_type, known_mixes, types_of
from engine.catalog.skeleton_tensors import Value, tensor_shapes
from engine.errors import ModelFileError

SCHEMA = 1
MAX_FILE_BYTES = 1 << 20
TOLERANCE = 0.04  # of a size, most are published with two digits; beyond it other rules were used
_ALIGNMENT = 32
_OF_TENSORS = ("rope_factors", "keys_are_values")  # say which tensors there are; no keys of the header
_MOST_LAYERS = 1024


@dataclass(frozen=True, slots=True)
class Architecture:
    """What is published of a model's architecture; keys lack the prefix of its name."""

    model: str  # the catalogue's name
    architecture: str
    keys: Mapping[str, Value]
    numbers: Mapping[str, float]
    vocabulary: int
    tied: bool


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A file as llama.cpp's converter and quantiser would write it, up to its tokens."""

    of: Architecture
    quantization: str
    header: GgufHeader


def load_skeletons(path: Path) -> Mapping[str, Architecture]:
    """By the names of the catalogue. Raises: ModelFileError, naming the file and what is wrong."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError("it is absurdly large")
        content = json.loads(path.read_text("utf-8"))
        if content["schema"] != SCHEMA:
            raise ValueError("its schema is not known here")
        known = [_architecture(entry) for entry in content["skeletons"]]
        return MappingProxyType({one.model: one for one in known})
    except OSError as error:
        raise ModelFileError.of(
            "catalog_unreadable", path=str(path), reason=error.strerror or str(error)
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFileError.of("catalog_unreadable", path=str(path), reason=str(error)) from error


def skeleton_of(architecture: Architecture, quantization: str) -> Skeleton | None:
    """None where the rules of that quantization are not known ("UD-...")."""
    if quantization not in known_mixes():
        return None
    tensors = _tensors(architecture, quantization)
    size = sum(tensor.size_bytes for tensor in tensors)
    header = GgufHeader(3, MappingProxyType(_metadata(architecture)), tensors, 0, size, size)
    return Skeleton(architecture, quantization, header)


def with_skeletons(spec: ModelSpec, architecture: Architecture | None) -> ModelSpec:
    """The model with the shape of its skeleton, and its tensor tables as far as they agree with published
    sizes. Those sizes stay, and so do the published counts of parameters and what is exact."""
    if architecture is None:
        return spec
    tables = [_with_table(quantization, architecture) for quantization in spec.quantizations]
    skeleton = skeleton_of(architecture, "Q8_0")
    assert skeleton is not None
    shape = replace(
        shape_of(skeleton.header),
        total_parameters=spec.shape.total_parameters,
        active_parameters=spec.shape.active_parameters,
        expert_weight_share=spec.shape.expert_weight_share,
    )
    return replace(spec, shape=shape, quantizations=tuple(tables))


def _with_table(quantization: Quantization, architecture: Architecture) -> Quantization:
    skeleton = skeleton_of(architecture, quantization.name)
    if skeleton is None or abs(deviation(skeleton, quantization)) > TOLERANCE:
        return quantization
    weights = weights_of(skeleton.header)
    return replace(
        quantization, expert_bytes=weights.expert_bytes, matrices=weights.matrices, edges=weights.edges
    )


def deviation(skeleton: Skeleton, quantization: Quantization) -> float:
    """How much larger the skeleton's weights are than the published file, as a share of it. Files hold
    some MB of tokens besides their weights."""
    return skeleton.header.tensor_bytes / quantization.size_bytes - 1


def write_skeleton(skeleton: Skeleton, path: Path) -> Path:
    """A file for llama.cpp to plan with; see `write_hollow`. Raises: OSError."""
    return write_hollow(skeleton.header, skeleton.of.vocabulary, path)


def _tensors(architecture: Architecture, quantization: str) -> tuple[GgufTensor, ...]:
    shapes = tensor_shapes(
        architecture.architecture, architecture.keys, architecture.vocabulary, architecture.tied
    )
    if architecture.architecture == "deepseek4" and quantization == "MXFP4":
        types = {name: converted_type(name, shape) for name, shape in shapes.items()}
    else:
        types = types_of(shapes, _mix(architecture, quantization))
    tensors, offset = [], 0
    for name, shape in shapes.items():
        kind = types[name]
        size = math.prod(shape) // kind.block_elements * kind.block_bytes
        tensors.append(GgufTensor(name, kind.name, shape, offset, size))
        offset = _aligned(offset + size)
    return tuple(tensors)


def _mix(architecture: Architecture, quantization: str) -> Mix:
    layers = _first(architecture.keys["block_count"])
    heads = _first(architecture.keys["attention.head_count"])
    kv_heads = _first(architecture.keys["attention.head_count_kv"])
    return Mix(
        quantization,
        layers,
        heads // kv_heads,
        _first(architecture.keys.get("expert_count", 0)),
        architecture.tied,
        architecture.architecture == "llama" and layers == 80 and heads != kv_heads,
    )


def _first(value: Value) -> int:
    return value[0] if isinstance(value, tuple) else value


def _metadata(architecture: Architecture) -> dict[str, MetadataValue]:
    prefix = architecture.architecture
    return {
        "general.architecture": prefix,
        "general.name": architecture.model,
        **{f"{prefix}.{key}": value for key, value in architecture.keys.items() if key not in _OF_TENSORS},
        **{f"{prefix}.{key}": value for key, value in architecture.numbers.items()},
        f"{prefix}.vocab_size": architecture.vocabulary,
    }


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _architecture(entry: Mapping[str, object]) -> Architecture:
    keys, numbers = entry["keys"], entry["numbers"]
    model, architecture = entry["model"], entry["architecture"]
    vocabulary, tied = entry["vocabulary"], entry["tied"]
    if not (isinstance(model, str) and isinstance(architecture, str) and isinstance(tied, bool)):
        raise ValueError("a skeleton lacks its names")
    if not (isinstance(keys, dict) and isinstance(numbers, dict) and _is_count(vocabulary) and vocabulary):
        raise ValueError(f"the skeleton of {model} is not complete")
    if not all(isinstance(value, float) and math.isfinite(value) for value in numbers.values()):
        raise ValueError(f"a number of the skeleton of {model} is not one")
    read = {key: _value(value, model) for key, value in keys.items()}
    known = Architecture(model, architecture, read, numbers, cast("int", vocabulary), tied)
    layers = read["block_count"]
    if not isinstance(layers, int) or layers > _MOST_LAYERS:
        raise ValueError(f"the layers of {model} cannot be counted")
    tensor_shapes(architecture, read, known.vocabulary, tied)  # a key that is missing is found here
    if min(_first(read["attention.head_count"]), _first(read["attention.head_count_kv"])) < 1:
        raise ValueError(f"{model} has no heads")
    return known


def _value(value: object, model: str) -> Value:
    if _is_count(value):
        return cast("int", value)
    if isinstance(value, list) and 0 < len(value) <= _MOST_LAYERS and all(_is_count(each) for each in value):
        return tuple(value)
    raise ValueError(f"a key of the skeleton of {model} is not a count")


def _is_count(value: object) -> bool:
    """Flags are counts of 0 and 1 here, and remain flags in the header."""
    return isinstance(value, int) and 0 <= value < 1 << 24
