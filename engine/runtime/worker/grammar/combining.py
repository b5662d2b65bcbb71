"""What several JSON schemas demand together, as one schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.runtime.worker.grammar.gbnf import GrammarError
from engine.runtime.worker.grammar.schema_reading import SAY_NOTHING, Impossible, json_equal, schema_types

_LARGER_COUNTS = frozenset({"minimum", "exclusiveMinimum", "minItems", "minLength"})
_SMALLER_COUNTS = frozenset({"maximum", "exclusiveMaximum", "maxItems", "maxLength"})
_MOST_WAYS = 256  # of two choices taken together


def combined(schemas: Sequence[Any], loosened: dict[str, None]) -> dict[str, Any]:
    """What all of them demand. What cannot be said together goes to `loosened`.

    The first is the one that the others stand in. Raises: GrammarError, Impossible.
    """
    made: dict[str, Any] = {}
    for number, schema in enumerate(schemas):
        if schema is True:
            continue
        if schema is False:
            raise Impossible("a part of it allows no value")
        if not isinstance(schema, dict):
            raise GrammarError("a part is no schema")
        for word in ("unevaluatedProperties", "unevaluatedItems"):
            if number and schema.get(word, True) is not True:
                loosened[word] = None  # of a part: it speaks of that part alone
                schema = {other: value for other, value in schema.items() if other != word}
        made = _merged(made, schema, loosened)
    return made


def _merged(one: dict[str, Any], other: Mapping[str, Any], loosened: dict[str, None]) -> dict[str, Any]:
    if not one:
        return dict(other)
    made = {**one, **other}
    for word in one:
        if word in other:
            made[word] = _both(word, one[word], other[word], loosened)
    if "properties" in made:
        made["properties"] = _properties(one, other)
    if "prefixItems" in made or isinstance(one.get("items"), list) or isinstance(other.get("items"), list):
        made["prefixItems"], made["items"] = _items(one, other)
        made.pop("additionalItems", None)
    return made


def _both(word: str, one: Any, other: Any, loosened: dict[str, None]) -> Any:
    if json_equal(one, other) or word in SAY_NOTHING or word in ("properties", "prefixItems"):
        return one
    lists = isinstance(one, list) and isinstance(other, list)
    if word in ("required", "allOf") and lists:
        return [*one, *(entry for entry in other if entry not in one)]
    if word in ("anyOf", "oneOf") and lists and len(one) * len(other) <= _MOST_WAYS:
        return [_all_of((first, second)) for first in one for second in other]
    if word == "type":
        return _common_types(schema_types({"type": one}), schema_types({"type": other}))
    if word == "enum" and lists:
        return [entry for entry in one if any(json_equal(entry, each) for each in other)]
    if word == "const":
        raise Impossible("two parts of it ask for different values")
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    if numbers and word in _LARGER_COUNTS | _SMALLER_COUNTS:
        return max(one, other) if word in _LARGER_COUNTS else min(one, other)
    if word in ("items", "additionalProperties"):
        return _all_of((one, other))
    loosened[word] = None
    return one


def _all_of(parts: Sequence[Any]) -> Any:
    demanding = [part for part in parts if part is not True]
    if False in demanding:
        return False
    return {"allOf": demanding} if len(demanding) > 1 else demanding[0] if demanding else True


def _properties(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """A property that only one names is an additional one to the other."""
    named = [schema.get("properties", {}) for schema in (one, other)]
    if not all(isinstance(properties, dict) for properties in named):
        raise GrammarError("properties is no object")
    more = [schema.get("additionalProperties", True) for schema in (one, other)]
    return {
        name: _all_of([properties.get(name, rest) for properties, rest in zip(named, more, strict=True)])
        for name in {**named[0], **named[1]}
    }


def _items(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[list[Any], Any]:
    """The first items, each by its place, and all others."""
    (first, first_rest), (second, second_rest) = items_of(one), items_of(other)
    heads = [
        _all_of(
            (
                first[place] if place < len(first) else first_rest,
                second[place] if place < len(second) else second_rest,
            )
        )
        for place in range(max(len(first), len(second)))
    ]
    return heads, _all_of((first_rest, second_rest))


def items_of(schema: Mapping[str, Any]) -> tuple[list[Any], Any]:
    """The schemas of the first items of an array, and that of all others. Raises: GrammarError."""
    first, rest = schema.get("prefixItems", []), schema.get("items", True)
    if isinstance(rest, list):  # as it was written before 2020
        first, rest = rest, schema.get("additionalItems", True)
    if not isinstance(first, list):
        raise GrammarError("prefixItems is no list")
    return first, rest


def _common_types(one: Sequence[str], other: Sequence[str]) -> list[str]:
    found = [kind for kind in one if kind in other]
    if "integer" in (*one, *other) and "number" in (*one, *other) and "integer" not in found:
        found.append("integer")
    if not found:
        raise Impossible("two parts of it ask for different types")
    return found
