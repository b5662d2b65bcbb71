"""Whether two models speak the same tokens, so that a smaller one can write ahead for a larger one.

The worker asks llama.cpp the same (worker/draft_model.py); here it is asked before anything is loaded.
"""

from __future__ import annotations

from pathlib import Path

from engine.catalog.gguf_file import read_file_header, read_file_texts
from engine.catalog.gguf_header import GgufHeader

_MOST_MORE = 128  # tokens that one may have beyond the other's (as llama.cpp's programs have it)
_FIRST_COMPARED = 5  # the ones before are often renamed
_SAME = ("model", "bos_token_id", "eos_token_id", "add_bos_token", "add_eos_token")


def share_vocabulary(one: Path, other: Path) -> bool:
    """Raises: ModelFileError."""
    if _facts(read_file_header(one)) != _facts(read_file_header(other)):
        return False
    first, second = (read_file_texts(path, "tokenizer.ggml.tokens") for path in (one, other))
    known = min(len(first), len(second))
    near = known > 0 and abs(len(first) - len(second)) <= _MOST_MORE
    return near and first[_FIRST_COMPARED:known] == second[_FIRST_COMPARED:known]


def _facts(header: GgufHeader) -> list[object]:
    return [header.metadata.get(f"tokenizer.ggml.{name}") for name in _SAME]
