"""Where other programs keep their models, by their own rules."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.download.library_values import HF_CACHE, LM_STUDIO, OLLAMA

_LARGEST_SETTINGS_BYTES = 1 << 20


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
    yield from (Store(LM_STUDIO, folder) for folder in _lm_studio(home))
    own = os.environ.get("OLLAMA_MODELS", "")
    if own:
        yield Store(OLLAMA, Path(own))
    yield Store(OLLAMA, home / ".ollama" / "models")
    yield Store(OLLAMA, Path("/usr/share/ollama/.ollama/models"))  # its service on Linux
    yield Store(HF_CACHE, _hub_cache(home))


def _lm_studio(home: Path) -> Iterator[Path]:
    """The folder that a person chose in its settings, wherever those lie, and the usual ones."""
    moved = _folder_in(_text(home / ".lmstudio-home-pointer").strip())
    places = (*((moved,) if moved else ()), home / ".lmstudio", home / ".cache" / "lm-studio")
    for place in places:  # the last is that of versions before 0.3
        try:
            stored = json.loads(_text(place / "settings.json") or "{}")
        except (ValueError, RecursionError):
            stored = None  # its own affair
        chosen = _folder_in(stored.get("downloadsFolder")) if isinstance(stored, dict) else None
        if chosen:
            yield chosen
        yield place / "models"


def _folder_in(value: object) -> Path | None:
    """A path that another program noted; None for what is none, and for a whole disk."""
    if not isinstance(value, str) or "\0" in value or not os.path.isabs(value):  # noqa: PTH117
        return None
    folder = Path(value)
    return folder if folder != Path(folder.anchor) else None


def _text(path: Path) -> str:
    """Of a small file of another program; "" where it is none or cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_SETTINGS_BYTES:
            return ""
        return path.read_text("utf-8-sig")
    except (OSError, ValueError):
        return ""


def _hub_cache(home: Path) -> Path:
    for name, below in (("HF_HUB_CACHE", ""), ("HF_HOME", "hub")):
        chosen = os.environ.get(name, "")
        if chosen:
            return Path(chosen) / below
    return Path(os.environ.get("XDG_CACHE_HOME", home / ".cache")) / "huggingface" / "hub"
