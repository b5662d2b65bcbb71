"""A person's own prompts and presets, in one small file that can be read and edited by hand."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.chat.options import ChatOptions, options_from_dict, options_to_dict
from engine.errors import StoreError
from engine.messages import Sentence, sentence

_MOST: Final = 500  # of a kind
_LONGEST_NAME: Final = 60
_LONGEST_TEXT: Final = 100_000


@dataclass(frozen=True, slots=True)
class Prompt:
    """`text` may hold placeholders: {{name}}."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Preset:
    """Options to begin with, under a name."""

    name: str
    options: ChatOptions


@dataclass(frozen=True, slots=True)
class Shelf:
    """Each name once, in the order of their names."""

    prompts: tuple[Prompt, ...] = ()
    presets: tuple[Preset, ...] = ()

    def with_prompt(self, prompt: Prompt, instead_of: str = "") -> Shelf:
        kept = [one for one in self.prompts if one.name not in (prompt.name, instead_of)]
        return Shelf(_sorted([*kept, prompt]), self.presets)

    def without_prompt(self, name: str) -> Shelf:
        return Shelf(tuple(one for one in self.prompts if one.name != name), self.presets)

    def with_preset(self, preset: Preset) -> Shelf:
        kept = [one for one in self.presets if one.name != preset.name]
        return Shelf(self.prompts, _sorted([*kept, preset]))

    def without_preset(self, name: str) -> Shelf:
        return Shelf(self.prompts, tuple(one for one in self.presets if one.name != name))


def load_shelf(path: Path) -> tuple[Shelf, Sentence | None]:
    """What is in that file, and a sentence when it had to be put aside."""
    try:
        stored = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Shelf(), None
    except (OSError, ValueError, RecursionError) as error:
        return Shelf(), _put_aside(path, str(error))
    if not isinstance(stored, dict):
        return Shelf(), _put_aside(path, "not a JSON object")
    prompts = (_prompt(entry) for entry in _list(stored.get("prompts")))
    presets = (_preset(entry) for entry in _list(stored.get("presets")))
    return Shelf(_sorted(filter(None, prompts)), _sorted(filter(None, presets))), None


def save_shelf(path: Path, shelf: Shelf) -> None:
    """Replaces the file atomically. Raises: StoreError."""
    body = {
        "prompts": [{"name": one.name, "text": one.text} for one in shelf.prompts],
        "presets": [{"name": one.name, "options": options_to_dict(one.options)} for one in shelf.presets],
    }
    fresh = path.with_suffix(f".{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("w", encoding="utf-8", errors="replace") as file:
            json.dump(body, file, indent=2, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError.of("shelf_unwritable", path=str(path), reason=reason) from error


def tidy_name(text: str) -> str:
    """One line, as a name may be; "" for none."""
    return " ".join(text.split())[:_LONGEST_NAME]


def _sorted(entries: Any) -> Any:
    by_name = {one.name: one for one in entries}
    return tuple(sorted(by_name.values(), key=lambda one: one.name.casefold()))


def _list(stored: Any) -> list[Any]:
    return stored[:_MOST] if isinstance(stored, list) else []


def _prompt(entry: Any) -> Prompt | None:
    name, text = _name(entry), entry.get("text") if isinstance(entry, dict) else None
    return Prompt(name, text[:_LONGEST_TEXT]) if name and isinstance(text, str) and text else None


def _preset(entry: Any) -> Preset | None:
    name = _name(entry)
    return Preset(name, options_from_dict(entry.get("options"))) if name else None


def _name(entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return tidy_name(name) if isinstance(name, str) else ""


def _put_aside(path: Path, reason: str) -> Sentence:
    aside = path.with_suffix(".damaged")
    try:
        path.replace(aside)
    except OSError as error:
        reason = f"{reason}; {error}"
    return sentence("shelf_unreadable", path=str(path), reason=reason, aside=str(aside))
