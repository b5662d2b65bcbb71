"""Calls of tools as models of many families write them, whatever the chunks, and whatever is broken."""

# ruff: noqa: E501 - models write long lines
from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.chat.reasoning import Phase, Piece
from engine.runtime.values import Tool, ToolCall
from engine.runtime.worker.answer_format import AnswerFormat, answer_format
from engine.runtime.worker.answer_text import AnswerText
from engine.runtime.worker.grammar.automaton import Automaton
from engine.runtime.worker.grammar.gbnf import parse_gbnf
from engine.runtime.worker.grammar.json_schema import SchemaWriter
from engine.runtime.worker.tool_calls import ToolCallParser
from engine.runtime.worker.tool_formats import HERMES, tool_format
from engine.runtime.worker.tool_grammar import add_calls

# What tells the families apart in their templates.
SOURCES = {
    "hermes": "<tool_call>{{ call | tojson }}</tool_call>",
    "mistral": "[TOOL_CALLS]",
    "mistral, new": "[TOOL_CALLS][ARGS]",
    "deepseek": "<｜tool▁calls▁begin｜>```json",
    "deepseek, new": "<｜tool▁calls▁begin｜>",
    "kimi": "<|tool_calls_section_begin|>",
    "command": "<|START_ACTION|>",
    "granite": "<|tool_call|>",
    "llama": "<|start_header_id|>{% if tools %}",
    "lfm": "<|tool_list_start|><|tool_call_start|>",
    "nemotron": "<|start_header_id|><TOOLCALL>",
    "minimax": "<minimax:tool_call>",
    "seed": "<seed:tool_call><tool_call>",
    "unknown": "{{ messages }}",
}
SCHEMAS = {
    "find": {"properties": {"text": {"type": "string"}, "count": {"type": "integer"}}},
    "now": {"properties": {}},
}
FIND = ("find", {"text": "a </tool_call> é", "count": 3})
PLAIN = ("find", {"text": "7", "count": 3})
NOW: tuple[str, dict[str, object]] = ("now", {})
F = '{"name": "find", "arguments": {"text": "a </tool_call> é", "count": 3}}'
DEEP = "<｜tool▁call▁begin｜>"
CASES: list[tuple[str, str, list[object]]] = [
    ("hermes", f"<tool_call>\n{F}\n</tool_call>", [FIND]),
    ("hermes", f"Let me see.\n\n<tool_call>{F}</tool_call>\n<tool_call>\n" + '{"name": "now"}</tool_call> Done',
     ["Let me see.", FIND, NOW, "Done"]),
    ("hermes", f"<tool_call>{F}", [FIND]),  # the end of the answer will do
    ("hermes", "<tool_call>{'name': 3}</tool_call>after", ["<tool_call>{'name': 3}</tool_call>after"]),
    ("hermes", "1 < 2 and <tool_ is text", ["1 < 2 and <tool_ is text"]),
    ("hermes", "<tool_call>\n<function=find>\n<parameter=text>\n7\n</parameter>\n<parameter=count>\n3\n"
     "</parameter>\n</function>\n</tool_call>", [PLAIN]),
    ("hermes", "<function=find><parameter=text>7</parameter><parameter=count>3</parameter></function>", [PLAIN]),
    ("hermes", "<tool_call>find\n<arg_key>text</arg_key>\n<arg_value>7</arg_value>\n<arg_key>count</arg_key>\n"
     "<arg_value>3</arg_value>\n</tool_call>", [PLAIN]),
    ("hermes", "<tool_call>now\n</tool_call>", [NOW]),
    ("mistral", '[TOOL_CALLS][{"name": "find", "arguments": {"text": "7", "count": 3}}, {"name": "now"}]',
     [PLAIN, NOW]),
    ("mistral, new", '[TOOL_CALLS]find[ARGS]{"text": "7", "count": 3}[TOOL_CALLS]now[CALL_ID]a1b2c3d4e[ARGS]{}',
     [PLAIN, NOW]),
    ("mistral", '[TOOL_CALLS]find{"text": "7", "count": 3}', [PLAIN]),
    ("deepseek", f"Hm.<｜tool▁calls▁begin｜>{DEEP}function<｜tool▁sep｜>find\n```json\n"
     '{"text": "7", "count": 3}\n```<｜tool▁call▁end｜>\n' + f"{DEEP}function<｜tool▁sep｜>now\n```json\n"
     "{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>", ["Hm.", PLAIN, NOW]),
    ("deepseek, new", f"<｜tool▁calls▁begin｜>{DEEP}find<｜tool▁sep｜>" '{"text": "7", "count": 3}'
     f"<｜tool▁call▁end｜>{DEEP}now<｜tool▁sep｜>" "{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>", [PLAIN, NOW]),
    ("kimi", "<|tool_calls_section_begin|><|tool_call_begin|>functions.find:0<|tool_call_argument_begin|>"
     '{"text": "7", "count": 3}<|tool_call_end|><|tool_calls_section_end|>', [PLAIN]),
    ("command", '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "find", "parameters": {"text": "7", '
     '"count": 3}}]<|END_ACTION|>', [PLAIN]),
    ("granite", '<|tool_call|>[{"name": "now", "arguments": {}}]', [NOW]),
    ("llama", '{"name": "find", "parameters": {"text": "7", "count": 3}}', [PLAIN]),
    ("llama", '<|python_tag|>{"name": "now", "parameters": {}}; {"name": "now"}', [NOW, NOW]),
    ("llama", '{"type": "function", "function": {"name": "now", "parameters": {}}}', [NOW]),
    ("llama", '{"name": "Ann", "age": 3}', ['{"name": "Ann", "age": 3}']),
    ("hermes", 'So. <tool_call>{"name": "rm"}</tool_call> Done.',
     ['So.<tool_call>{"name": "rm"}</tool_call> Done.']),
    ("hermes", "<tool_call>rm\n</tool_call>", ["<tool_call>rm\n</tool_call>"]),
    ("mistral", '[TOOL_CALLS][{"name": "now"}, {"name": "rm"}]', ['[TOOL_CALLS][{"name": "now"}, {"name": "rm"}]']),
    ("kimi", "<|tool_calls_section_begin|><|tool_call_begin|>functions.rm:0<|tool_call_argument_begin|>"
     "{}<|tool_call_end|><|tool_calls_section_end|>",
     ["<|tool_calls_section_begin|><|tool_call_begin|>functions.rm:0<|tool_call_argument_begin|>{}"
      "<|tool_call_end|><|tool_calls_section_end|>"]),
    ("lfm", 'So.<|tool_call_start|>[find(text="7", count=3), now()]<|tool_call_end|>Done.',
     ["So.", PLAIN, NOW, "Done."]),
    ("lfm", '<|tool_call_start|>[find("7", 3)]<|tool_call_end|>', [PLAIN]),
    ("lfm", '<|tool_call_start|>[{"name": "now", "arguments": {}}]<|tool_call_end|>', [NOW]),
    ("lfm", '<|tool_call_start|>[find(text="<|tool_call_end|>", count=-3)]<|tool_call_end|>',
     [("find", {"text": "<|tool_call_end|>", "count": -3})]),
    ("lfm", '<|tool_call_start|>[now(__import__("os"))]<|tool_call_end|>',
     ['<|tool_call_start|>[now(__import__("os"))]<|tool_call_end|>']),
    ("lfm", "<|tool_call_start|>[now(**{}), now(1)]<|tool_call_end|>",
     ["<|tool_call_start|>[now(**{}), now(1)]<|tool_call_end|>"]),
    ("nemotron", '<TOOLCALL>[{"name": "find", "arguments": {"text": "7", "count": 3}}, {"name": "now"}]</TOOLCALL>',
     [PLAIN, NOW]),
    ("minimax", '<minimax:tool_call>\n<invoke name="find">\n<parameter name="text">7</parameter>\n'
     '<parameter name="count">3</parameter>\n</invoke>\n<invoke name="now">\n</invoke>\n</minimax:tool_call>',
     [PLAIN, NOW]),
    ("seed", "<seed:tool_call>\n<function=find>\n<parameter=text>7</parameter>\n<parameter=count>3</parameter>\n"
     "</function>\n</seed:tool_call>", [PLAIN]),
    ("llama", '{"city": "Oslo"} it is', ['{"city": "Oslo"} it is']),
    ("unknown", "<tool_call>" + '{"name": "find", "arguments": "{\\"text\\": \\"7\\", \\"count\\": 3}"}</tool_call>',
     [PLAIN]),
]  # fmt: skip


def joined(parts: Sequence[str | ToolCall]) -> list[object]:
    """Calls as (name, arguments), texts next to each other as one."""
    found: list[object] = []
    for part in parts:
        if isinstance(part, ToolCall):
            found.append((part.name, json.loads(part.arguments)))
        elif found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found


def parsed(source: str, chunks: Sequence[str]) -> list[object]:
    parser = ToolCallParser(tool_format(source), SCHEMAS)
    parts: list[str | ToolCall] = []
    for chunk in chunks:
        parts += parser.feed(chunk)
    return joined([*parts, *parser.finish()])


@pytest.mark.parametrize(("family", "text", "expected"), CASES)
def test_calls_are_found_wherever_the_answer_is_cut(family: str, text: str, expected: list[object]) -> None:
    source = SOURCES[family]
    assert parsed(source, [text]) == expected
    assert parsed(source, list(text)) == expected
    for place in range(len(text)):
        assert parsed(source, [text[:place], text[place:]]) == expected


def test_text_is_not_held_back_longer_than_needed() -> None:
    parser = ToolCallParser(HERMES, SCHEMAS)
    assert parser.feed("The sea is ") == ["The sea is"]
    assert parser.feed("blue <") == [" blue"]
    assert parser.feed("3 and") == [" <3 and"]
    assert parser.feed("<tool_call>{}</tool_call> x") == ["<tool_call>{}</tool_call>", " x"]


