"""What commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import enum
import json
import os
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, Final

from engine.figures import Range
from engine.messages import Sentence, english

_USUAL_COLUMNS: Final = 80


class Output:
    """With `as_json`, stdout carries one JSON object a line and nothing else."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._status_open = False

    def record(self, event: str, **values: Any) -> None:
        """A machine-readable line; silent without --json."""
        if self.as_json:
            print(json.dumps({"event": event, **jsonable(values)}, ensure_ascii=False), flush=True)

    def text(self, text: str, end: str = "\n") -> None:
        """A result for people; silent with --json."""
        if not self.as_json:
            self.end_status()
            print(text, end=end, flush=True)

    def note(self, text: str) -> None:
        """Something beside the result."""
        self.end_status()
        print(f"deskside: {text}", file=sys.stderr, flush=True)

    def status(self, text: str) -> None:
        """A line that is overwritten by the next one; only where somebody watches."""
        if sys.stderr.isatty():
            self._status_open = True
            print(f"\r\x1b[2K{_fitted(text, _columns())}", end="", file=sys.stderr, flush=True)

    def end_status(self) -> None:
        if self._status_open:
            self._status_open = False
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def _columns() -> int:
    """Of the terminal at standard error; a usual width where it does not say."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL_COLUMNS
    except OSError:
        return _USUAL_COLUMNS


def _fitted(text: str, columns: int) -> str:
    """The beginning that stays on one row: only one row can be overwritten. Chinese takes two columns."""
    room = columns - 1
    for index, letter in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if room < 0:
            return text[:index]
    return text


def jsonable(value: Any) -> Any:
    """Values of the engine as JSON: dataclasses by field, sentences with their English text."""
    if isinstance(value, Sentence):
        return {"code": value.code, "text": english(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: jsonable(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return value


# Control characters but tab and line feed: a model's text must not steer the terminal.
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)))


def harmless(text: str) -> str:
    """Text of a model or a hub without control characters, for a terminal."""
    return text.translate(_CONTROLS)


def range_text(value: Range) -> str:
    """ "8-11"; more digits for slow models."""
    digits = 0 if value.high >= 10 else 1 if value.high >= 1 else 2
    return f"{value.low:.{digits}f}-{value.high:.{digits}f}"
