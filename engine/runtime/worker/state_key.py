"""Which state files a loaded model can read: those that the same model, build and cache wrote."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from engine.runtime.state_names import key_beginning, model_identity
from engine.runtime.values import LoadRequest

_FORMAT = 2  # changes when old files must not be read any more
_DIGEST_BYTES = 6


def state_key(request: LoadRequest, build: str, log: list[str], *, beyond_original: bool, rooms: int) -> str:
    """32 characters, of which the first name model and cache (engine/runtime/state_names.py). `build`
    names the llama.cpp, `log` is what it said while it loaded; `beyond_original`: the context is longer
    than the one the model was first trained with, for which some use other positions; `rooms`: of the
    cache, where its states fit no other number. Raises: OSError; ModelFileError, when a shard is
    missing."""
    facts = {
        "format": _FORMAT,
        "build": build,
        # llama.cpp stores V transposed without it
        "flash": any("Flash Attention enabled" in line for line in log),
        "rooms": rooms,
        "beyond": beyond_original,
    }
    digest = hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=_DIGEST_BYTES)
    return key_beginning(model_identity(Path(request.path)), request.kv_type) + digest.hexdigest()
