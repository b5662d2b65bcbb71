"""Which CPU parts of ggml a model must not meet."""

from __future__ import annotations

from pathlib import Path

from engine.catalog.gguf import read_file_header, shape_of
from engine.errors import ModelFileError
from engine.runtime.values import LoadRequest

# AMX's kernels know plain matrices only (docs/decisions/0006): with latent attention llama.cpp aborts as it
# plans the graph, with recurrent layers a second conversation is computed with what lies behind the weights.
_AMX = frozenset({"sapphirerapids"})


def avoided_variants(request: LoadRequest) -> frozenset[str]:
    """By the model's header, where whoever asks has not read it already."""
    if not request.repack:
        return frozenset()
    beyond = _beyond_amx(Path(request.path)) if request.beyond_amx is None else request.beyond_amx
    return _AMX if beyond else frozenset()


def _beyond_amx(path: Path) -> bool:
    """A file that cannot be read is left to whoever loads it, for the reason."""
    try:
        return shape_of(read_file_header(path)).beyond_amx
    except ModelFileError:
        return False
