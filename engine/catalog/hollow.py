"""Writes a GGUF file with a header and a hole in place of its weights, for llama.cpp to plan with.

Whatever is known of a model gives one: a skeleton, or a header that was read from afar. Tokens are left
out: the file says how many there are, and llama.cpp takes them for empty ones.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
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
    """b"" for what llama.cpp does not plan with: lists of texts, or of numbers that share no kind."""
    if isinstance(value, str):
        return struct.pack("<I", STRING) + _text(value)
    if isinstance(value, ArrayLength):
        return b""
    entries = value if isinstance(value, tuple) else (value,)
    numbers = [entry for entry in entries if not isinstance(entry, str)]
    code = _kind(numbers, listed=isinstance(value, tuple)) if len(numbers) == len(entries) else None
    if code is None:
        return b""
    head = (
        struct.pack("<IIQ", ARRAY, code, len(entries))
        if isinstance(value, tuple)
        else struct.pack("<I", code)
    )
    return head + b"".join(struct.pack(_FORMATS[code], entry) for entry in numbers)


def _kind(values: Sequence[bool | int | float], listed: bool) -> int | None:
    """The kind that llama.cpp expects of such values: u32 wherever they fit, i32 in lists."""
    if not values:
        return None
    if all(isinstance(value, bool) for value in values):
        return _BOOL
    if any(isinstance(value, float) for value in values):
        return _F64 if any(_LARGEST_F32 < abs(value) < math.inf for value in values) else _F32
    low, high = min(values), max(values)
    kinds = ((_I32, -(1 << 31), 1 << 31), (_U32, 0, 1 << 32), (_U64, 0, 1 << 64), (_I64, -(1 << 63), 1 << 63))
    fitting = [code for code, least, end in kinds if least <= low and high < end]
    if not listed and _U32 in fitting:
        return _U32
    return fitting[0] if fitting else None


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw
