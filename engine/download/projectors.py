"""Which projector belongs to a model: told by names, in a listing of a repository or in a folder.

Publishers call these files "mmproj-F16.gguf", "mmproj-NAME-f16.gguf" or "NAME-mmproj-Q8_0.gguf", and keep
them beside the weights. Whether one really fits, the engine finds out when it loads both.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from engine.download.names import is_weights, model_name_of, quantization_of

# Best first. A CPU computes with 16 bits as quickly as with 8, and 32 only take room.
_PREFERRED = ("F16", "BF16", "Q8_0", "F32")
_MARK = "mmproj"
_SIGNS = re.compile(r"[^a-z0-9]+")
_MOST_LOOKED_AT = 10_000  # files of one folder


def is_projector(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return name.endswith(".gguf") and _MARK in name


def projector_for(weights: str, files: Iterable[str]) -> str | None:
    """The one of `files` that belongs to a model whose first file is `weights`; all are paths with "/"."""
    listed = list(files)
    own = PurePosixPath(weights).parent
    # Shards lie in a folder of their own in many repositories, the projector above it.
    folders = [own, own.parent] if quantization_of(f"{own.name}.gguf") else [own]
    for folder in folders:
        here = [path for path in listed if PurePosixPath(path).parent == folder]
        fitting = [path for path in here if is_projector(path) and _belongs(path, weights, here)]
        if fitting:
            return min(fitting, key=lambda path: (_rank(path), path))
    return None


def projector_beside(model: Path) -> Path | None:
    """The one that lies with a model on this machine. A folder that cannot be read has none."""
    found: list[str] = []
    for folder in (model.parent, model.parent.parent):
        try:
            with os.scandir(folder) as listing:
                for number, entry in enumerate(listing):
                    if number >= _MOST_LOOKED_AT:
                        break
                    if entry.name.lower().endswith(".gguf") and entry.is_file():
                        found.append(Path(entry.path).as_posix())
        except OSError:
            continue
    chosen = projector_for(model.as_posix(), found)
    return Path(chosen) if chosen else None


def _belongs(path: str, weights: str, here: Sequence[str]) -> bool:
    """By its name; one without a name belongs to the only model that is there."""
    named, model = _bare(model_name_of(path)), _bare(model_name_of(weights))
    if named:
        return named in model or model in named
    return len({model_name_of(other) for other in here if is_weights(other)} | {model_name_of(weights)}) == 1


def _bare(name: str) -> str:
    """Of a projector what is left beside the word itself: letters and digits of the model's name."""
    bare = _SIGNS.sub("", name.lower().removesuffix(".gguf").replace(_MARK, ""))
    return "" if bare in ("model", "vision", "clip") else bare


def _rank(path: str) -> int:
    quantization = quantization_of(path).replace("FP", "F")
    return _PREFERRED.index(quantization) if quantization in _PREFERRED else len(_PREFERRED)
