"""Where other programs keep their models, by their own rules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.download.library_values import HF_CACHE, LM_STUDIO, OLLAMA


@dataclass(frozen=True, slots=True)
class Store:
    source: str  # as in engine/download/library_values.py
    folder: Path


def known_stores() -> tuple[Store, ...]:
    """Those that are there."""
    return tuple(
        store
        for store in dict.fromkeys(_usual())
        if os.path.isdir(store.folder)  # noqa: PTH112
    )


def _usual() -> Iterator[Store]:
    home = Path.home()
    yield Store(LM_STUDIO, home / ".lmstudio" / "models")
    yield Store(LM_STUDIO, home / ".cache" / "lm-studio" / "models")  # before version 0.3
    own = os.environ.get("OLLAMA_MODELS", "")
    if own:
        yield Store(OLLAMA, Path(own))
    yield Store(OLLAMA, home / ".ollama" / "models")
    yield Store(OLLAMA, Path("/usr/share/ollama/.ollama/models"))  # its service on Linux
    yield Store(HF_CACHE, _hub_cache(home))


def _hub_cache(home: Path) -> Path:
    for name, below in (("HF_HUB_CACHE", ""), ("HF_HOME", "hub")):
        chosen = os.environ.get(name, "")
        if chosen:
            return Path(chosen) / below
    return Path(os.environ.get("XDG_CACHE_HOME", home / ".cache")) / "huggingface" / "hub"