def test_ids_are_those_of_the_model_or_new() -> None:
    kimi = ToolCallParser(tool_format(SOURCES["kimi"]), SCHEMAS)
    text = next(text for family, text, _ in CASES if family == "kimi")
    (call,) = kimi.feed(text)
    assert isinstance(call, ToolCall)
    assert call.id == "functions.find:0"  # its template writes it down again
    two = ToolCallParser(HERMES, SCHEMAS).feed('<tool_call>{"name": "now"}</tool_call>' * 2)
    ids = {part.id for part in two if isinstance(part, ToolCall)}
    assert len(ids) == 2
    assert all(len(each) == 9 and each.isalnum() for each in ids)


PARTS = st.sampled_from(
    ["<tool_call>", "</tool_call>", "<function=", "</function>", "<parameter=a>", "</parameter>", "<arg_key>",
     "</arg_key>", "<arg_value>", "</arg_value>", "[TOOL_CALLS]", "[ARGS]", DEEP, "<｜tool▁sep｜>",
     "<｜tool▁calls▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>", "<|tool_calls_section_begin|>", "{",
     "<|tool_call_begin|>", "<|tool_call_end|>", "<|python_tag|>", '{"name": "now"}', '"', "[", "]", "}", " ",
     "find", ">", "<|tool_call_start|>", "<|tool_call_end|>", "find(", ")", "x=", "-" * 9000, "<TOOLCALL>",
     '<invoke name="', "</invoke>", '<parameter name="', "1e999", "[" * 5000, '{"a":' * 3000, "\n```json\n", "NaN"]
)  # fmt: skip


@given(st.sampled_from(sorted(SOURCES)), st.lists(PARTS, max_size=12))
@example("hermes", ["<tool_call>", '{"name": "now", "arguments": {"a":', "[" * 5000, "</tool_call>"])
def test_nothing_but_calls_and_text_comes_out(family: str, parts: list[str]) -> None:
    whole, split = parsed(SOURCES[family], ["".join(parts)]), parsed(SOURCES[family], parts)
    assert whole == split
    texts = "".join(part for part in whole if isinstance(part, str))
    if not any(isinstance(part, tuple) for part in whole):
        assert "".join(texts.split()) == "".join("".join(parts).split())


def test_a_hostile_answer_costs_little() -> None:
    parser = ToolCallParser(HERMES, SCHEMAS)
    for _ in range(2000):
        parser.feed("<tool_call><function=a" * 5 + '"</tool_call>')
    for _ in range(2000):
        parser.feed('<tool_call>{"a": "' + "x" * 200)
    parser.finish()


