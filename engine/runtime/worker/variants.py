"""Which CPU parts of ggml a model must not meet."""

from __future__ import annotations

from pathlib import Path

from engine.catalog.gguf import read_file_header, shape_of
from engine.errors import ModelFileError
from engine.runtime.values import LoadRequest

# Latent attention multiplies with weights by head. llama.cpp (as pinned) gives these to AMX, which knows
# plain matrices only, and aborts while it plans the graph. Experts are not computed by AMX anyway.
_AMX = frozenset({"sapphirerapids"})


def avoided_variants(request: LoadRequest) -> frozenset[str]:
    """By the model's header, where whoever asks has not read it already."""
    if not request.repack:
        return frozenset()
    by_head = _multiplies_by_head(Path(request.path)) if request.by_head is None else request.by_head
    return _AMX if by_head else frozenset()


def _multiplies_by_head(path: Path) -> bool:
    """A file that cannot be read is left to whoever loads it, for the reason."""
    try:
        return shape_of(read_file_header(path)).multiplies_by_head
    except ModelFileError:
        return False
