"""Which CPU parts of ggml a model must not meet."""

from __future__ import annotations

from pathlib import Path

from engine.catalog.gguf import read_file_header, shape_of
from engine.catalog.model import AttentionKind
from engine.errors import ModelFileError
from engine.runtime.values import LoadRequest

# Latent attention multiplies with weights by head. llama.cpp (as pinned) gives these to AMX, which knows
# plain matrices only, and aborts while it plans the graph. Experts are not computed by AMX anyway.
_AMX = frozenset({"sapphirerapids"})


def avoided_variants(request: LoadRequest) -> frozenset[str]:
    """By the model's header. A file that cannot be read is left to whoever loads it, for the reason."""
    if not request.repack:
        return frozenset()
    try:
        shape = shape_of(read_file_header(Path(request.path)))
    except ModelFileError:
        return frozenset()
    return _AMX if shape.attention is AttentionKind.MLA else frozenset()