# grammars
@pytest.mark.parametrize("family", SOURCES)
def test_calls_that_have_to_be_made_are_read_again(family: str) -> None:
    form = tool_format(SOURCES[family])
    tools = [Tool("find", "", json.dumps({"type": "object", **SCHEMAS["find"], "required": ["text", "count"]})),
             Tool("now", "", "")]  # fmt: skip
    writer = SchemaWriter()
    machine = Automaton(parse_gbnf(writer.grammar(add_calls(writer, tools, form.layout))))
    layout = form.layout
    find = f'{layout.before}find{layout.between}{{"text": "7", "count": 3}}{layout.after}'
    now = f"{layout.before}now{layout.between}{{}}{layout.after}"
    texts = [(f"{layout.begin}{find}{layout.end}", [PLAIN]), (f"{layout.begin}{now}{layout.end}", [NOW])]
    if layout.apart is not None:
        texts.append((f"{layout.begin}{find}{layout.apart}{now}{layout.end}", [PLAIN, NOW]))
    for text, expected in texts:
        state = machine.walk(machine.start, text)
        assert state is not None
        assert state.complete
        assert parsed(SOURCES[family], [text]) == expected
    assert machine.walk(machine.start, f"{layout.begin}{layout.before}other") is None


# answers as a whole
def told(form: AnswerFormat, text: str, phase: Phase = Phase.UNDECIDED, cut: int = 0) -> list[object]:
    answer = AnswerText(phase, (), form, SCHEMAS)
    raw = text.encode()
    found: list[object] = []
    for part in [*answer.feed(raw[:cut]), *answer.feed(raw[cut:]), *answer.finish()]:
        if isinstance(part, ToolCall):
            found.append((part.name, json.loads(part.arguments)))
        elif found and isinstance(found[-1], Piece) and found[-1].is_reasoning is part.is_reasoning:
            found[-1] = Piece(found[-1].text + part.text, part.is_reasoning)
        else:
            found.append(part)
    return found


def test_a_call_that_is_only_thought_of_is_none() -> None:
    text = f"<think>\nI could say <tool_call>{F}</tool_call>\n</think>\n\nYes.\n<tool_call>{F}</tool_call>"
    thought = Piece(f"I could say <tool_call>{F}</tool_call>", is_reasoning=True)
    for cut in range(len(text.encode())):
        assert told(answer_format("<think>"), text, cut=cut) == [thought, Piece("Yes.", False), FIND]


def test_other_families_think_between_other_tags() -> None:
    text = "[THINK]Hm.[/THINK]Yes."
    assert told(answer_format("[THINK]"), text) == [Piece("Hm.", True), Piece("Yes.", False)]
    assert told(answer_format("<think>"), text) == [Piece(text, False)]


HARMONY = answer_format("<|start|>assistant<|channel|>final<|message|>")
ANALYSIS = "<|channel|>analysis<|message|>Hm. é<|end|><|start|>assistant"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("<|channel|>final<|message|>Yes <|en", Piece("Yes <|en", False)),
        (
            '<|channel|>commentary to=functions.find <|constrain|>json<|message|>{"text": "7", "count": 3}',
            PLAIN,
        ),
        ('to=functions.find<|channel|>commentary json<|message|>{"text": "7", "count": 3}<|end|>', PLAIN),
        ("<|channel|>commentary to=functions.find<|message|>no JSON", Piece("no JSON", False)),
        ("<|channel|>commentary<|message|>I look.", Piece("I look.", False)),
        ("<|channel|>commentary to=functions.rm <|message|>{}", Piece("rm {}", False)),
    ],
)
def test_harmony_is_told_apart(rest: str, expected: object) -> None:
    text = ANALYSIS + rest
    for cut in range(len(text.encode())):
        assert told(HARMONY, text, Phase.OPENED, cut) == [Piece("Hm. é", True), expected]


def test_harmony_that_is_none_is_shown() -> None:
    assert told(HARMONY, "word " * 200, Phase.OPENED) == [Piece("word " * 200, False)]
    assert told(HARMONY, "an end", Phase.ANSWER) == [Piece("an end", False)]
