"""How models write calls of tools: the tags around them, and what stands between.

Every family has its own way. Which one a model has learnt is seen from its chat template, where
earlier calls are written down in the same way.
"""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.runtime.values import ToolCall
from engine.runtime.worker.python_calls import PythonCall, python_calls

_MOST_CALLS = 64  # in one block
_LONGEST_NAME = 256
_ID_LETTERS = string.ascii_letters + string.digits
_ID_LENGTH = 9  # the only length that Mistral's templates take

Schemas = Mapping[str, Mapping[str, Any]]  # the parameters of each tool, by its name


class Malformed(ValueError):
    """What stands between the tags is no call."""


class Unfinished(Malformed):
    """It breaks off within a text, so that the closing tag may be part of that text."""


@dataclass(frozen=True, slots=True)
class Block:
    opening: str
    closing: str  # "": the end of the answer
    read: Callable[[str, Schemas], list[ToolCall]]  # of the block with its tags. Raises: Malformed


@dataclass(frozen=True, slots=True)
class Layout:
    """How a call is spelled that has to be made: `begin` calls `end`, each `before` name `between`
    arguments `after`, with `apart` from one to the next."""

    before: str
    between: str
    after: str
    begin: str = ""
    end: str = ""
    apart: str | None = None  # None: there can only be one


@dataclass(frozen=True, slots=True)
class ToolFormat:
    blocks: tuple[Block, ...]
    layout: Layout
    bare: bool = False  # an answer that begins with a JSON object with a name is a call

    @property
    def tags(self) -> tuple[str, ...]:
        """Which may be control tokens, and have to be seen all the same."""
        ends = [tag for block in self.blocks for tag in (block.opening, block.closing)]
        return tuple(dict.fromkeys(tag for tag in (*ends, *_INNER_TAGS) if tag))


def tool_format(source: str) -> ToolFormat:
    """The way of a model with that chat template; that of Hermes where nothing else is known."""
    if _DEEPSEEK_OPENING in source:
        return ToolFormat(_DEEPSEEK, _DEEPSEEK_OLD if "```json" in source else _DEEPSEEK_NEW)
    if _KIMI_OPENING in source:
        return ToolFormat(_KIMI, _KIMI_LAYOUT)
    if _MISTRAL_OPENING in source:
        return ToolFormat(_MISTRAL, _MISTRAL_NEW if "[ARGS]" in source else _MISTRAL_OLD)
    if _COMMAND_OPENING in source:
        return ToolFormat(_COMMAND, _COMMAND_LAYOUT)
    for opening, form in _OTHERS.items():
        if opening in source:
            return form
    if "<tool_call>" in source:
        return HERMES
    if _PIPED_OPENING in source:
        return ToolFormat(_PIPED, _PIPED_LAYOUT)
    if "<|start_header_id|>" in source:
        return ToolFormat(_LLAMA, _LLAMA_LAYOUT, bare=True)
    return HERMES


def new_id() -> str:
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))


def made_call(name: object, arguments: object, own_id: str = "") -> ToolCall:
    """Raises: Malformed."""
    if isinstance(arguments, str):
        arguments = _json_object(arguments) if arguments.strip() else {}
    if arguments is None:
        arguments = {}
    if not isinstance(name, str) or not 0 < len(name.strip()) <= _LONGEST_NAME:
        raise Malformed("it has no name")
    if not isinstance(arguments, dict):
        raise Malformed("its arguments are no object")
    return ToolCall(own_id or new_id(), name.strip(), json.dumps(arguments, ensure_ascii=False))


# JSON
def read_json(text: str, _schemas: Schemas) -> list[ToolCall]:
    """Objects with a name and arguments, in a list or one after the other."""
    entries: list[Any] = []
    rest = text.strip()
    while rest:
        entry, end = _decoded(rest)
        entries += entry if isinstance(entry, list) else [entry]
        rest = rest[end:].lstrip().lstrip(";,").lstrip()
        if len(entries) > _MOST_CALLS:
            raise Malformed("it has too many calls")
    if not entries:
        raise Malformed("it is empty")
    return [_from_entry(entry) for entry in entries]


