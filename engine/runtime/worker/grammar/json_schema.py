"""JSON schemas as grammars. A schema is hostile: nothing is fetched, everything is bounded.

What a grammar cannot say (a bound of a decimal number, "no two alike", ...) is left out and
named in `loosened`, so that the user can be told. Objects have their properties in the order
in which the schema names them, and no others unless it allows them in so many words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from engine.runtime.worker.grammar.combining import combined, items_of
from engine.runtime.worker.grammar.gbnf import GrammarError
from engine.runtime.worker.grammar.json_rules import FORMATS, RULES, UNWRITTEN_FORMATS, Format
from engine.runtime.worker.grammar.judging import Judge, listed
from engine.runtime.worker.grammar.keys import other_keys
from engine.runtime.worker.grammar.notation import literal
from engine.runtime.worker.grammar.numbers import integer_between
from engine.runtime.worker.grammar.pattern import PatternUnsupported, pattern_to_gbnf
from engine.runtime.worker.grammar.schema_reading import (
    Impossible,
    referred,
    schema_types,
    without,
)

_LARGEST_SCHEMA = 256 * 1024  # characters
_DEEPEST = 48  # schemas within schemas
_MOST_SCHEMAS = 5_000  # looked at, each as often as it is used
_MOST_REPEATS = 500  # of an array's items or a string's characters, counted
_NOT_EXPRESSED = (
    "not",
    "if",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "uniqueItems",
    "multipleOf",
    "$dynamicRef",
    "$recursiveRef",
)
_NOTHING_IF_FALSE = ("uniqueItems", "not")
_DEMANDS = frozenset(
    {"type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "properties", "required"}
    | {"additionalProperties", "items", "prefixItems", "minItems", "maxItems", "minLength", "maxLength"}
    | {"pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "nullable"}
    | {"unevaluatedProperties", "unevaluatedItems", *_NOT_EXPRESSED}
)
_MOST_COMPARED = 64  # ways of a choice of which exactly one may hold
_VALUE, _OBJECT = "value", "object"


@dataclass(frozen=True, slots=True)
class SchemaGrammar:
    text: str  # GBNF
    loosened: tuple[str, ...]  # keywords that could not be kept


def json_schema_to_gbnf(schema: str) -> SchemaGrammar:
    """`{}` is any JSON object. Raises: GrammarError, when the schema cannot be used."""
    parsed = read_schema(schema)
    writer = SchemaWriter()
    return SchemaGrammar(writer.grammar(writer.add_root(parsed)), writer.loosened)


def read_schema(text: str) -> Any:
    """Raises: GrammarError, unless it is a JSON object, true or false."""
    if len(text) > _LARGEST_SCHEMA:
        raise GrammarError(f"it is {len(text)} characters long, and {_LARGEST_SCHEMA} is the limit")
    try:
        parsed = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise GrammarError(f"it is no JSON ({error})") from error
    if not isinstance(parsed, dict | bool):
        raise GrammarError("it is no JSON object")
    return parsed


class SchemaWriter:
    """Collects the rules of one or more schemas. Raises GrammarError."""

    def __init__(self, document: Any = None) -> None:
        """`document`: what `resolved` finds references in."""
        self._rules: dict[str, str] = {}
        self._names: dict[str, str] = {}  # of rules, by what they say
        self._loosened: dict[str, None] = {}
        self._looked_at = 0
        self._references: dict[tuple[int, str], str] = {}
        self._documents: list[Any] = [] if document is None else [document]

    @property
    def loosened(self) -> tuple[str, ...]:
        return tuple(self._loosened)

    def add(self, schema: Any) -> str:
        """What stands for one value of that schema, `#` being the schema itself."""
        self._documents.append(schema)
        try:
            return self._value(schema, 0)
        except RecursionError as error:
            raise GrammarError("it is nested too deeply") from error

    def add_root(self, schema: Any) -> str:
        """As `add`, for a whole answer: `{}` is any JSON object."""
        return _OBJECT if schema == {} else self.add(schema)

    def grammar(self, root: str) -> str:
        """The whole text, for an answer of the form `root`."""
        rules = {**RULES, **self._rules}
        return "\n".join([f"root ::= {root}", *(f"{name} ::= {body}" for name, body in rules.items())])

    def rule(self, body: str) -> str:
        """The name of the rule that says that."""
        name = self._names.get(body)
        if name is None:
            name = self._names[body] = self._new_name()
            self._rules[name] = body
        return name

    def _new_name(self) -> str:
        name = f"r{len(self._rules)}"
        self._rules[name] = ""
        return name

    # values
    def _value(self, schema: Any, depth: int) -> str:
        self._looked_at += 1
        if depth > _DEEPEST:
            raise GrammarError(f"it is nested more than {_DEEPEST} deep")
        if self._looked_at > _MOST_SCHEMAS:
            raise GrammarError(f"it holds more than {_MOST_SCHEMAS} schemas, written out")
        if schema is True:
            return _VALUE
        if not isinstance(schema, dict):
            if schema is False:
                raise Impossible("a part of it allows no value")
            raise GrammarError("a part is no schema")
        for keyword in _NOT_EXPRESSED:
            if keyword in schema and not (schema[keyword] is False and keyword in _NOTHING_IF_FALSE):
                self._loosened[keyword] = None
        for keyword in ("unevaluatedProperties", "unevaluatedItems"):
            if isinstance(schema.get(keyword), dict):
                self._loosened[keyword] = None
        return self._combination(schema, depth)

    def _combination(self, schema: Mapping[str, Any], depth: int) -> str:
        if "$ref" in schema:
            return self._reference(schema, depth)
        if "allOf" in schema:
            parts = [self.resolved(part) for part in _list(schema["allOf"], "allOf")]
            return self._value(combined([without(schema, "allOf"), *parts], self._loosened), depth + 1)
        if "enum" in schema or "const" in schema:
            return self._constants(schema)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._any_of(schema, keyword, depth)
        return self._of_types(schema_types(schema), schema, depth)

    def _of_types(self, types: Sequence[str], schema: Mapping[str, Any], depth: int) -> str:
        ways: list[str] = []
        impossible: Impossible | None = None
        for kind in types:
            try:
                ways.append(self._of_type(kind, schema, depth))
            except Impossible as error:
                impossible = error
        if impossible is not None and not ways:
            raise impossible
        return _either(ways or [_VALUE])

    def _any_of(self, schema: Mapping[str, Any], keyword: str, depth: int) -> str:
        base = without(schema, keyword)
        wholes: list[Any] = []
        ways: list[str] = []
        for part in _list(schema[keyword], keyword):
            try:
                whole = part
                if _demands(base):
                    whole = combined([base, self.resolved(part)], self._loosened)
                ways.append(self._value(whole, depth + 1))
            except Impossible:
                continue
            wholes.append(whole)
        if not ways:
            raise Impossible(f"{keyword} leaves no value")
        if keyword == "oneOf" and not self._all_apart(wholes):
            self._loosened["oneOf"] = None
        return self.rule(_either(ways))

    def _all_apart(self, schemas: Sequence[Any]) -> bool:
        """Whether certainly no value keeps to two of them: then "any" is as good as "exactly one"."""
        if len(schemas) > _MOST_COMPARED:
            return False
        judge = Judge(self.resolved, {})
        try:
            return all(judge.apart(one, other) for one, other in combinations(schemas, 2))
        except GrammarError:
            return False

    def _reference(self, schema: Mapping[str, Any], depth: int) -> str:
        others = without(schema, "$ref")
        if _demands(others):
            target = self.resolved(schema)
            return self._value(combined([others, target], self._loosened), depth + 1)
        pointer = schema["$ref"]
        key = (len(self._documents), str(pointer))
        if key not in self._references:
            # Named before it is written: it may refer to itself.
            name = self._references[key] = self._new_name()
            try:
                self._rules[name] = self._value(referred(self._documents[-1], pointer), depth + 1)
            except Impossible:
                del self._references[key]
                raise
        return self._references[key]

    def resolved(self, schema: Any, hops: int = 0) -> Any:
        """Behind the reference, if it is one, together with what stands beside it."""
        if not isinstance(schema, dict) or "$ref" not in schema:
            return schema
        if hops > _DEEPEST:
            raise GrammarError("its references go round in a circle")
        self._looked_at += 1
        target = self.resolved(referred(self._documents[-1], schema["$ref"]), hops + 1)
        return combined([without(schema, "$ref"), target], self._loosened)

    def _constants(self, schema: Mapping[str, Any]) -> str:
        """The values that are named, without those that something beside them forbids."""
        named = listed(schema) or []
        self._looked_at += len(named)
        judge = Judge(self.resolved, self._loosened)
        values = [value for value in named if judge.allows(schema, value)]
        if not values:
            raise Impossible("enum leaves no value")
        try:
            ways = [literal(json.dumps(value, ensure_ascii=False, allow_nan=False)) for value in values]
        except ValueError as error:
            raise GrammarError("enum holds a number without bounds") from error
        return self.rule(_either(ways))

    def _of_type(self, kind: str, schema: Mapping[str, Any], depth: int) -> str:
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, depth)
        if kind == "string":
            return self._string(schema)
        if kind == "integer":
            return self._integer(schema)
        if kind == "number":
            return self._number(schema)
        if kind in ("boolean", "null"):
            return kind
        raise GrammarError(f"{kind[:40]} is no type")

    # objects
    def _object(self, schema: Mapping[str, Any], depth: int) -> str:
        properties = schema.get("properties", {})
        if not isinstance(properties, dict):
            raise GrammarError("properties is no object")
        required = [name for name in _list(schema.get("required", []), "required") if isinstance(name, str)]
        more = schema.get("additionalProperties", None if properties else True)
        if schema.get("unevaluatedProperties") is False and "additionalProperties" not in schema:
            more = False
        known = dict(properties)
        for name in required:
            known.setdefault(name, True if more is None else more)
        if not known and more is True:
            return _OBJECT
        pairs = []
        for name, part in known.items():
            try:
                pairs.append((self._pair(_key(name), part, depth), name in required))
            except Impossible:
                if name in required:
                    raise
        extra = None
        if more not in (None, False):
            extra = self._extra(list(known), more, depth)
        return self.rule(f'"{{" ws {self._members(pairs, extra)} "}}"')

    def _extra(self, known: list[str], more: Any, depth: int) -> str | None:
        """A pair of a name that is not known; None where no value is left for one."""
        key, exact = other_keys(known, self.rule)
        if not exact:
            self._loosened["additionalProperties"] = None
        try:
            return self._pair(key, more, depth)
        except Impossible:
            return None

    def _pair(self, key: str, schema: Any, depth: int) -> str:
        return self.rule(f'{key} ws ":" ws {self._value(schema, depth + 1)}')

    def _members(self, pairs: Sequence[tuple[str, bool]], extra: str | None) -> str:
        """Rules from the last pair to the first: `keys` stands for the pairs from there on, at
        least one of them; `tail` for what may follow a pair, with its comma."""
        keys = tail = ""
        if extra is not None:
            keys = self.rule(f'{extra} ( ws "," ws {extra} )*')
            tail = self.rule(f'ws "," ws {keys} | ""')
        rest_optional = True
        for pair, is_required in reversed(pairs):
            first = f"{pair} {tail}".rstrip()
            keys = self.rule(first if is_required or not keys else f"{first} | {keys}")
            rest_optional = rest_optional and not is_required
            tail = self.rule(f'ws "," ws {keys}' + (' | ""' if rest_optional else ""))
        if not keys:
            return '""'
        return f"( {keys} ws )?" if rest_optional else f"{keys} ws"

    # arrays, strings, numbers
    def _array(self, schema: Mapping[str, Any], depth: int) -> str:
        first, rest = items_of(schema)
        if schema.get("unevaluatedItems") is False and "items" not in schema:
            rest = False
        heads, other = self._item_rules(first, rest, depth)
        least, most = self._bounds(schema, "minItems", "maxItems")
        if other is None:
            most = len(heads) if most is None else min(most, len(heads))
        if most is not None and least > most:
            raise Impossible("an array has more items at least than at most")
        return self.rule(f'"[" ws {self._items(heads, other, least, most)} "]"')

    def _item_rules(self, first: list[Any], rest: Any, depth: int) -> tuple[list[str], str | None]:
        """Of the first items, and of all others; the array ends before an item that can have no value."""
        heads: list[str] = []
        try:
            for part in first:
                heads.append(self.rule(self._value(part, depth + 1)))
            return heads, self.rule(self._value(rest, depth + 1))
        except Impossible:
            return heads, None

    def _items(self, heads: list[str], other: str | None, least: int, most: int | None) -> str:
        """From the last item to the first, each in the tail of the one before."""
        heads = heads[:most]
        tail = ""
        if other is not None and (most is None or most > len(heads)):
            low = max(0, least - len(heads) - (0 if heads else 1))
            high = "" if most is None else most - len(heads) - (0 if heads else 1)
            again = f'( ws "," ws {other} ){{{low},{high}}}'
            if not heads:
                first = f"{other} {again} ws"
                return first if least else f"( {first} )?"
            tail = again
        for number in range(len(heads) - 1, 0, -1):
            body = f'ws "," ws {heads[number]} {tail}'.rstrip()
            tail = self.rule(body if number < least else f'{body} | ""')
        if not heads:
            return '""'
        first = f"{heads[0]} {tail} ws"
        return first if least else f"( {first} )?"

    def _string(self, schema: Mapping[str, Any]) -> str:
        least, most = self._bounds(schema, "minLength", "maxLength")
        if most is not None and least > most:
            raise Impossible("a string is longer at least than at most")
        pattern, name = schema.get("pattern"), str(schema.get("format"))
        form = FORMATS.get(name)
        if isinstance(pattern, str):
            try:
                made = self.rule(f'"\\"" {pattern_to_gbnf(pattern)} "\\""')
            except PatternUnsupported:
                self._loosened["pattern"] = None
            else:
                beside = ("minLength", "maxLength", *(("format",) if form else ()))
                self._loosened |= dict.fromkeys(word for word in beside if word in schema)
                return made
        if form is not None:
            return self._of_format(form, schema, least, most)
        if name in UNWRITTEN_FORMATS:
            self._loosened["format"] = None
        if least == 0 and most is None:
            return "string"
        return self.rule(f'"\\"" character{{{least},{"" if most is None else most}}} "\\""')

    def _of_format(self, form: Format, schema: Mapping[str, Any], least: int, most: int | None) -> str:
        if form.longest < least or (most is not None and form.shortest > most):
            raise Impossible("no text of its format has its length")
        if form.shortest < least:
            self._loosened["minLength"] = None
        if most is not None and form.longest > most:
            self._loosened["maxLength"] = None
        return self.rule(f'"\\"" {form.text} "\\""')

    def _bounds(self, schema: Mapping[str, Any], low: str, high: str) -> tuple[int, int | None]:
        least, most = _count(schema.get(low), low) or 0, _count(schema.get(high), high)
        if least > _MOST_REPEATS:
            self._loosened[low] = None
            least = 0
        if most is not None and most > _MOST_REPEATS:
            self._loosened[high] = None
            most = None
        return least, most

    def _integer(self, schema: Mapping[str, Any]) -> str:
        low, high = (
            _limit(schema, "minimum", "exclusiveMinimum", 1),
            _limit(schema, "maximum", "exclusiveMaximum", -1),
        )
        if low is None and high is None:
            return "integer"
        digits = integer_between(low, high)
        if digits is None:
            raise Impossible("an integer is larger at least than at most, or has more than 15 digits")
        return self.rule(digits)

    def _number(self, schema: Mapping[str, Any]) -> str:
        bounds = {
            word: schema[word]
            for word in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
            if word in schema
        }
        if bounds.get("minimum") == 0:
            del bounds["minimum"]
            self._loosened |= dict.fromkeys(bounds)
            return "natural-number"
        self._loosened |= dict.fromkeys(bounds)
        return "number"


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _demands(schema: Mapping[str, Any]) -> bool:
    return not _DEMANDS.isdisjoint(schema)


def _key(name: str) -> str:
    return literal(json.dumps(name, ensure_ascii=False))


def _either(ways: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(ways))
    return distinct[0] if len(distinct) == 1 else "(" + " | ".join(distinct) + ")"


def _list(value: Any, keyword: str) -> list[Any]:
    if not isinstance(value, list):
        raise GrammarError(f"{keyword} is no list")
    return value


def _count(value: Any, keyword: str) -> int | None:
    if value is None:
        return None
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**53
    if not fits or value != int(value):
        raise GrammarError(f"{keyword} is no number of things")
    return int(value)


def _limit(schema: Mapping[str, Any], inclusive: str, exclusive: str, inwards: int) -> int | None:
    """The bound of an integer, included; `inwards` is the step away from an excluded one."""
    found: list[int] = []
    for word, step in ((inclusive, 0), (exclusive, inwards)):
        value = schema.get(word)
        if isinstance(value, bool):  # as it was written before draft 6
            value = schema.get(inclusive) if value else None
        if value is None:
            continue
        if not isinstance(value, int | float) or abs(value) > 1e300:
            raise GrammarError(f"{word} is no number")
        whole = int(value)
        if whole != value:  # between two integers: the next one inwards
            whole += (inwards > 0) * (value > 0) - (inwards < 0) * (value < 0)
        else:
            whole += step
        found.append(whole)
    return None if not found else max(found) if inwards > 0 else min(found)
