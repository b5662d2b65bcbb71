"""Parts of a JSON schema: its types, where its references lead, which words say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from engine.runtime.worker.grammar.gbnf import GrammarError

_SIGNS_OF_TYPE = (
    (
        "object",
        ("properties", "required", "additionalProperties", "patternProperties", "unevaluatedProperties"),
    ),
    ("array", ("items", "prefixItems", "minItems", "maxItems", "unevaluatedItems")),
    ("string", ("pattern", "minLength", "maxLength", "format")),
    ("number", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
)
SAY_NOTHING = frozenset(
    {"title", "description", "default", "examples", "$schema", "$id", "$comment", "$defs", "definitions"}
    | {"deprecated", "readOnly", "writeOnly", "discriminator", "example", "$anchor"}
)


class Impossible(GrammarError):
    """No value keeps to the schema, or to this part of it."""


def json_equal(one: Any, other: Any) -> bool:
    """As JSON schemas compare: 1 is 1.0, and neither is true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(json_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(json_equal, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


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
