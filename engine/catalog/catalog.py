"""Reads the catalogue of models that ships with the program.

The file is checked entry by entry although it is ours: an installation can be damaged, and
a person may edit it. Its schema is described in resources/catalog/README.md.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from engine.catalog.model import AttentionKind, ModelShape, ModelSpec, Quantization
from engine.errors import ModelFileError, UsageError

SCHEMA = 1
MAX_FILE_BYTES = 8 << 20
MAX_MODELS = 4096
MAX_QUANTIZATIONS = 256
_MAX_COUNT = 1 << 62
_NEAREST = 4


def load_catalog(path: Path) -> tuple[ModelSpec, ...]:
    """The models, in the order of the file: the DeepSeek R1-0528 family first.

    Raises: ModelFileError, naming the file and the first entry that is wrong.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise _Unreadable("it is absurdly large")
        content = json.loads(path.read_text("utf-8"))
        return _models(content)
    except OSError as error:
        raise _refusal(path, error.strerror or str(error)) from error
    except (_Unreadable, ValueError, RecursionError) as error:
        raise _refusal(path, str(error)) from error


def catalog_date(path: Path) -> str:
    """The ISO day on which its facts were gathered. Raises: ModelFileError."""
    try:
        return _Entry(json.loads(path.read_text("utf-8")), "the file").text("facts_of")
    except OSError as error:
        raise _refusal(path, error.strerror or str(error)) from error
    except (_Unreadable, ValueError, RecursionError) as error:
        raise _refusal(path, str(error)) from error


def find(catalog: tuple[ModelSpec, ...], name: str) -> ModelSpec:
    """The model of that name; upper and lower case do not matter.

    Raises: UsageError, with the nearest names, when there is none.
    """
    wanted = name.casefold()
    for spec in catalog:
        if spec.name.casefold() == wanted:
            return spec
    names = {spec.name.casefold(): spec.name for spec in catalog}
    alike = difflib.get_close_matches(wanted[:100], names, _NEAREST, 0.0)
    near = dict.fromkeys([*(known for known in names if wanted in known), *alike])
    nearest = ", ".join(names[known] for known in list(near)[:_NEAREST])
    raise UsageError.of("model_unknown", name=name[:100], nearest=nearest)


def load_nominal_bits(path: Path) -> Mapping[str, float]:
    """Bits per weight over a whole file, by the name of the quantization; see resources/catalog.

    Raises: ModelFileError.
    """
    try:
        root = _Entry(json.loads(path.read_text("utf-8")), "the file")
        types = [_Entry(item, "a type") for item in root.items("types", MAX_QUANTIZATIONS)]
        bits = [
            (each.text("name"), each.optional("whole_file_bits") or each.optional("nominal_bits"))
            for each in types
        ]
        return {name: float(value) for name, value in bits if isinstance(value, int | float) and value > 0}
    except OSError as error:
        raise _refusal(path, error.strerror or str(error)) from error
    except (_Unreadable, ValueError, RecursionError) as error:
        raise _refusal(path, str(error)) from error


class _Unreadable(Exception):
    """What is wrong with the file, in words."""


def _refusal(path: Path, reason: str) -> ModelFileError:
    return ModelFileError.of("catalog_unreadable", path=str(path), reason=reason)


def _models(content: object) -> tuple[ModelSpec, ...]:
    root = _Entry(content, "the file")
    if root.count("schema", required=True) != SCHEMA:
        raise _Unreadable("its schema is not known here")
    models = tuple(_model(_Entry(item, "a model")) for item in root.items("models", MAX_MODELS))
    names = [spec.name.casefold() for spec in models]
    if len(set(names)) != len(names):
        raise _Unreadable("two models have the same name")
    return models


def _model(entry: _Entry) -> ModelSpec:
    name = entry.text("name")
    if not name:
        raise _Unreadable("a model has no name")
    shape = _shape(_Entry(entry.value("shape"), f"the shape of {name}"))
    quantizations = tuple(
        _quantization(_Entry(item, f"a quantization of {name}"))
        for item in entry.items("quantizations", MAX_QUANTIZATIONS)
    )
    return ModelSpec(
        name=name,
        title=entry.text("title"),
        family=entry.text("family"),
        license=entry.text("license"),
        released=entry.text("released"),
        repository=entry.text("repository"),
        shape=shape,
        quantizations=quantizations,
        reasoning=entry.flag("reasoning"),
        purposes=tuple(_string(item, name) for item in entry.items("purposes", 32)),
        quality=entry.number("quality", 0, 100),
        note=entry.text("note"),
    )


