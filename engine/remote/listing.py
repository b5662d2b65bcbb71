"""GET /models: what an endpoint offers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import RemoteError

_MOST_MODELS: Final = 2000
_LONGEST_NAME: Final = 300
_LONGEST_CONTEXT: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Offered:
    """A model of an endpoint. `context_length` in tokens, 0 where it is not told."""

    name: str
    context_length: int


def offered_models(body: bytes, host: str) -> tuple[Offered, ...]:
    """In the endpoint's order, each once. Raises: RemoteError, for anything but a list of models."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RemoteError.of("remote_nonsense", host=host, detail="no JSON") from error
    listed = parsed.get("data") if isinstance(parsed, Mapping) else None
    if not isinstance(listed, list):
        raise RemoteError.of("remote_nonsense", host=host, detail="no list of models")
    found: dict[str, Offered] = {}
    for entry in listed[:_MOST_MODELS]:
        name = entry.get("id") if isinstance(entry, Mapping) else None
        if isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME:
            found.setdefault(name, Offered(name, _context_of(entry)))
    return tuple(found.values())


def _context_of(entry: Mapping[str, Any]) -> int:
    """vLLM and SGLang tell max_model_len, llama-server meta.n_ctx (n_ctx_train is the training's)."""
    meta = entry.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    for value in (entry.get("max_model_len"), entry.get("context_length"), meta.get("n_ctx")):
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LONGEST_CONTEXT:
            return value
    return 0
