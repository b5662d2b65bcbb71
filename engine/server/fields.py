"""Reads the fields of a request's JSON. Whatever is wrong becomes a RequestError that names the field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, NoReturn

from engine.server.refusals import RequestError

DEEPEST: Final = 64  # levels of lists and objects


def load_json(body: bytes) -> object:
    """Raises: RequestError, for what is no JSON or is nested too deeply."""
    try:
        value: object = json.loads(body, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise RequestError.about("", "request_deep", most=DEEPEST) from error
    except ValueError as error:  # UnicodeDecodeError and numbers of absurd length too
        raise RequestError.about("", "request_not_json", reason=str(error)[:200]) from error
    if _deeper_than(value, DEEPEST):
        raise RequestError.about("", "request_deep", most=DEEPEST)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _deeper_than(value: object, levels: int) -> bool:
    """Level by level, so that no nesting of the data becomes nesting of calls."""
    level = [value]
    for _ in range(levels):
        level = [child for box in level for child in _children(box) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(box: object) -> Sequence[object]:
    if isinstance(box, dict):
        return tuple(box.values())
    return box if isinstance(box, list) else ()


class Fields:
    """One JSON object. A field that is null counts as not given, as OpenAI's clients mean it."""

    def __init__(self, value: object, path: str = "") -> None:
        if not isinstance(value, dict):
            raise RequestError.about(path, "request_kind", wanted="a JSON object")
        self._values: dict[str, object] = value
        self._path = path

    def name(self, field: str) -> str:
        """The field as refusals call it: "messages[2].content"."""
        return f"{self._path}.{field}" if self._path else field

    def raw(self, field: str) -> object:
        """As it is; None when not given."""
        return self._values.get(field)

    def has(self, field: str) -> bool:
        return self._values.get(field) is not None

    def names(self) -> Iterator[str]:
        """Of the fields that are given."""
        return (name for name, value in self._values.items() if value is not None)

    def text(self, field: str, default: str = "") -> str:
        value = self.raw(field)
        if value is None:
            return default
        if not isinstance(value, str):
            self.refuse_kind(field, "text")
        return value

    def required_text(self, field: str) -> str:
        """Raises: RequestError, also when it is missing or empty."""
        value = self.text(field)
        if not value:
            raise RequestError.about(self.name(field), "request_missing")
        return value

    def flag(self, field: str, default: bool = False) -> bool:
        value = self.raw(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse_kind(field, "true or false")
        return value

    def number(self, field: str, default: float, low: float, high: float) -> float:
        value = self.raw(field)
        if value is None:
            return default
        # True is an int to Python, and no number to anybody else.
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse_kind(field, "a number")
        if not low <= value <= high:
            self._refuse_range(field, value, low, high)
        return float(value)

    def whole(self, field: str, default: int, low: int, high: int) -> int:
        """2.0 counts as 2, since some languages have but one kind of number."""
        value: Any = self.raw(field)
        if value is None:
            return default
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse_kind(field, "a whole number")
        if not low <= value <= high:
            self._refuse_range(field, value, low, high)
        return int(value)

    def choice(self, field: str, choices: Sequence[str], default: str) -> str:
        value = self.text(field, default)
        if value not in choices:
            raise RequestError.about(self.name(field), "request_choice", choices=", ".join(choices))
        return value

    def child(self, field: str) -> Fields | None:
        """Raises: RequestError, when it is no object."""
        value = self.raw(field)
        return None if value is None else Fields(value, self.name(field))

    def required_child(self, field: str) -> Fields:
        found = self.child(field)
        if found is None:
            raise RequestError.about(self.name(field), "request_missing")
        return found

    def items(self, field: str, most: int) -> Iterator[tuple[str, object]]:
        """The entries of a list, each with the name that refusals call it by."""
        value = self.raw(field)
        if value is None:
            return
        if not isinstance(value, list):
            self.refuse_kind(field, "a list")
        if len(value) > most:
            raise RequestError.about(self.name(field), "request_many", count=len(value), most=most)
        for number, entry in enumerate(value):
            yield f"{self.name(field)}[{number}]", entry

    def texts(self, field: str, most: int) -> tuple[str, ...]:
        """A list of texts, or one text alone."""
        value = self.raw(field)
        if isinstance(value, str):
            return (value,)
        return tuple(_as_text(name, entry) for name, entry in self.items(field, most))

    def refuse_kind(self, field: str, wanted: str) -> NoReturn:
        raise RequestError.about(self.name(field), "request_kind", wanted=wanted)

    def refuse(self, field: str, reason: str) -> NoReturn:
        """For what has its place in OpenAI's API and not here. `reason` follows a colon."""
        raise RequestError.about(self.name(field), "request_unsupported", reason=reason)

    def _refuse_range(self, field: str, value: float, low: float, high: float) -> NoReturn:
        # The digits of an absurd number would be a message of their own.
        shown = f"{value:.6g}" if abs(value) < 10**15 else "far outside"
        raise RequestError.about(self.name(field), "request_range", value=shown, low=low, high=high)


def _as_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise RequestError.about(name, "request_kind", wanted="text")
    return value
