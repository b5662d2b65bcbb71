"""Which state files a loaded model can read: those that the same model, build and cache wrote."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import BinaryIO

from engine.catalog.gguf import shard_paths
from engine.runtime.values import LoadRequest

_FORMAT = 1  # changes when old files must not be read any more
_ENDS_BYTES = 1024 * 1024  # header and tensor table stand at the beginning
_SAMPLES = 16
_SAMPLE_BYTES = 64 * 1024


def state_key(request: LoadRequest, build: str, log: list[str], *, beyond_original: bool) -> str:
    """32 hexadecimal digits. `build` names the llama.cpp, `log` is what it said while it loaded;
    `beyond_original`: the context is longer than the one the model was first trained with, for which
    some use other positions. Raises: OSError."""
    facts = {
        "format": _FORMAT,
        "model": model_identity(Path(request.path)),
        "build": build,
        "kv": request.kv_type,
        # llama.cpp stores V transposed without it, and one room of the cache for each sequence
        "flash": any("Flash Attention enabled" in line for line in log),
        "rooms": 1 if request.kv_unified else request.n_sequences,
        "beyond": beyond_original,
    }
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16).hexdigest()


def model_identity(path: Path) -> str:
    """The same for every copy of a model, wherever it lies: of each of its files the size, the ends, and
    samples between them, since a fine-tuned model may share both ends with its base. Raises: OSError;
    ModelFileError, when a shard is missing."""
    digest = hashlib.blake2b(digest_size=16)
    for shard in shard_paths(path):
        _add_file(digest, shard)
    return digest.hexdigest()


def _add_file(digest: hashlib.blake2b, path: Path) -> None:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        digest.update(size.to_bytes(8, "little"))
        _add(digest, file, 0, _ENDS_BYTES)
        for number in range(1, _SAMPLES):
            _add(digest, file, size * number // _SAMPLES, _SAMPLE_BYTES)
        _add(digest, file, max(0, size - _ENDS_BYTES), _ENDS_BYTES)


def _add(digest: hashlib.blake2b, file: BinaryIO, offset: int, length: int) -> None:
    file.seek(offset)
    digest.update(file.read(length))
