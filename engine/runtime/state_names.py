"""What the folders of state files are called: by the model and the type of its cache, so that whoever
plans a load sees with which type its conversations were put aside.

    MODEL (16 digits) TYPE (4 characters) DETAILS      the details are the worker's (worker/state_key.py)
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from engine.catalog.gguf import shard_paths
from engine.runtime import state_files

_ENDS_BYTES = 1024 * 1024  # header and tensor table stand at the beginning
_SAMPLES = 16
_SAMPLE_BYTES = 64 * 1024
_MODEL_DIGITS = 16
_TYPE_WIDTH = 4


def key_beginning(identity: str, kv_type: str) -> str:
    return identity[:_MODEL_DIGITS] + kv_type.ljust(_TYPE_WIDTH, "-")


def kv_type_of_states(folder: Path, model: Path) -> str:
    """With which type of cache the conversation of that model was kept that was used last; "" where there
    is none. Raises: OSError; ModelFileError, when a shard is missing."""
    newest, found = 0.0, ""
    beginning = model_identity(model)[:_MODEL_DIGITS]
    for used, path in state_files.states_of(folder, beginning):
        if used > newest:
            newest = used
            found = path.parent.name[_MODEL_DIGITS:][:_TYPE_WIDTH].rstrip("-")
    return found


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
