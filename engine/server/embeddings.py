"""The body of an answer with embeddings."""

from __future__ import annotations

import array
import base64
import math
import sys
from collections.abc import Sequence

from engine.events import Embedded
from engine.server.embedding_request import EmbeddingsRequest
from engine.server.refusals import RequestError


def embeddings_body(asked: EmbeddingsRequest, embedded: Embedded, model: str) -> dict[str, object]:
    """Raises: RequestError, when more dimensions were wanted than the model has."""
    vectors = [_shortened(vector, asked.dimensions) for vector in embedded.vectors]
    data = [
        {"object": "embedding", "index": number, "embedding": _shown(vector, asked.as_base64)}
        for number, vector in enumerate(vectors)
    ]
    tokens = {"prompt_tokens": embedded.tokens, "total_tokens": embedded.tokens}
    return {"object": "list", "data": data, "model": model, "usage": tokens}


def _shortened(vector: Sequence[float], dimensions: int) -> Sequence[float]:
    """The first dimensions, brought to length 1 again: right for models trained for it (Matryoshka)."""
    if dimensions in (0, len(vector)):
        return vector
    if dimensions > len(vector):
        raise RequestError.about("dimensions", "request_range", value=dimensions, low=1, high=len(vector))
    length = math.sqrt(math.fsum(value * value for value in vector[:dimensions]))
    return [value / length if length else 0.0 for value in vector[:dimensions]]


def _shown(vector: Sequence[float], as_base64: bool) -> object:
    if not as_base64:
        return list(vector)
    floats = array.array("f", vector)
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode("ascii")
