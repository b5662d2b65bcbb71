"""Grammars and schemas: what they let through is what they say, and hostile ones end in a sentence."""

from __future__ import annotations

import datetime
import enum
import json
import random
import re
import time
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from engine.runtime.worker.grammar.automaton import Automaton, State
from engine.runtime.worker.grammar.constraint import CompiledGrammar, Constraint
from engine.runtime.worker.grammar.gbnf import GrammarError, parse_gbnf
from engine.runtime.worker.grammar.json_schema import json_schema_to_gbnf
from engine.runtime.worker.grammar.numbers import integer_between
from engine.runtime.worker.grammar.pattern import PatternUnsupported, pattern_to_gbnf
from engine.runtime.worker.grammar.tokens import TokenTable


def automaton(text: str) -> Automaton:
    return Automaton(parse_gbnf(text))


def accepts(machine: Automaton, text: str) -> bool:
    state = machine.walk(machine.start, text)
    return state is not None and state.complete


def of_schema(schema: object) -> Automaton:
    return automaton(json_schema_to_gbnf(json.dumps(schema)).text)


def some_text(machine: Automaton, chance: random.Random) -> str | None:
    """A random text of that grammar, or None when it did not end soon."""
    state, text = machine.start, ""
    for step in range(600):
        if state.complete and (step > 200 or chance.random() < 0.3 or not choices(machine, state)):
            return text
        closing = [mark for mark in '"}]' if step > 150 and machine.step(state, ord(mark))]
        mark = closing[0] if closing else chance.choice(choices(machine, state))
        following = machine.step(state, ord(mark))
        assert following is not None
        state, text = following, text + mark
    return None


def choices(machine: Automaton, state: State) -> list[str]:
    found = [chr(code) for code in range(32, 127) if machine.step(state, code)]
    found += [mark for mark in "é日\n" if machine.step(state, ord(mark))]
    segments = enumerate(machine.segments(state).tolist())
    found = found or [chr(first) for number, first in segments if machine.follow(state, number)]
    # Every kind of continuation as likely as the other, however many letters it has.
    by_target: dict[int, list[str]] = {}
    for mark in found:
        by_target.setdefault(id(machine.step(state, ord(mark))), []).append(mark)
    return [marks[index % len(marks)] for marks in by_target.values() for index in range(3)]


# GBNF
@pytest.mark.parametrize(
    ("grammar", "yes", "no"),
    [
        ('root ::= "a" | "b"', ["a", "b"], ["", "ab", "c"]),
        ('root ::= "ab"{2,3} # comment', ["abab", "ababab"], ["ab", "aba", "abababab"]),
        ('root ::= "ab"{2}', ["abab"], ["ab", "ababab"]),
        ('root ::= ("a" |\n "b")+ "c"?', ["a", "abc", "bbac"], ["", "c"]),
        ("root ::= [a-c^-]+", ["abc^-"], ["d", ""]),
        ('root ::= [^a-c"\\n\\x41]*', ["", "xyz", "é日😀"], ["a", '"', "\n", "A"]),
        ('root ::= "\\u00e9" . "\\U0001F600"', ["éx😀", "é\n😀"], ["é😀"]),
        ('root ::= item ("," item)*\n\nitem ::= [0-9]+\n', ["1", "12,3"], ["1,", ",1"]),
        ('root ::= "(" root ")" | ""', ["", "()", "((()))"], ["(", "())"]),
        ('root ::= a_1 b-2\na_1 ::= "x" | ""\nb-2 ::= "y"{0,2}', ["", "x", "xyy", "yy"], ["xx", "yyy"]),
        ('root ::= "a" {2,}', ["aa", "aaaaa"], ["a"]),
        ('root ::= "\\"\\\\" "[" [\\]\\\\]', ['"\\[]', '"\\[\\'], ['"']),
    ],
)
def test_a_grammar_means_what_it_says(grammar: str, yes: list[str], no: list[str]) -> None:
    machine = automaton(grammar)
    assert [text for text in yes if not accepts(machine, text)] == []
    assert [text for text in no if accepts(machine, text)] == []


BAD = {
    "reversed range": "root ::= [b-a]",
    "no root": 'a ::= "x"',
    "undefined": "root ::= missing",
    "empty": "",
    "no arrow": "root = x",
    "open string": 'root ::= "abc',
    "open class": "root ::= [abc",
    "open parenthesis": 'root ::= ("a"',
    "closing": 'root ::= "a")',
    "nothing to repeat": "root ::= *",
    "bad bounds": 'root ::= "a"{3,2}',
    "bad escape": 'root ::= "\\q"',
    "no digits": 'root ::= "\\u12"',
    "no character": 'root ::= "\\UFFFFFFFF"',
    "token": "root ::= <think>",
    "left recursion": 'root ::= root "a" | "b"',
    "hidden left recursion": 'root ::= b root "x" | "y"\nb ::= c\nc ::= "" | "z"',
    "repeated nothing": 'root ::= ("a"?)*',
    "repeated empty": 'root ::= ""*',
    "deep": "root ::= " + "(" * 100_000 + '"a"' + ")" * 100_000,
    "many repeats": 'root ::= "a"{0,99999}',
    "repeats of repeats": 'root ::= (("a"{0,2000}){0,2000}){0,2000}',
    "long literal, repeated": 'root ::= "' + "a" * 5000 + '"{2000}',
    "huge": "root ::= [" + "a" * 3_000_000 + "]",
    "ambiguous start": "root ::= a0\n"
    + "".join(f'a{n} ::= a{n + 1} "x" | a{n + 1} "y"\n' for n in range(40))
    + 'a40 ::= "z"',
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_grammar_is_refused_with_a_reason(name: str) -> None:
    began = time.thread_time()
    with pytest.raises(GrammarError) as error:
        automaton(BAD[name])
    assert 5 < len(str(error.value)) < 200
    assert time.thread_time() - began < 20


def test_many_ways_into_one_rule_are_no_danger() -> None:
    # llama.cpp's check for left recursion takes 2**3000 steps here.
    grammar = "root ::= a0\n" + "".join(f'a{n} ::= a{n + 1} | a{n + 1} | "{n}"\n' for n in range(1500))
    assert accepts(automaton(grammar + 'a1500 ::= "x"'), "x")


def test_ambiguity_that_grows_ends_in_a_reason() -> None:
    machine = automaton('root ::= x\nx ::= " " x "b" | " " x "c" |')
    with pytest.raises(GrammarError, match="too many ways"):
        machine.walk(machine.start, " " * 100)


MARKS = st.sampled_from(
    ["root", "a", "::=", '"x"', "[a-z]", "(", ")", "|", "*", "+", "?", "{2}", "{1,}", "\n", " "]
)


@given(st.lists(MARKS, max_size=30), st.text(alphabet="xaz", max_size=8))
@example(["root", "::=", "(", '"x"', "|", ")", "*"], "x")
def test_any_text_is_a_grammar_or_refused(marks: list[str], text: str) -> None:
    try:
        machine = automaton("".join(marks))
    except GrammarError:
        return
    accepts(machine, text)


# a vocabulary
WORDS = [
    b"{",
    b"}",
    b'"',
    b'{"',
    b'":',
    b"a",
    b"ab",
    b" ",
    b"  ",
    b"\n",
    b"1",
    b"12",
    "é".encode(),
    "日".encode(),
]
WORDS += [
    "日".encode()[:1],
    "日".encode()[1:],
    "é".encode()[1:],
    b"\xff",
    b"null",
    b', "',
    b"true}",
    b"\\",
    b"\x00",
]


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_the_tokens_that_fit_are_those_that_are_allowed(drawn: list[bytes]) -> None:
    constraint = Constraint(CompiledGrammar(of_schema({}), TokenTable(enumerate(WORDS))))
    said = b""
    for raw in [b"{", *drawn]:
        fitting = set(constraint.fitting().tolist())
        assert fitting == {number for number, word in enumerate(WORDS) if constraint.allows(word)}
        if constraint.accept(raw):
            said += raw
        else:
            assert WORDS.index(raw) not in fitting
    if constraint.complete:
        assert isinstance(json.loads(said), dict)


def test_a_complete_grammar_lets_nothing_follow() -> None:
    constraint = Constraint(CompiledGrammar(automaton('root ::= "ab"'), TokenTable(enumerate(WORDS))))
    assert not constraint.complete
    assert constraint.accept(b"ab")
    assert constraint.complete
    assert constraint.fitting().size == 0
    assert not constraint.allows(b"")


# schemas
class Colour(enum.Enum):
    RED = "red"
    BLUE = 'blue "quoted" \\ é'


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=12)]
    inside: list[Part] = []


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: Annotated[int, Field(ge=-20, lt=1234)]
    colour: Colour
    kind: Literal["a", 1, True, None]
    parts: Annotated[list[Part], Field(min_length=1, max_length=3)]
    pair: tuple[int, str]
    price: Annotated[float, Field(ge=0)] = 0
    note: str | None = None
    code: Annotated[str, Field(pattern=r"^[A-Z]{2,3}-\d+(?:\.x)?$")] = "AB-1"
    day: datetime.date | None = None
    counts: dict[str, int] = {}
    anything: Any = None


def test_every_text_of_a_models_schema_is_that_model() -> None:
    made = json_schema_to_gbnf(json.dumps(Order.model_json_schema()))
    assert made.loosened == ()
    machine, chance, seen = automaton(made.text), random.Random(7), 0
    for _ in range(120):
        text = some_text(machine, chance)
        if text is not None:
            seen += 1
            try:
                Order.model_validate_json(text)
            except ValueError as error:
                # The calendar is not in the grammar: 31 February, or the year 0.
                assert "date" in str(error), text
    assert seen > 60


@pytest.mark.parametrize(
    ("schema", "yes", "no"),
    [
        ({}, ["{}", '{"a": [1, null]}'], ["[]", "1", ""]),
        (True, ["1", '"x"', "[]"], [""]),
        ({"type": "object"}, ['{"b":2}'], ["[]"]),
        ({"type": ["integer", "null"]}, ["1", "null", "-7"], ['"1"', "1.5", "01", "-"]),
        ({"enum": ["a", 1, {"b": [2]}]}, ['"a"', "1", '{"b": [2]}'], ["a", "2"]),
        ({"const": 'x"y\\'}, ['"x\\"y\\\\"'], ['"x"']),
        ({"type": "integer", "minimum": 5, "maximum": 120}, ["5", "99", "120"], ["4", "121", "-5", "05"]),
        ({"type": "integer", "exclusiveMaximum": -3}, ["-4", "-30"], ["-3", "0", "5"]),
        ({"type": "number", "minimum": 0}, ["0.5", "1e5"], ["-1"]),
        ({"type": "string", "maxLength": 2}, ['""', '"ab"', '"\\n\\u00e9"'], ['"abc"', '"\n"']),
        ({"items": {"type": "boolean"}, "minItems": 2}, ["[true, false]"], ["[true]", "[1,2]"]),
        ({"type": "array", "items": False}, ["[]", "[ ]"], ["[1]"]),
        ({"prefixItems": [{"const": 1}, {"const": 2}], "items": False}, ["[]", "[1,2]"], ["[2]", "[1,2,3]"]),
        (
            {"prefixItems": [{"const": 1}], "items": {"const": 2}, "minItems": 2},
            ["[1,2]", "[1,2,2]"],
            ["[1]", "[1,1]"],
        ),
        (
            {"properties": {"a": {"const": 1}, "b": {"const": 2}}, "required": ["b"]},
            ['{"b":2}', '{"a":1,"b":2}'],
            ["{}", '{"a":1}', '{"b":2,"a":1}', '{"b":2,"c":3}'],
        ),
        ({"properties": {"a": {"const": 1}, "b": {"const": 2}}}, ["{}", '{"a":1}', '{"b":2}'], ['{"a":2}']),
        (
            {"properties": {"ab": {"const": 1}}, "additionalProperties": {"const": 2}},
            ['{"ab":1}', '{"a":2}', '{"abc":2}', '{"ab":1,"b":2,"x":2}', '{"":2}'],
            ['{"ab":2}', '{"a":1}', '{"\\u0061b":2}'],
        ),
        ({"required": ["a"]}, ['{"a":1}'], ["{}"]),
        ({"$defs": {"n": {"type": "null"}}, "$ref": "#/$defs/n"}, ["null"], ["1"]),
        (
            {"properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}, "required": ["next"]},
            ['{"next":null}', '{"next":{"next":null}}'],
            ['{"next":1}', "{}"],
        ),
        (
            {
                "allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}],
                "required": ["b"],
            },
            ['{"b":2}', '{"a":1,"b":2}'],
            ['{"a":1}'],
        ),
        ({"type": "string", "anyOf": [{"const": "x"}, {"minLength": 5}]}, ['"x"', '"abcde"'], ['"abc"', "5"]),
        ({"type": "string", "pattern": "^a|b$"}, ['"abc"', '"xxb"'], ['"xa"']),
        ({"type": "string", "pattern": "b+"}, ['"b"', '"abba"'], ['"a"']),
        ({"type": "string", "format": "date"}, ['"2024-02-29"'], ['"2024-13-01"', '"x"']),
        ({"type": "string", "format": "date"}, ['"2024-02-29"', '"2000-02-29"', '"1999-12-31"'],
         ['"2023-02-29"', '"1900-02-29"', '"2024-04-31"']),
        ({"type": "string", "format": "email"}, ['"x@y.example"'], ["1", '"x"', '"x@"', '"a b@c"']),
        ({"type": "string", "format": "ipv6"}, ['"::1"', '"fe80::1:2"', '"::"', '"1:2:3:4:5:6:7:8"', '"1::"'],
         ['":::"', '"1:2:3:4:5:6:7"', '"1::2::3"', '"1:2:3:4:5:6:7:8:9"', '"12345::"']),
        ({"type": "string", "format": "uri"}, ['"https://a.example:80/x?y=%20"'], ['"https://a b"', '"a"']),
        ({"type": "string", "format": "password"}, ['"x"'], ["1"]),
        ({"type": "string", "minLength": 2}, ['"ab"', '"\\u00e9\\n"'], ['"\\ud83d\\ude00"', '"a"']),
        # what stands beside each other holds together
        ({"type": "string", "enum": ["a", 1, None]}, ['"a"'], ["1", "null"]),
        ({"enum": [1, 5, "x"], "minimum": 3}, ["5", '"x"'], ["1"]),
        ({"enum": [True, 1, 0], "const": 1}, ["1"], ["true", "0"]),
        ({"enum": ["a", "bb"], "anyOf": [{"minLength": 2}, {"type": "null"}]}, ['"bb"'], ['"a"']),
        (
            {"anyOf": [{"const": 1}, {"const": 2}, {"const": 3}], "oneOf": [{"const": 2}, {"const": 4}]},
            ["2"],
            ["1", "3", "4"],
        ),
        (
            {"anyOf": [{"const": 1}, {"const": 2}], "allOf": [{"anyOf": [{"const": 2}, {"const": 3}]}]},
            ["2"],
            ["1", "3"],
        ),
        ({"$defs": {"n": {"type": "integer"}}, "$ref": "#/$defs/n", "enum": [1, "a"]}, ["1"], ['"a"', "2"]),
        (
            {"allOf": [{"properties": {"a": {}}, "additionalProperties": False}, {"properties": {"b": {}}}]},
            ["{}", '{"a":1}'],
            ['{"b":1}'],
        ),
        ({"properties": {"a": {}}, "unevaluatedProperties": False}, ['{"a":1}'], ['{"b":1}']),
        ({"unevaluatedProperties": False, "type": "object"}, ["{}"], ['{"b":1}']),
        ({"properties": {"a": False, "b": {}}, "additionalProperties": True}, ['{"b":1,"c":2}'], ['{"a":1}']),
        (
            {"allOf": [{"prefixItems": [{"const": 1}]}, {"items": {"type": "integer"}}]},
            ["[1,2]"],
            ["[2]", '[1,"a"]'],
        ),
        ({"prefixItems": [True, False], "items": True}, ["[]", "[1]"], ["[1,2]"]),
        ({"type": ["string", "number"], "anyOf": [{"type": "null"}, {"type": "number"}]}, ["1"], ["null"]),
        ({"type": ["string", "integer"], "minLength": 2, "maxLength": 1}, ["1"], ['"a"']),
        ({"type": "integer", "nullable": True}, ["null", "1"], ['"x"']),
    ],
)  # fmt: skip
def test_a_schema_means_what_it_says(schema: object, yes: list[str], no: list[str]) -> None:
    machine = of_schema(schema)
    assert [text for text in yes if not accepts(machine, text)] == []
    assert [text for text in no if accepts(machine, text)] == []


BAD_SCHEMAS = {
    "no JSON": "{",
    "a list": "[]",
    "a number": "1",
    "not a number": '{"const": NaN}',
    "endless number": '{"const": 1e999}',
    "nothing": "false",
    "remote": '{"$ref": "https://example.com/schema.json"}',
    "file": '{"$ref": "file:///etc/passwd"}',
    "missing": '{"$ref": "#/$defs/none"}',
    "strange reference": '{"$ref": ["#"]}',
    "itself": '{"$ref": "#"}',
    "itself or itself": '{"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}',
    "itself and more": '{"allOf": [{"$ref": "#"}, {"$ref": "#"}]}',
    "in a circle": '{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}',
    "deep": '{"items":' * 3000 + "{}" + "}" * 3000,
    "deeper": '{"items":' * 200_000,
    "wide": json.dumps({"properties": {str(n): {"type": "string", "maxLength": n} for n in range(6000)}}),
    "long": '"' + "a" * 300_000,
    "unknown type": '{"type": "banana"}',
    "type is a number": '{"type": 7}',
    "properties is a list": '{"properties": []}',
    "part is a number": '{"properties": {"a": 1}}',
    "enum is a text": '{"enum": "abc"}',
    "enum is empty": '{"enum": []}',
    "negative": '{"type": "array", "minItems": -1}',
    "bounds": '{"type": "array", "minItems": 3, "maxItems": 2}',
    "no integer": '{"type": "integer", "minimum": 3, "maximum": 2}',
    "no type left": '{"allOf": [{"type": "string"}, {"type": "null"}]}',
}


@pytest.mark.parametrize("name", BAD_SCHEMAS)
def test_a_bad_schema_is_refused_with_a_reason(name: str) -> None:
    began = time.thread_time()
    with pytest.raises(GrammarError) as error:
        automaton(json_schema_to_gbnf(BAD_SCHEMAS[name]).text)
    assert 5 < len(str(error.value)) < 300
    assert time.thread_time() - began < 20


def test_references_that_double_at_every_step_are_quick() -> None:
    parts = {f"a{n}": {"prefixItems": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(20)}
    machine = of_schema({"$defs": {**parts, "a20": {"type": "null"}}, "$ref": "#/$defs/a0"})
    assert accepts(machine, "[" * 20 + "null" + "]" * 20)


def test_what_cannot_be_kept_is_named() -> None:
    schema = {
        "properties": {
            "a": {"type": "array", "uniqueItems": True, "maxItems": 100_000},
            "b": {"type": "number", "maximum": 7},
            "c": {"type": "string", "pattern": "(?=x)"},
        },
        "not": {"required": ["c"]},
    }
    made = json_schema_to_gbnf(json.dumps(schema))
    assert set(made.loosened) == {"uniqueItems", "maxItems", "maximum", "pattern", "not"}
    automaton(made.text)


@pytest.mark.parametrize(
    ("schema", "lost"),
    [
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, ()),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, ("oneOf",)),
        ({"oneOf": [{"const": 1}, {"enum": [2, 3]}]}, ()),
        ({"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, ("oneOf",)),
        (
            {
                "$defs": {
                    "cat": {"type": "object", "properties": {"kind": {"const": "cat"}}, "required": ["kind"]},
                    "dog": {"type": "object", "properties": {"kind": {"const": "dog"}}, "required": ["kind"]},
                },
                "oneOf": [{"$ref": "#/$defs/cat"}, {"$ref": "#/$defs/dog"}],
                "discriminator": {"propertyName": "kind"},
            },
            (),
        ),
        ({"type": "string", "format": "date", "minLength": 10}, ()),
        ({"type": "string", "format": "ipv4", "maxLength": 9}, ("maxLength",)),
        ({"type": "string", "format": "date", "pattern": "^2"}, ("format",)),
        ({"type": "string", "format": "regex"}, ("format",)),
        ({"enum": ["a"], "pattern": "(?=a)"}, ("pattern",)),
        ({"enum": ["a"], "pattern": "a"}, ()),
        ({"enum": [1], "pattern": "a"}, ()),
        ({"$dynamicRef": "#x"}, ("$dynamicRef",)),
        ({"allOf": [{"properties": {"a": {}}, "unevaluatedProperties": False}], "properties": {"b": {}}},
         ("unevaluatedProperties",)),
    ],
)  # fmt: skip
def test_what_is_lost_is_named_and_nothing_else(schema: object, lost: tuple[str, ...]) -> None:
    assert json_schema_to_gbnf(json.dumps(schema)).loosened == lost


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
KEYWORDS = [
    "type", "properties", "required", "additionalProperties", "items", "prefixItems", "enum", "const",
    "anyOf", "oneOf", "allOf", "$ref", "minItems", "maxItems", "minLength", "maxLength", "pattern", "minimum",
    "exclusiveMaximum", "format", "nullable", "not",
]  # fmt: skip
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.builds(lambda kind: {"type": kind}, TYPES) | st.booleans() | JSON_VALUES,
    lambda inner: st.dictionaries(
        st.sampled_from(KEYWORDS),
        inner | st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.sampled_from(["#", "#/items", "^a+$", "[", "date", 3, 0, "object"]),
        max_size=4,
    ),
    max_leaves=10,
)  # fmt: skip


@example({"const": {}, "required": [{"type": "object"}]}, random.Random(0))
@example({"const": "#", "format": {}, "properties": {}}, random.Random(0))
@given(SCHEMAS, st.randoms(use_true_random=False))
def test_any_schema_makes_a_grammar_of_json_or_is_refused(schema: object, chance: random.Random) -> None:
    try:
        machine = of_schema(schema)
    except GrammarError:
        return
    text = some_text(machine, chance)
    assume(text is not None)
    json.loads(str(text))


# Schemas that say something, so that their parts meet each other.
SMALL = st.sampled_from([0, 1, 2, "a", "ab", True, None, [], [1], {}, {"a": 1}, {"b": "a"}, "2024-02-29"])
COUNT = st.integers(0, 3)
NAMES = st.sampled_from(["a", "b", "c"])


def meaningful(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    words: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(SMALL, min_size=1, max_size=4),
        "const": SMALL,
        "properties": st.dictionaries(NAMES, inner, max_size=3),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "additionalProperties": inner,
        "unevaluatedProperties": st.booleans(),
        "patternProperties": st.dictionaries(st.just("^a"), inner, max_size=1),
        "items": inner,
        "prefixItems": st.lists(inner, max_size=2),
        "unevaluatedItems": st.booleans(),
        **dict.fromkeys(("anyOf", "oneOf", "allOf"), several),
        **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength", "minProperties"), COUNT),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "multipleOf"), st.integers(1, 3)),
        "pattern": st.sampled_from(["^a+$", "b", "^[0-9]{2}", "a|b$"]),
        "format": st.sampled_from(["date", "ipv4", "email", "uri", "regex", "ipv6", "duration", "time"]),
        "$ref": st.sampled_from(["#/$defs/x", "#/$defs/y"]),
        **dict.fromkeys(("not", "contains", "propertyNames"), inner),
        "uniqueItems": st.booleans(),
    }
    likely = [word for word in words if word not in ("not", "contains", "propertyNames", "patternProperties")]
    return st.lists(
        st.sampled_from(likely) | st.sampled_from(sorted(words)), max_size=4, unique=True
    ).flatmap(lambda chosen: st.fixed_dictionaries({word: words[word] for word in chosen}))


MEANINGFUL = st.recursive(
    st.builds(lambda kind: {"type": kind}, TYPES) | st.booleans(), meaningful, max_leaves=6
)


@settings(max_examples=400)
@given(
    MEANINGFUL, st.fixed_dictionaries({"x": MEANINGFUL, "y": MEANINGFUL}), st.randoms(use_true_random=False)
)
def test_without_a_notice_every_text_keeps_to_the_schema(
    schema: Any, parts: dict[str, Any], chance: random.Random
) -> None:
    whole = {**schema, "$defs": parts} if isinstance(schema, dict) else schema
    assume(whole is not False)
    try:
        made = json_schema_to_gbnf(json.dumps(whole))
        machine = automaton(made.text)
        assume(made.loosened == ())
        texts = [some_text(machine, chance) for _ in range(5)]
    except GrammarError:
        return
    judge = jsonschema.Draft202012Validator(
        whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    for text in texts:
        if text is not None:
            judge.validate(json.loads(text))


@given(st.integers(-3000, 3000) | st.none(), st.integers(-3000, 3000) | st.none(), st.integers(-4000, 4000))
def test_integers_between_bounds(low: int | None, high: int | None, number: int) -> None:
    written = integer_between(low, high)
    inside = (low is None or low <= number) and (high is None or number <= high)
    if written is None:
        assert low is not None and high is not None and low > high
    else:
        assert accepts(automaton(f"root ::= {written}"), str(number)) == inside


PATTERN_PARTS = st.sampled_from(
    [
        "a",
        "b",
        "^",
        "$",
        ".",
        "*",
        "+?",
        "?",
        "|",
        "(",
        "(?:",
        ")",
        "[ab]",
        "[^a-y]",
        "\\d",
        "\\.",
        "{2}",
        "{1,2}",
    ]
)


@given(st.lists(PATTERN_PARTS, max_size=8).map("".join), st.text(alphabet="ab1.", max_size=5))
def test_patterns_match_what_they_match_elsewhere(pattern: str, text: str) -> None:
    try:
        expression = re.compile(pattern, re.ASCII)
        machine = automaton(f"root ::= {pattern_to_gbnf(pattern)}")
    except (PatternUnsupported, GrammarError, re.error):
        return
    assert accepts(machine, text) == bool(expression.search(text))


def test_strings_in_patterns_are_escaped_as_json_does() -> None:
    machine = of_schema({"type": "string", "pattern": '^["\\\\\\n/]+$'})
    assert accepts(machine, json.dumps('"\\\n/'))
    assert not accepts(machine, '"a"')


def test_pydantic_agrees_on_unions() -> None:
    adapter = TypeAdapter(list[int | Part | dict[str, bool]])
    machine = of_schema(adapter.json_schema())
    chance = random.Random(3)
    for _ in range(40):
        text = some_text(machine, chance)
        if text is not None:
            adapter.validate_json(text)
