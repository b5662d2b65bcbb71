"""Writes GGUF files with random weights and SmolLM2's tokenizer; tests/models.py says of what shape."""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from gguf import GGMLQuantizationType, GGUFValueType

from tests.unit.catalog_files import starter_path

Q4_0, Q8_0, F16, F32 = (
    GGMLQuantizationType.Q4_0,
    GGMLQuantizationType.Q8_0,
    GGMLQuantizationType.F16,
    GGMLQuantizationType.F32,
)
Fact = bool | int | float | str | Sequence[int]
VOCABULARY = 49_152  # tokens of SmolLM2
CONTROL_TOKENS = 17  # the first ones of them, the two that end an answer included
CONTEXT = 8_192  # tokens that every model here says it was trained with
_ALIGNMENT = 32
_CHUNK_ROWS = 8_192  # drawn at once
_LARGEST_HEADER = 16 * 1024 * 1024  # bytes; SmolLM2's takes 2 MB
_SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # by GGUFValueType


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a model is made of. Keys of `facts` lack the architecture's prefix unless they begin with
    "tokenizer."; shapes have the row length last."""

    architecture: str
    facts: Mapping[str, Fact]
    tensors: Mapping[str, tuple[int, ...]]


def write_model(
    path: Path,
    recipe: Recipe,
    *,
    quantised: GGMLQuantizationType = Q8_0,
    output: GGMLQuantizationType = Q8_0,
    template: str | None = None,
    seed: int = 0,
) -> Path:
    """Matrices are stored as `quantised` (Q4_0, Q8_0, F16 or F32), embeddings and the output matrix as
    `output`, vectors and rows that do not fill blocks of 32 as F32. The same seed gives the same file."""
    random = np.random.default_rng(seed)
    kinds = {name: _kind(name, shape, quantised, output) for name, shape in recipe.tensors.items()}
    with path.open("wb") as file:
        file.write(_header(recipe, kinds, path.stem, template))
        for name, shape in recipe.tensors.items():
            _pad(file)
            for chunk in _chunks(name, shape, kinds[name], random):
                file.write(chunk)
        _pad(file)
    return path


# tensors
def _kind(
    name: str, shape: tuple[int, ...], quantised: GGMLQuantizationType, output: GGMLQuantizationType
) -> GGMLQuantizationType:
    # As real models have them; llama.cpp can compute with no other kind of these.
    plain = any(part in name for part in ("ffn_gate_inp", "position_embd", "token_types"))
    if len(shape) == 1 or shape[-1] % 32 or plain:
        return F32
    return output if name in ("token_embd.weight", "output.weight") else quantised


_VALUES_A_BLOCK = {Q4_0: (32, 18), Q8_0: (32, 34), F16: (1, 2), F32: (1, 4)}  # values, bytes


def _size(shape: tuple[int, ...], kind: GGMLQuantizationType) -> int:
    values, size = _VALUES_A_BLOCK[kind]
    return math.prod(shape) // values * size


def _chunks(
    name: str, shape: tuple[int, ...], kind: GGMLQuantizationType, random: np.random.Generator
) -> Iterator[bytes]:
    rows = math.prod(shape[:-1])
    fixed = _fixed(name, shape)
    if fixed is not None:
        yield fixed.astype("<f4").tobytes()
        return
    for first in range(0, rows, _CHUNK_ROWS):
        count = min(_CHUNK_ROWS, rows - first)
        drawn = _drawn((count, shape[-1]), kind, random)
        if name == "output.weight" and first == 0:
            drawn[:CONTROL_TOKENS] = 0  # never the most likely; zero bytes are zeros in every kind
        yield drawn.tobytes()


def _fixed(name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    """What random numbers would break."""
    if name.endswith("ssm_a"):  # decays, by their nature negative
        return -np.tile(np.arange(1, shape[1] + 1, dtype=np.float32), (shape[0], 1))
    if "norm" in name or name.endswith("ssm_d"):
        return np.zeros(shape, np.float32) if name.endswith("bias") else np.ones(shape, np.float32)
    return None


def _drawn(shape: tuple[int, int], kind: GGMLQuantizationType, random: np.random.Generator) -> np.ndarray:
    """Rows of bytes. Values have mean 0 and variance 1 / row length, which keeps activations in bounds."""
    rows, length = shape
    sigma = 1 / math.sqrt(length)
    if kind in (F16, F32):
        values = (random.standard_normal(shape, np.float32) * sigma).astype("<f2" if kind is F16 else "<f4")
        return values.view(np.uint8).reshape(rows, -1)
    blocks = length // 32
    raw = random.integers(0, 256, (rows, blocks, 16 if kind is Q4_0 else 32), np.uint8)
    if kind is Q4_0:
        raw, spread = _NIBBLES[raw], 4.32  # of uniform integers in -7 ... 7
    else:
        raw, spread = np.where(raw == 128, 0, raw).astype(np.uint8), 73.3  # in -127 ... 127
    scale = np.array([sigma / spread], "<f2").view(np.uint8)
    return np.concatenate([np.broadcast_to(scale, (rows, blocks, 2)), raw], axis=2).reshape(rows, -1)


def _without_zero_nibbles() -> np.ndarray:
    """Q4_0 stores value + 8. Without 0 (that is -8) the values are balanced around zero."""
    low = np.arange(256) & 15
    high = np.arange(256) >> 4
    return (np.where(low == 0, 8, low) | np.where(high == 0, 8, high) << 4).astype(np.uint8)


_NIBBLES = _without_zero_nibbles()


# the header
def _header(
    recipe: Recipe, kinds: Mapping[str, GGMLQuantizationType], name: str, template: str | None
) -> bytes:
    facts: dict[str, Fact] = {"general.architecture": recipe.architecture, "general.name": name}
    for key, value in recipe.facts.items():
        facts[key if key.startswith("tokenizer.") else f"{recipe.architecture}.{key}"] = value
    if template:
        facts["tokenizer.chat_template"] = template
    copied = [raw for key, raw in _tokenizer() if template is None or key != "tokenizer.chat_template"]
    parts = [_entry(key, value) for key, value in facts.items()] + copied
    counts = struct.pack("<4sIQQ", b"GGUF", 3, len(recipe.tensors), len(parts))
    return counts + b"".join(parts) + _tensor_table(recipe, kinds)


def _tensor_table(recipe: Recipe, kinds: Mapping[str, GGMLQuantizationType]) -> bytes:
    table, offset = b"", 0
    for name, shape in recipe.tensors.items():
        dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        table += _text(name) + dimensions + struct.pack("<IQ", kinds[name], offset)
        offset += -(-_size(shape, kinds[name]) // _ALIGNMENT) * _ALIGNMENT
    return table


def _entry(key: str, value: Fact) -> bytes:
    if isinstance(value, bool):
        return _text(key) + struct.pack("<I?", GGUFValueType.BOOL, value)
    if isinstance(value, int):
        return _text(key) + struct.pack("<II", GGUFValueType.UINT32, value)
    if isinstance(value, float):
        return _text(key) + struct.pack("<If", GGUFValueType.FLOAT32, value)
    if isinstance(value, str):
        return _text(key) + struct.pack("<I", GGUFValueType.STRING) + _text(value)
    head = struct.pack("<IIQ", GGUFValueType.ARRAY, GGUFValueType.INT32, len(value))
    return _text(key) + head + struct.pack(f"<{len(value)}i", *value)


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _pad(file: BinaryIO) -> None:
    file.write(bytes(-file.tell() % _ALIGNMENT))


def vocabulary() -> list[str]:
    """SmolLM2's tokens as its file writes them, with "Ġ" for a space."""
    raw = dict(_tokenizer())["tokenizer.ggml.tokens"]
    offset = 8 + len("tokenizer.ggml.tokens") + 4 + 12  # key, kind, inner kind and count
    tokens = []
    while offset < len(raw):
        token = _string_at(raw, offset)
        tokens.append(token.decode())
        offset += 8 + len(token)
    return tokens


