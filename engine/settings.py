"""The user's settings: a frozen value, loaded and saved, nothing else."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from engine.messages import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person chose. Unknown or ill-typed entries in the file fall back to these defaults."""

    language: str = "system"  # "system", "en" or "zh_CN"
    theme: str = "system"  # "system", "light" or "dark"
    wizard_done: bool = False
    last_model: str = ""  # path of the model used last; "" for none
    endpoint: str = "https://huggingface.co"  # the hub, or a mirror of it
    context_length: int = 0  # tokens; 0 lets the planner choose


def load_settings(path: Path) -> tuple[Settings, Sentence | None]:
    """The settings in that file, and a sentence when the file had to be put aside."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings(), None
    except (OSError, UnicodeDecodeError) as error:
        return Settings(), _put_aside(path, str(error))
    try:
        stored = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Settings(), _put_aside(path, str(error))
    if not isinstance(stored, dict):
        return Settings(), _put_aside(path, "not a JSON object")
    return _parse(stored), None


def save_settings(path: Path, settings: Settings) -> None:
    """Replaces the file atomically, other processes included. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(asdict(settings), file, indent=2, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


_CHOICES = {"language": ("system", "en", "zh_CN"), "theme": ("system", "light", "dark")}
_MOST_CONTEXT = 16_777_216


def _parse(stored: dict[str, Any]) -> Settings:
    defaults = Settings()
    known: dict[str, Any] = {}
    for entry in fields(Settings):
        value = stored.get(entry.name)
        if type(value) is not type(getattr(defaults, entry.name)):
            continue
        if entry.name in _CHOICES and value not in _CHOICES[entry.name]:
            continue
        known[entry.name] = value
    if not 0 <= known.get("context_length", 0) <= _MOST_CONTEXT:
        del known["context_length"]
    return Settings(**known)


def _put_aside(path: Path, reason: str) -> Sentence:
    aside = path.with_suffix(".damaged")
    try:
        path.replace(aside)
    except OSError as error:
        reason = f"{reason}; {error}"
    return sentence("settings_unreadable", path=str(path), reason=reason, aside=str(aside))