def _shape(entry: _Entry) -> ModelShape:
    kind = entry.text("attention")
    if kind not in tuple(AttentionKind):
        raise _Unreadable(f"{entry.what} has an unknown kind of attention")
    shape = ModelShape(
        architecture=entry.text("architecture"),
        layers=entry.count("layers", required=True),
        embedding_length=entry.count("embedding_length", required=True),
        vocabulary=entry.count("vocabulary", required=True),
        heads=entry.count("heads", required=True),
        kv_heads=entry.count("kv_heads", required=True),
        key_length=entry.count("key_length", required=True),
        value_length=entry.count("value_length", required=True),
        trained_context=entry.count("trained_context", required=True),
        attention=AttentionKind(kind),
        sliding_window=entry.count("sliding_window"),
        sliding_layers=entry.count("sliding_layers"),
        recurrent_layers=entry.count("recurrent_layers"),
        experts=entry.count("experts"),
        experts_used=entry.count("experts_used"),
        total_parameters=entry.count("total_parameters"),
        active_parameters=entry.count("active_parameters"),
        expert_weight_share=entry.number("expert_weight_share", 0, 1, default=0.0),
        tied_embeddings=entry.flag("tied_embeddings", default=False),
        sliding_kv_heads=entry.count("sliding_kv_heads"),
        sliding_key_length=entry.count("sliding_key_length"),
        sliding_value_length=entry.count("sliding_value_length"),
        shared_kv_layers=entry.count("shared_kv_layers"),
        recurrent_state_bytes=entry.count("recurrent_state_bytes"),
    )
    special = shape.sliding_layers + shape.recurrent_layers + shape.shared_kv_layers
    if shape.layers < 1 or special > shape.layers or shape.experts_used > shape.experts:
        raise _Unreadable(f"{entry.what} does not add up")
    return shape


def _quantization(entry: _Entry) -> Quantization:
    increase = entry.optional("perplexity_increase")
    size = entry.count("size_bytes", required=True)
    if size < 1:
        raise _Unreadable(f"{entry.what} has no size")
    return Quantization(
        name=entry.text("name"),
        size_bytes=size,
        exact=entry.flag("exact"),
        bits_per_weight=entry.number("bits_per_weight", 0.1, 64),
        repository=entry.text("repository"),
        quality_note=entry.text("quality_note", default=""),
        perplexity_increase=None if increase is None else entry.number("perplexity_increase", -1e3, 1e3),
    )


def _string(item: object, what: str) -> str:
    if not isinstance(item, str):
        raise _Unreadable(f"{what} has something else where a text belongs")
    return item


class _Entry:
    """One JSON object, asked for values of a kind."""

    def __init__(self, content: object, what: str) -> None:
        if not isinstance(content, dict):
            raise _Unreadable(f"{what} is not an object")
        self._content = cast("Mapping[str, object]", content)
        self.what = what

    def optional(self, key: str) -> object:
        return self._content.get(key)

    def value(self, key: str) -> object:
        if key not in self._content:
            raise _Unreadable(f"{self.what} has no {key}")
        return self._content[key]

    def text(self, key: str, default: str | None = None) -> str:
        if default is not None and key not in self._content:
            return default
        return _string(self.value(key), self.what)

    def flag(self, key: str, default: bool | None = None) -> bool:
        if default is not None and key not in self._content:
            return default
        value = self.value(key)
        if not isinstance(value, bool):
            raise _Unreadable(f"{key} of {self.what} is neither true nor false")
        return value

    def count(self, key: str, required: bool = False) -> int:
        """A whole number from 0; 0 where the key is missing and not required."""
        value = self.value(key) if required else self._content.get(key, 0)
        if type(value) is not int or not 0 <= value <= _MAX_COUNT:
            raise _Unreadable(f"{key} of {self.what} is not a count")
        return value

    def number(self, key: str, least: float, most: float, default: float | None = None) -> float:
        value = self.value(key) if default is None else self._content.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _Unreadable(f"{key} of {self.what} is not a number")
        if not (math.isfinite(value) and least <= value <= most):
            raise _Unreadable(f"{key} of {self.what} is out of range")
        return float(value)

    def items(self, key: str, limit: int) -> list[object]:
        value = self.value(key)
        if not isinstance(value, list) or len(value) > limit:
            raise _Unreadable(f"{key} of {self.what} is not a list, or far too long")
        return value