@functools.cache
def _tokenizer() -> tuple[tuple[str, bytes], ...]:
    """The entries of SmolLM2's header that make its tokenizer and its template, as they stand there."""
    with starter_path().open("rb") as file:
        raw = file.read(_LARGEST_HEADER)
    count, offset = struct.unpack_from("<Q", raw, 16)[0], 24
    entries = []
    for _ in range(count):
        key = _string_at(raw, offset)
        (kind,) = struct.unpack_from("<I", raw, offset + 8 + len(key))
        end = _end_of_value(raw, offset + 12 + len(key), kind)
        entries.append((key.decode(), raw[offset:end]))
        offset = end
    return tuple(entry for entry in entries if entry[0].startswith("tokenizer."))


def _string_at(raw: bytes, offset: int) -> bytes:
    (length,) = struct.unpack_from("<Q", raw, offset)
    return raw[offset + 8 : offset + 8 + length]


def _end_of_value(raw: bytes, offset: int, kind: int) -> int:
    if kind == GGUFValueType.STRING:
        return offset + 8 + int.from_bytes(raw[offset : offset + 8], "little")
    if kind != GGUFValueType.ARRAY:
        return offset + _SCALAR_BYTES[kind]
    inner, count = struct.unpack_from("<IQ", raw, offset)
    offset += 12
    if inner != GGUFValueType.STRING:
        return offset + count * _SCALAR_BYTES[inner]
    for _ in range(count):
        offset += 8 + int.from_bytes(raw[offset : offset + 8], "little")
    return offset
