"""Writes a GGUF file with a header and a hole in place of its weights, for llama.cpp to plan with.

Whatever is known of a model gives one: a skeleton, or a header that was read from afar. Tokens are left
out: the file says how many there are, and llama.cpp takes them for empty ones.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from pathlib import Path

from engine.catalog.gguf_header import ArrayLength, GgufHeader, GgufTensor, MetadataValue
from engine.catalog.gguf_types import ARRAY, STRING, TENSOR_TYPES

_ALIGNMENT = 32
_U32, _I32, _F32, _BOOL, _U64, _I64, _F64 = 4, 5, 6, 7, 10, 11, 12
_LARGEST_F32 = 3.4e38
_CODES = {kind.name: code for code, kind in TENSOR_TYPES.items()}
_LEFT_OUT = ("tokenizer.", "split.", "general.alignment")
_FORMATS = {_U32: "<I", _I32: "<i", _F32: "<f", _BOOL: "<?", _U64: "<Q", _I64: "<q", _F64: "<d"}


def write_hollow(header: GgufHeader, vocabulary: int, path: Path) -> Path:
    """One file, also for a model of several. It takes some hundred kB of disk, and as many bytes as the
    model in name.

    Raises: OSError, also from file systems without holes when the disk is too small.
    """
    entries = _entries(header.metadata, vocabulary)
    rows, size = _table(header.tensors)
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(header.tensors), len(entries))
    head += b"".join(entries) + rows
    with path.open("wb") as file:
        file.write(head)
        file.truncate(_aligned(len(head)) + size)
    return path


def _entries(metadata: Mapping[str, MetadataValue], vocabulary: int) -> list[bytes]:
    architecture = metadata["general.architecture"]
    kept: dict[str, MetadataValue] = {
        key: value
        for key, value in metadata.items()
        if not key.startswith(_LEFT_OUT) and not isinstance(value, ArrayLength)
    }
    kept["tokenizer.ggml.model"] = "no_vocab"
    kept[f"{architecture}.vocab_size"] = vocabulary
    return [_text(key) + coded for key, value in kept.items() if (coded := _value(value))]


def _table(tensors: tuple[GgufTensor, ...]) -> tuple[bytes, int]:
    """Rows and the size of the weights. Offsets are given anew: parts of a model each begin at 0."""
    rows, offset = [], 0
    for tensor in tensors:
        dimensions = struct.pack(f"<I{len(tensor.shape)}Q", len(tensor.shape), *tensor.shape)
        rows.append(_text(tensor.name) + dimensions + struct.pack("<IQ", _CODES[tensor.type_name], offset))
        offset = _aligned(offset + tensor.size_bytes)
    return b"".join(rows), offset


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _value(value: MetadataValue) -> bytes:
    """b"" for what llama.cpp does not plan with: lists of texts."""
    if isinstance(value, str):
        return struct.pack("<I", STRING) + _text(value)
    if isinstance(value, tuple):
        if not value or any(isinstance(entry, str) for entry in value):
            return b""
        code = max(_code(entry, listed=True) for entry in value if not isinstance(entry, str))
        listed = b"".join(struct.pack(_FORMATS[code], entry) for entry in value)
        return struct.pack("<IIQ", ARRAY, code, len(value)) + listed
    if isinstance(value, ArrayLength):
        return b""
    code = _code(value)
    return struct.pack("<I", code) + struct.pack(_FORMATS[code], value)


def _code(value: bool | int | float, listed: bool = False) -> int:
    """The kind that llama.cpp expects of a value: u32 wherever it fits, i32 in lists."""
    if isinstance(value, bool):
        return _BOOL
    if isinstance(value, float):
        return _F64 if _LARGEST_F32 < abs(value) < math.inf else _F32
    if listed and -(1 << 31) <= value < 1 << 31:
        return _I32
    if 0 <= value < 1 << 32:
        return _U64 if listed else _U32
    return _U64 if value >= 1 << 63 else _I64


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw
