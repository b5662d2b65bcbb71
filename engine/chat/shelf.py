"""A person's own prompts and presets, in one small file that can be read and edited by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.chat.options import ChatOptions, options_from_dict, options_to_dict
from engine.errors import StoreError
from engine.json_file import read_object, write_object
from engine.messages import Sentence

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
    stored, remark = read_object(path, "shelf_unreadable")
    prompts = (_prompt(entry) for entry in _list(stored.get("prompts")))
    presets = (_preset(entry) for entry in _list(stored.get("presets")))
    return Shelf(_sorted(filter(None, prompts)), _sorted(filter(None, presets))), remark


def save_shelf(path: Path, shelf: Shelf) -> None:
    """Replaces the file atomically. Raises: StoreError."""
    body = {
        "prompts": [{"name": one.name, "text": one.text} for one in shelf.prompts],
        "presets": [{"name": one.name, "options": options_to_dict(one.options)} for one in shelf.presets],
    }
    try:
        write_object(path, body, errors="replace")
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
