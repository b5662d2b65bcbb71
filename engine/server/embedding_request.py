"""The body of POST /v1/embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.runtime.values import EmbeddingRequest
from engine.server.fields import Fields
from engine.server.refusals import RequestError

MOST_TEXTS: Final = 2_048  # as OpenAI's
_LARGEST_DIMENSION: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class EmbeddingsRequest:
    model: str
    embedding: EmbeddingRequest
    as_base64: bool  # little-endian 32-bit floats in base64, which OpenAI's client asks for
    dimensions: int  # that vectors are shortened to; 0 leaves them whole


def read_embeddings_request(body: object) -> EmbeddingsRequest:
    """Raises: RequestError, naming the field that is wrong."""
    fields = Fields(body)
    return EmbeddingsRequest(
        model=fields.text("model"),
        embedding=EmbeddingRequest(_read_texts(fields)),
        as_base64=fields.choice("encoding_format", ("float", "base64"), "float") == "base64",
        dimensions=fields.whole("dimensions", 0, 1, _LARGEST_DIMENSION),
    )


def _read_texts(fields: Fields) -> tuple[str, ...]:
    if not fields.has("input"):
        raise RequestError.about("input", "request_missing")
    value = fields.raw("input")
    if isinstance(value, list) and value and isinstance(value[0], int | list):
        fields.refuse("input", "numbers of tokens are not taken; send the text")
    texts = fields.texts("input", MOST_TEXTS)
    if not texts or not all(texts):
        raise RequestError.about("input", "request_missing")
    return texts
