"""A look at a model file before llama.cpp sees it, for a clearer sentence than llama.cpp has."""

from __future__ import annotations

import struct
from pathlib import Path

from engine.errors import ModelFileError

# GGUF specification: magic, uint32 version, uint64 tensors, uint64 key-value pairs, little-endian
_HEADER = struct.Struct("<4sIQQ")
_VERSIONS = (2, 3)
_MOST_ENTRIES = 1_000_000  # the largest models have thousands


def check_model_file(path: Path) -> None:
    """Raises: ModelFileError, when the file is missing, unreadable or plainly no model."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
    except FileNotFoundError as error:
        raise ModelFileError.of("model_missing", path=str(path)) from error
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ModelFileError.of("model_unreadable", path=str(path), reason=reason) from error
    if header[:4] != b"GGUF":
        raise ModelFileError.of("not_gguf", path=str(path), magic=repr(header[:4])[1:])
    if len(header) < _HEADER.size:
        raise ModelFileError.of("gguf_damaged", path=str(path), reason="it ends in its header")
    _check_header(path, header)


def _check_header(path: Path, header: bytes) -> None:
    _, version, tensors, entries = _HEADER.unpack(header)
    if version not in _VERSIONS:
        if version.to_bytes(4, "little")[::-1] in (number.to_bytes(4, "little") for number in _VERSIONS):
            raise ModelFileError.of("gguf_big_endian", path=str(path))
        raise ModelFileError.of("gguf_version", path=str(path), version=version)
    if tensors > _MOST_ENTRIES or entries > _MOST_ENTRIES:
        reason = f"its header counts {tensors} tensors and {entries} entries"
        raise ModelFileError.of("gguf_damaged", path=str(path), reason=reason)
