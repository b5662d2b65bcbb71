"""Whether one value keeps to a JSON schema, and whether a value could keep to two.

For what stands beside a list of values, and for choices of which exactly one may hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.runtime.worker.grammar.combining import items_of
from engine.runtime.worker.grammar.gbnf import GrammarError
from engine.runtime.worker.grammar.schema_reading import json_equal, schema_types
from engine.runtime.worker.grammar.texts import has_format, has_pattern

_DEEPEST = 48
_MOST_LOOKS = 50_000  # of one judge, values times schemas
_BOUNDS: Mapping[str, Callable[[float, float], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
}
_COUNTS: Mapping[str, tuple[type[str] | type[list[Any]], Callable[[int, float], bool]]] = {
    "minLength": (str, lambda count, bound: count >= bound),
    "maxLength": (str, lambda count, bound: count <= bound),
    "minItems": (list, lambda count, bound: count >= bound),
    "maxItems": (list, lambda count, bound: count <= bound),
}
# Not looked into: what stands in them goes unchecked where the value is of that kind.
_UNCHECKED: Mapping[str, type | None] = {
    "multipleOf": float,
    "patternProperties": dict,
    "propertyNames": dict,
    "minProperties": dict,
    "maxProperties": dict,
    "dependentRequired": dict,
    "dependentSchemas": dict,
    "dependencies": dict,
    "unevaluatedProperties": dict,
    "contains": list,
    "uniqueItems": list,
    "unevaluatedItems": list,
    "not": None,
    "if": None,
    "$dynamicRef": None,
    "$recursiveRef": None,
}


class Judge:
    """What cannot be judged goes to `loosened`, and counts as kept to: "no" is certain, "yes" unless
    something was loosened. Raises: GrammarError, for what is no schema, or too much to judge."""

    def __init__(self, resolved: Callable[[Any], Any], loosened: dict[str, None]) -> None:
        """`resolved` gives what is behind a reference."""
        self._resolved = resolved
        self._loosened = loosened
        self._looks = 0

    def allows(self, schema: Any, value: Any, depth: int = 0) -> bool:
        self._looks += 1
        if self._looks > _MOST_LOOKS:
            raise GrammarError("it lists too many values beside other demands")
        if depth > _DEEPEST:
            raise GrammarError(f"it is nested more than {_DEEPEST} deep")
        schema = self._resolved(schema)
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise GrammarError("a part is no schema")
        return all(self._keeps_to(word, schema, value, depth) for word in schema)

    def apart(self, one: Any, other: Any, depth: int = 0) -> bool:
        """Whether certainly no value keeps to both."""
        one, other = self._resolved(one), self._resolved(other)
        if False in (one, other):
            return True
        if not isinstance(one, dict) or not isinstance(other, dict) or depth > _DEEPEST:
            return False
        for schema, rival in ((one, other), (other, one)):
            values = listed(schema)
            if values is not None and not any(self.allows(rival, value) for value in values):
                return True
        if "type" in one and "type" in other and not _share_a_type(one, other):
            return True
        return self._apart_by_property(one, other, depth)

    def _apart_by_property(self, one: Mapping[str, Any], other: Mapping[str, Any], depth: int) -> bool:
        """Both are objects that need a property, of which no value suits both."""
        if not schema_types(one) == schema_types(other) == ["object"]:
            return False
        mine, theirs = one.get("properties", {}), other.get("properties", {})
        needed = [name for name in _entries(one, "required") if name in _entries(other, "required")]
        return any(
            self.apart(mine[name], theirs[name], depth + 1)
            for name in needed
            if isinstance(name, str) and name in mine and name in theirs
        )

    def _keeps_to(self, word: str, schema: Mapping[str, Any], value: Any, depth: int) -> bool:
        wanted = schema[word]
        if word == "type":
            return any(_is_of(kind, value) for kind in schema_types(schema))
        if word == "const":
            return json_equal(wanted, value)
        if word == "enum":
            return any(json_equal(entry, value) for entry in _entries(schema, word))
        if word == "allOf":
            return all(self.allows(part, value, depth + 1) for part in _entries(schema, word))
        if word == "anyOf":
            return any(self.allows(part, value, depth + 1) for part in _entries(schema, word))
        if word == "oneOf":
            return self._exactly_one(_entries(schema, word), value, depth + 1)
        if word == "required" and isinstance(value, dict):
            return all(_text(name, word) in value for name in _entries(schema, word))
        if isinstance(value, dict | list):
            return self._inside(word, schema, value, depth + 1)
        return self._within(word, wanted, value)

    def _exactly_one(self, parts: Sequence[Any], value: Any, depth: int) -> bool:
        outside, unsure = self._loosened, dict[str, None]()
        self._loosened = unsure
        count = sum(self.allows(part, value, depth) for part in parts)
        self._loosened = outside
        outside |= unsure
        return count == 1 or bool(count and unsure)

    def _inside(self, word: str, schema: Mapping[str, Any], value: Any, depth: int) -> bool:
        if word == "properties" and isinstance(value, dict):
            named = _object(schema, word).items()
            return all(self.allows(part, value[name], depth) for name, part in named if name in value)
        if word == "additionalProperties" and isinstance(value, dict):
            others = [each for name, each in value.items() if name not in _object(schema, "properties")]
            return all(self.allows(schema[word], each, depth) for each in others)
        if word in ("items", "prefixItems") and isinstance(value, list):
            first, rest = items_of(schema)
            parts = [*first, *[rest] * (len(value) - len(first))]
            return all(self.allows(part, each, depth) for part, each in zip(parts, value, strict=False))
        return self._within(word, schema[word], value)

    def _within(self, word: str, wanted: Any, value: Any) -> bool:
        bound = isinstance(wanted, int | float) and not isinstance(wanted, bool)
        if word in _BOUNDS and _is_of("number", value):
            return not bound or _BOUNDS[word](value, wanted)
        if word in _COUNTS and isinstance(value, _COUNTS[word][0]):
            return not bound or _COUNTS[word][1](len(value), wanted)
        if word in ("pattern", "format") and isinstance(value, str):
            found = (has_pattern if word == "pattern" else has_format)(value, _text(wanted, word))
            self._loosened |= {word: None} if found is None else {}
            return found is not False
        if word in ("uniqueItems", "not") and wanted is False:
            return True
        kind = _UNCHECKED.get(word, bool)
        number = kind is float and _is_of("number", value)
        if kind is None or number or (kind is not bool and isinstance(value, kind)):
            self._loosened[word] = None
        return True


def listed(schema: Mapping[str, Any]) -> list[Any] | None:
    """The values that it names one by one; None when it does not."""
    return [schema["const"]] if "const" in schema else _entries(schema, "enum") if "enum" in schema else None


def _entries(schema: Mapping[str, Any], word: str) -> list[Any]:
    entries = schema.get(word, [])
    if not isinstance(entries, list):
        raise GrammarError(f"{word} is no list")
    return entries


def _text(value: Any, word: str) -> str:
    if not isinstance(value, str):
        raise GrammarError(f"{word} is no text")
    return value


def _object(schema: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    value = schema.get(word, {})
    if not isinstance(value, dict):
        raise GrammarError(f"{word} is no object")
    return value


def _share_a_type(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    mine, theirs = set(schema_types(one)), set(schema_types(other))
    for kinds in (mine, theirs):
        if "number" in kinds:
            kinds.add("integer")
    return bool(mine & theirs)


def _is_of(kind: str, value: Any) -> bool:
    if isinstance(value, bool) or value is None:
        return kind == ("null" if value is None else "boolean")
    if isinstance(value, int | float):
        whole = isinstance(value, int) or (math.isfinite(value) and value.is_integer())  # any size of int
        return kind == "number" or (kind == "integer" and whole)
    return kind == ("string" if isinstance(value, str) else "array" if isinstance(value, list) else "object")