def _decoded(text: str) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated string"):
            raise Unfinished(str(error)) from error
        raise Malformed(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error


def _json_object(text: str) -> dict[str, Any]:
    stripped = text.strip()
    value, end = _decoded(stripped)
    if end != len(stripped) or not isinstance(value, dict):
        raise Malformed("its arguments are no object")
    return value


def _from_entry(entry: Any) -> ToolCall:
    if isinstance(entry, dict) and isinstance(entry.get("function"), dict):
        entry = entry["function"]
    if not isinstance(entry, dict):
        raise Malformed("it is no object")
    name = next((entry[key] for key in ("name", "tool_name", "function") if key in entry), None)
    return made_call(name, next((entry[key] for key in _ARGUMENT_KEYS if key in entry), {}))


_DECODER = json.JSONDecoder()
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input")


def _between(text: str, opening: str, closing: str) -> str:
    return text.removeprefix(opening).removesuffix(closing)


def _json_block(opening: str, closing: str) -> Block:
    return Block(opening, closing, lambda text, schemas: read_json(_between(text, opening, closing), schemas))


def _spans(text: str, opening: str, closing: str) -> list[str]:
    """What stands between each pair of tags. Raises: Unfinished; Malformed for too many."""
    spans: list[str] = []
    place = 0
    while (start := text.find(opening, place)) >= 0:
        end = text.find(closing, start)
        if end < 0:
            raise Unfinished(f"{opening} does not end")
        spans.append(text[start + len(opening) : end])
        place = end + len(closing)
        if len(spans) > _MOST_CALLS:
            raise Malformed("it has too many parts")
    return spans


# Hermes, Qwen: JSON; Qwen3-Coder: XML; GLM: a name, and keys with their values
def _read_tagged(text: str, schemas: Schemas) -> list[ToolCall]:
    body = _between(text, "<tool_call>", "</tool_call>").strip()
    if body.startswith("<function="):
        return _read_functions(body, schemas)
    if body.startswith(("{", "[")):
        return read_json(body, schemas)
    name = body.partition("<arg_key>")[0].strip()
    if not _NAME.fullmatch(name):
        raise Malformed("it has no name")
    pairs = [_pair(span, "</arg_key>", "<arg_value>") for span in _spans(body, "<arg_key>", "</arg_value>")]
    return [made_call(name, _valued(name, pairs, schemas))]


def _read_functions(text: str, schemas: Schemas) -> list[ToolCall]:
    calls: list[ToolCall] = []
    for span in _spans(text, "<function=", "</function>"):
        name, _, body = span.partition(">")
        pairs = [_pair(part, ">") for part in _spans(body, "<parameter=", "</parameter>")]
        trimmed = [(key, value.removeprefix("\n").removesuffix("\n")) for key, value in pairs]
        calls.append(made_call(name, _valued(name, trimmed, schemas)))
    if not calls:
        raise Malformed("it is empty")
    return calls


def _pair(span: str, *marks: str) -> tuple[str, str]:
    """What stands before the first mark and behind the last."""
    key, _, value = span.partition(marks[0])
    for mark in marks[1:]:
        value = value.partition(mark)[2]
    return key.strip(), value


def _valued(name: str, pairs: list[tuple[str, str]], schemas: Schemas) -> dict[str, Any]:
    """Texts as they are, everything else as the JSON that it looks like."""
    known = schemas.get(name.strip(), {}).get("properties")
    kinds = known if isinstance(known, dict) else {}
    return {key: _value(text, kinds.get(key)) for key, text in pairs}


def _value(text: str, schema: object) -> Any:
    if isinstance(schema, dict) and schema.get("type") == "string":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


_NAME = re.compile(r"[\w.:/-]{1,256}")

HERMES = ToolFormat(
    (
        Block("<tool_call>", "</tool_call>", _read_tagged),
        Block("<function=", "</function>", _read_functions),  # Qwen3-Coder forgets the tag at times
    ),
    Layout('<tool_call>\n{"name": "', '", "arguments": ', "}\n</tool_call>", apart="\n"),
)


# MiniMax; Seed has Qwen's functions between other tags
def _read_invokes(text: str, schemas: Schemas) -> list[ToolCall]:
    calls: list[ToolCall] = []
    for span in _spans(text, '<invoke name="', "</invoke>"):
        name, _, body = span.partition('">')
        pairs = [_pair(part, '">') for part in _spans(body, '<parameter name="', "</parameter>")]
        calls.append(made_call(name, _valued(name, pairs, schemas)))
    if not calls:
        raise Malformed("it is empty")
    return calls


# LFM2: calls as Python has them, or JSON
def _read_python(text: str, schemas: Schemas) -> list[ToolCall]:
    body = _between(text, _LFM_OPENING, _LFM_CLOSING).strip()
    if body.startswith(("{", "[{")):
        return read_json(body, schemas)
    try:
        written = python_calls(body)
    except SyntaxError as error:
        raise (Unfinished if "unterminated string" in str(error) else Malformed)(str(error)) from error
    except ValueError as error:
        raise Malformed(str(error)) from error
    if not 0 < len(written) <= _MOST_CALLS:
        raise Malformed("it is empty")
    return [made_call(call.name, _named(call, schemas)) for call in written]


def _named(call: PythonCall, schemas: Schemas) -> dict[str, Any]:
    """Arguments without a name are in the order of the tool's parameters."""
    known = schemas.get(call.name, {}).get("properties")
    names = list(known) if isinstance(known, dict) else []
    if len(call.placed) > len(names):
        raise Malformed("an argument has no name")
    return {**dict(zip(names, call.placed, strict=False)), **call.named}


_LFM_OPENING, _LFM_CLOSING = "<|tool_call_start|>", "<|tool_call_end|>"


def _list_layout(opening: str, closing: str) -> Layout:
    before, between = '{"name": "', '", "arguments": '
    return Layout(before, between, "}", begin=f"{opening}[", end=f"]{closing}", apart=", ")


# By what stands in their templates alone
_OTHERS: Mapping[str, ToolFormat] = {
    _LFM_OPENING: ToolFormat(
        (Block(_LFM_OPENING, _LFM_CLOSING, _read_python),), _list_layout(_LFM_OPENING, _LFM_CLOSING)
    ),
    "<TOOLCALL>": ToolFormat(  # Nemotron
        (_json_block("<TOOLCALL>", "</TOOLCALL>"),), _list_layout("<TOOLCALL>", "</TOOLCALL>")
    ),
    "<minimax:tool_call>": ToolFormat(
        (Block("<minimax:tool_call>", "</minimax:tool_call>", _read_invokes), *HERMES.blocks), HERMES.layout
    ),
    "<seed:tool_call>": ToolFormat(
        (Block("<seed:tool_call>", "</seed:tool_call>", _read_functions), *HERMES.blocks), HERMES.layout
    ),
}


# Mistral: a list of JSON, later a name and JSON for each call
def _read_mistral(text: str, schemas: Schemas) -> list[ToolCall]:
    calls: list[ToolCall] = []
    for part in filter(None, (part.strip() for part in text.split(_MISTRAL_OPENING))):
        if part.startswith(("[", "{")):
            calls += read_json(part, schemas)
            continue
        head, mark, arguments = part.partition("[ARGS]")
        if not mark:  # an older way has none
            head, brace, arguments = part.partition("{")
            arguments = brace + arguments
        name, _, own_id = head.partition("[CALL_ID]")
        calls.append(made_call(name, arguments, own_id.strip()))
    if not 0 < len(calls) <= _MOST_CALLS:
        raise Malformed("it is empty")
    return calls


_MISTRAL_OPENING = "[TOOL_CALLS]"
_MISTRAL = (Block(_MISTRAL_OPENING, "", _read_mistral),)
_MISTRAL_OLD = Layout(
    '{"name": "', '", "arguments": ', "}", begin=_MISTRAL_OPENING + "[", end="]", apart=", "
)
_MISTRAL_NEW = Layout(_MISTRAL_OPENING, "[ARGS]", "", apart="")


# DeepSeek: V3 and R1 with a kind and fenced JSON, from V3.1 on without
def _read_deepseek(text: str, _schemas: Schemas) -> list[ToolCall]:
    calls: list[ToolCall] = []
    for part in text.split(_DEEPSEEK_CALL)[1:]:
        head, mark, rest = part.partition("<｜tool▁sep｜>")
        body = rest.partition("<｜tool▁call▁end｜>")[0].strip()
        if not mark:
            raise Malformed("it has no name")
        name, fence, fenced = body.partition("\n```")
        if fence:
            calls.append(made_call(name, fenced.removeprefix("json").removesuffix("```")))
        else:
            calls.append(made_call(head, body))
    if not 0 < len(calls) <= _MOST_CALLS:
        raise Malformed("it is empty")
    return calls


_DEEPSEEK_OPENING, _DEEPSEEK_CLOSING = "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"
_DEEPSEEK_CALL = "<｜tool▁call▁begin｜>"
_DEEPSEEK = (
    Block(_DEEPSEEK_OPENING, _DEEPSEEK_CLOSING, _read_deepseek),
    Block(_DEEPSEEK_CALL, "<｜tool▁call▁end｜>", _read_deepseek),
)
_DEEPSEEK_OLD = Layout(
    _DEEPSEEK_CALL + "function<｜tool▁sep｜>", "\n```json\n", "\n```<｜tool▁call▁end｜>",
    begin=_DEEPSEEK_OPENING, end=_DEEPSEEK_CLOSING, apart="\n",
)  # fmt: skip
_DEEPSEEK_NEW = Layout(
    _DEEPSEEK_CALL, "<｜tool▁sep｜>", "<｜tool▁call▁end｜>",
    begin=_DEEPSEEK_OPENING, end=_DEEPSEEK_CLOSING, apart="",
)  # fmt: skip


# Kimi K2: the id names the function
def _read_kimi(text: str, _schemas: Schemas) -> list[ToolCall]:
    calls: list[ToolCall] = []
    for span in _spans(text, "<|tool_call_begin|>", "<|tool_call_end|>"):
        own_id, arguments = _pair(span, "<|tool_call_argument_begin|>")
        name = own_id.removeprefix("functions.").rpartition(":")[0] or own_id
        calls.append(made_call(name, arguments, own_id))
    if not calls:
        raise Malformed("it is empty")
    return calls


_KIMI_OPENING = "<|tool_calls_section_begin|>"
_KIMI = (Block(_KIMI_OPENING, "<|tool_calls_section_end|>", _read_kimi),)
_KIMI_LAYOUT = Layout(
    "<|tool_call_begin|>functions.", ":0<|tool_call_argument_begin|>", "<|tool_call_end|>",
    begin=_KIMI_OPENING, end="<|tool_calls_section_end|>",
)  # fmt: skip

# Granite, Phi: JSON behind a tag; Command: between tags; Llama 3: JSON, with a tag or without
_PIPED_OPENING, _COMMAND_OPENING, _LLAMA_OPENING = "<|tool_call|>", "<|START_ACTION|>", "<|python_tag|>"
_PIPED = (_json_block(_PIPED_OPENING, "<|/tool_call|>"),)
_PIPED_LAYOUT = Layout('{"name": "', '", "arguments": ', "}", begin=_PIPED_OPENING + "[", end="]", apart=", ")
_COMMAND = (_json_block(_COMMAND_OPENING, "<|END_ACTION|>"),)
_COMMAND_LAYOUT = Layout(
    '{"tool_call_id": "0", "tool_name": "', '", "parameters": ', "}",
    begin=_COMMAND_OPENING + "[", end="]<|END_ACTION|>",
)  # fmt: skip
_LLAMA = (_json_block(_LLAMA_OPENING, ""),)
_LLAMA_LAYOUT = Layout('{"name": "', '", "parameters": ', "}")

_INNER_TAGS = (
    "[ARGS]", "[CALL_ID]", "<｜tool▁sep｜>", _DEEPSEEK_CALL, "<｜tool▁call▁end｜>", "<|tool_call_begin|>",
    "<|tool_call_argument_begin|>", "<|tool_call_end|>",
)  # fmt: skip
