"""The body of an answer with embeddings."""

from __future__ import annotations

import array
import base64
import math
import sys
from collections.abc import Sequence

from engine.events import Embedded
from engine.messages import Sentence
from engine.server.embedding_request import EmbeddingsRequest
from engine.server.refusals import RequestError, json_bytes
from engine.server.replies import warned


def embeddings_body(
    asked: EmbeddingsRequest, embedded: Embedded, model: str, warnings: Sequence[Sentence] = ()
) -> bytes:
    """JSON. May hold millions of numbers: to be called beside the event loop. Written vector by
    vector, so that no single call keeps other threads waiting for long.

    Raises: RequestError, when more dimensions were wanted than the model has.
    """
    data = b",".join(_entry(asked, number, vector) for number, vector in enumerate(embedded.vectors))
    tokens = {"prompt_tokens": embedded.tokens, "total_tokens": embedded.tokens}
    rest = json_bytes({"object": "list", "model": model, "usage": tokens, **warned(warnings)})
    return rest[:-1] + b',"data":[' + data + b"]}"


def _entry(asked: EmbeddingsRequest, number: int, vector: Sequence[float]) -> bytes:
    shown = _shown(_shortened(vector, asked.dimensions), asked.as_base64)
    return json_bytes({"object": "embedding", "index": number, "embedding": shown})


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
