"""POST /embeddings: texts -> vectors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from engine.errors import RemoteError

_LONGEST_VECTOR: Final = 65_536


def embedding_body(texts: tuple[str, ...], model: str) -> dict[str, Any]:
    return {"model": model, "input": list(texts), "encoding_format": "float"}


def vectors_of(body: bytes, count: int, host: str) -> tuple[tuple[tuple[float, ...], ...], int]:
    """`count` vectors of length 1 in the order of the texts, and the tokens that were read.

    Raises: RemoteError, for anything else.
    """
    try:
        parsed = json.loads(body)
        entries = sorted(parsed["data"], key=lambda entry: int(entry["index"]))
        vectors = tuple(_unit(entry["embedding"]) for entry in entries)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise RemoteError.of("remote_nonsense", host=host, detail="no embeddings") from error
    if len(vectors) != count or len({len(vector) for vector in vectors}) > 1:
        raise RemoteError.of("remote_nonsense", host=host, detail="embeddings of other texts")
    usage = parsed.get("usage")
    tokens = usage.get("prompt_tokens") if isinstance(usage, Mapping) else 0
    return vectors, tokens if isinstance(tokens, int) and 0 <= tokens < 1 << 40 else 0


def _unit(values: list[Any]) -> tuple[float, ...]:
    if not 0 < len(values) <= _LONGEST_VECTOR:
        raise ValueError("a vector of no length")
    numbers = [float(value) for value in values]
    length = math.sqrt(math.fsum(number * number for number in numbers))
    if not math.isfinite(length) or length == 0:
        raise ValueError("a vector without direction")
    return tuple(number / length for number in numbers)
