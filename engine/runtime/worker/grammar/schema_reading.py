"""Parts of a JSON schema: where references lead, what several schemas demand together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from engine.runtime.worker.grammar.gbnf import GrammarError

_SIGNS_OF_TYPE = (
    ("object", ("properties", "required", "additionalProperties", "patternProperties")),
    ("array", ("items", "prefixItems", "minItems", "maxItems")),
    ("string", ("pattern", "minLength", "maxLength", "format")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)
_LARGER_COUNTS = frozenset({"minimum", "exclusiveMinimum", "minItems", "minLength"})
_SMALLER_COUNTS = frozenset({"maximum", "exclusiveMaximum", "maxItems", "maxLength"})
_SAY_NOTHING = frozenset(
    {"title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs", "definitions"}
    | {"deprecated", "readOnly", "writeOnly", "discriminator", "example", "$anchor"}
)


def without(schema: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    return {word: value for word, value in schema.items() if word != keyword}


def schema_types(schema: Mapping[str, Any]) -> list[str]:
    """The types that it allows, by what it says or by its other keywords; none when it says nothing."""
    types = schema.get("type")
    if isinstance(types, str):
        found = [types]
    elif isinstance(types, list):
        if not types or not all(isinstance(kind, str) for kind in types):
            raise GrammarError("type is no name of a type")
        found = list(dict.fromkeys(types))
    elif types is None:
        found = [kind for kind, signs in _SIGNS_OF_TYPE if any(sign in schema for sign in signs)]
    else:
        raise GrammarError("type is no name of a type")
    if schema.get("nullable") is True and found and "null" not in found:
        found.append("null")
    return found


def referred(document: Any, pointer: Any) -> Any:
    """The part of the document that `#/...` names. Nothing is ever fetched."""
    if not isinstance(pointer, str) or not (pointer == "#" or pointer.startswith("#/")):
        raise GrammarError(f"it refers to {str(pointer)[:60]}, and only its own parts (#/...) are followed")
    found = document
    for step in unquote(pointer[1:]).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and len(name) < 6 and int(name) < len(found):
            found = found[int(name)]
        else:
            raise GrammarError(f"it refers to {pointer[:60]}, which is not there")
    return found


def combined(schemas: Sequence[Any], loosened: dict[str, None]) -> dict[str, Any]:
    """One schema for what all of them demand. What cannot be said together goes to `loosened`."""
    made: dict[str, Any] = {}
    for schema in schemas:
        if schema is True:
            continue
        if not isinstance(schema, dict):
            raise GrammarError("a part of it allows no value" if schema is False else "a part is no schema")
        for word, value in schema.items():
            made[word] = _both(word, made[word], value, loosened) if word in made else value
    return made


def _both(word: str, one: Any, other: Any, loosened: dict[str, None]) -> Any:
    if one == other or word in _SAY_NOTHING:
        return one
    if word == "properties" and isinstance(one, dict) and isinstance(other, dict):
        shared = {name: {"allOf": [one[name], other[name]]} for name in one if name in other}
        return {**one, **other, **shared}
    if word in ("required", "allOf") and isinstance(one, list) and isinstance(other, list):
        return [*one, *(entry for entry in other if entry not in one)]
    if word == "type":
        return _common_types(schema_types({"type": one}), schema_types({"type": other}))
    if word == "enum" and isinstance(one, list) and isinstance(other, list):
        return [entry for entry in one if entry in other]
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other))
    if numbers and word in _LARGER_COUNTS | _SMALLER_COUNTS:
        return max(one, other) if word in _LARGER_COUNTS else min(one, other)
    if word == "items":
        return {"allOf": [one, other]}
    if word == "additionalProperties":
        return False if False in (one, other) else {"allOf": [one, other]}
    loosened[word] = None
    return one


def _common_types(one: Sequence[str], other: Sequence[str]) -> list[str]:
    found = [kind for kind in one if kind in other]
    if "integer" in (*one, *other) and "number" in (*one, *other) and "integer" not in found:
        found.append("integer")
    if not found:
        raise GrammarError("two parts of it ask for different types")
    return found
