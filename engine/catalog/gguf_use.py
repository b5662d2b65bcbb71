"""What a model is for, from its header."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from engine.catalog.gguf_header import GgufHeader

# llama.cpp's numbers: the mean over tokens, the first token, the last; and a score for a question.
_POOLING_OF_VECTORS: Final = (1, 2, 3)
_POOLING_OF_RANKS: Final = 4
_ENCODERS: Final = frozenset(
    {"bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "modern-bert", "neo-bert"}
    | {"eurobert", "gemma-embedding", "t5encoder"}
)


class ModelUse(StrEnum):
    ANSWERS = "answers"
    EMBEDDINGS = "embeddings"
    RANKING = "ranking"


def use_of(header: GgufHeader) -> ModelUse:
    """Models that answer can make vectors too, but were not trained to."""
    architecture = header.metadata.get("general.architecture")
    pooling = header.metadata.get(f"{architecture}.pooling_type")
    if pooling == _POOLING_OF_RANKS:
        return ModelUse.RANKING
    if pooling in _POOLING_OF_VECTORS or architecture in _ENCODERS:
        return ModelUse.EMBEDDINGS
    return ModelUse.ANSWERS
