"""Small models of random weights that this machine's kernels are measured with.

Each has one type of weights, no tokenizer, and a vocabulary of 32, so that a token is its layers and
nothing else. What they would say does not matter, only that values stay finite.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.catalog.gguf_types import TENSOR_TYPES, TensorType

VOCABULARY = 32
HEAD = 64  # width of a head
ALIGNMENT = 32
_SCALE = 1e-3  # of a block: small enough for activations to stay finite
_UINT32, _FLOAT32, _STRING = 4, 6, 8  # value types of GGUF
_PATTERN_BYTES = 1 << 20  # random bytes, repeated: caches do not look at values
# Where blocks keep half-precision scales; other bytes may be anything. (ggml-common.h)
_SCALES = {"Q4_0": (0,), "Q4_1": (0, 2), "Q5_0": (0,), "Q8_0": (0,), "Q4_K": (0, 2), "Q5_K": (0, 2)}
_SCALES |= {"Q6_K": (208,), "Q3_K": (108,), "Q2_K": (80, 82), "IQ4_NL": (0,), "IQ4_XS": (0,)}


@dataclass(frozen=True, slots=True)
class CalibrationModel:
    """A Llama, or with `experts` a Qwen3 mixture. All heads are `HEAD` wide."""

    type_name: str
    layers: int
    width: int
    feed_forward: int
    heads: int
    kv_heads: int
    experts: int = 0
    used: int = 0

    @property
    def matrices(self) -> int:
        """Weights of a layer that work on a token."""
        attention = self.width * HEAD * (2 * self.heads + 2 * self.kv_heads)
        return attention + 3 * self.width * self.feed_forward * max(self.used, 1)

    @property
    def bytes_per_token(self) -> float:
        return self.layers * self.matrices * _bytes_per_weight(self.type_name)

    @property
    def expert_bytes_per_token(self) -> float:
        """Part of it that experts have."""
        weights = 3 * self.width * self.feed_forward * self.used
        return self.layers * weights * _bytes_per_weight(self.type_name)


def _bytes_per_weight(type_name: str) -> float:
    kind = tensor_type(type_name)
    return kind.block_bytes / kind.block_elements


def tensor_type(name: str) -> TensorType:
    return next(kind for kind in TENSOR_TYPES.values() if kind.name == name)


def write_calibration_model(path: Path, model: CalibrationModel) -> None:
    """Raises: OSError."""
    tensors = dict(_tensors(model))
    header = _header(model, tensors)
    with path.open("wb") as file:
        file.write(header)
        file.write(bytes(-len(header) % ALIGNMENT))
        for name, (shape, kind) in tensors.items():
            size = _size(shape, kind)
            for chunk in _data(name, size, kind):
                file.write(chunk)
            file.write(bytes(-size % ALIGNMENT))


_Tensor = tuple[tuple[int, ...], TensorType]  # ggml's order: the row length first


def _tensors(model: CalibrationModel) -> Iterator[tuple[str, _Tensor]]:
    kind, plain = tensor_type(model.type_name), tensor_type("F32")
    width, head_rows, kv_rows = model.width, model.heads * HEAD, model.kv_heads * HEAD
    yield "token_embd.weight", ((width, VOCABULARY), plain)
    yield "output_norm.weight", ((width,), plain)
    yield "output.weight", ((width, VOCABULARY), plain)
    for number in range(model.layers):
        at = f"blk.{number}."
        yield at + "attn_norm.weight", ((width,), plain)
        yield at + "attn_q.weight", ((width, head_rows), kind)
        yield at + "attn_k.weight", ((width, kv_rows), kind)
        yield at + "attn_v.weight", ((width, kv_rows), kind)
        yield at + "attn_output.weight", ((head_rows, width), kind)
        yield at + "ffn_norm.weight", ((width,), plain)
        inner = model.feed_forward
        if not model.experts:
            yield at + "ffn_gate.weight", ((width, inner), kind)
            yield at + "ffn_up.weight", ((width, inner), kind)
            yield at + "ffn_down.weight", ((inner, width), kind)
            continue
        yield at + "attn_q_norm.weight", ((HEAD,), plain)
        yield at + "attn_k_norm.weight", ((HEAD,), plain)
        yield at + "ffn_gate_inp.weight", ((width, model.experts), plain)
        yield at + "ffn_gate_exps.weight", ((width, inner, model.experts), kind)
        yield at + "ffn_up_exps.weight", ((width, inner, model.experts), kind)
        yield at + "ffn_down_exps.weight", ((inner, width, model.experts), kind)


def _size(shape: tuple[int, ...], kind: TensorType) -> int:
    return math.prod(shape) // kind.block_elements * kind.block_bytes


def _data(name: str, size: int, kind: TensorType) -> Iterator[bytes]:
    if "norm" in name:
        yield np.ones(size // 4, "<f4").tobytes()
        return
    pattern = _pattern(kind)
    whole, rest = divmod(size, len(pattern))
    for _ in range(whole):
        yield pattern
    yield pattern[:rest]


@dataclass(slots=True)
class _Patterns:
    made: dict[str, bytes] = field(default_factory=dict)


_PATTERNS = _Patterns()


def _pattern(kind: TensorType) -> bytes:
    """About a MiB of whole blocks."""
    if kind.name not in _PATTERNS.made:
        random = np.random.default_rng(0)
        blocks = _PATTERN_BYTES // kind.block_bytes
        if kind.name in ("F16", "F32"):
            values = random.standard_normal(blocks, np.float32) * _SCALE
            _PATTERNS.made[kind.name] = values.astype("<f2" if kind.name == "F16" else "<f4").tobytes()
        else:
            raw = random.integers(0, 256, (blocks, kind.block_bytes), np.uint8)
            scale = np.array([_SCALE], "<f2").view(np.uint8)
            for at in _SCALES[kind.name]:
                raw[:, at : at + 2] = scale
            _PATTERNS.made[kind.name] = raw.tobytes()
    return _PATTERNS.made[kind.name]


def _header(model: CalibrationModel, tensors: Mapping[str, _Tensor]) -> bytes:
    architecture = "qwen3moe" if model.experts else "llama"
    facts: dict[str, Any] = {
        "block_count": model.layers,
        "context_length": 32_768,
        "embedding_length": model.width,
        "feed_forward_length": model.feed_forward,
        "attention.head_count": model.heads,
        "attention.head_count_kv": model.kv_heads,
        "attention.key_length": HEAD,
        "attention.value_length": HEAD,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.dimension_count": HEAD,
        "vocab_size": VOCABULARY,
    }
    if model.experts:
        facts["expert_count"], facts["expert_used_count"] = model.experts, model.used
        facts["expert_feed_forward_length"] = model.feed_forward
    entries = [_entry("general.architecture", architecture), _entry("tokenizer.ggml.model", "none")]
    entries += [_entry(f"{architecture}.{name}", value) for name, value in facts.items()]
    table, offset = [], 0
    codes = {kind.name: code for code, kind in TENSOR_TYPES.items()}
    for name, (shape, kind) in tensors.items():
        dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        table.append(_text(name) + dimensions + struct.pack("<IQ", codes[kind.name], offset))
        offset += -(-_size(shape, kind) // ALIGNMENT) * ALIGNMENT
    counts = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(entries))
    return counts + b"".join(entries) + b"".join(table)


def _entry(key: str, value: str | int | float) -> bytes:
    if isinstance(value, str):
        return _text(key) + struct.pack("<I", _STRING) + _text(value)
    if isinstance(value, float):
        return _text(key) + struct.pack("<If", _FLOAT32, value)
    return _text(key) + struct.pack("<II", _UINT32, value)


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw
