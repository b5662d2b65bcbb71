"""What a chat template is given: turns and tools in the shapes that Hugging Face gives them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from engine.errors import UsageError
from engine.runtime.values import Tool, ToolCall, Turn
from engine.runtime.worker.plain_text import PlainText

_SHORT_ID = re.compile("[A-Za-z0-9]{9}")


class Arguments(dict[str, Any]):
    """The arguments of a call. Some templates write them with `tojson`, others add them to a text."""

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False)

    def __add__(self, other: object) -> str:
        return f"{self}{other}"

    def __radd__(self, other: object) -> str:
        return f"{other}{self}"


def message_values(
    turns: Sequence[Turn],
    plain: PlainText,
    *,
    short_ids: bool,
    thoughts: str = "reasoning_content",
    no_words: str | None = None,
    parts: bool = False,
) -> list[dict[str, Any]]:
    """`short_ids`: the template takes only ids of nine letters and digits, as Mistral's do. `thoughts`:
    its name for what an assistant thought; "message.thinking" of gpt-oss. `no_words`: the content of a call
    that nothing was said with. `parts`: contents are lists of parts, not texts."""
    names = {call.id: call.name for turn in turns for call in turn.tool_calls}
    field = thoughts.removeprefix("message.")
    made = [_message(turn, names, plain, short_ids) | _thought(turn, plain, field) for turn in turns]
    for turn, message in zip(turns, made, strict=True):
        if turn.tool_calls and not turn.content:
            message["content"] = no_words
        if parts:
            message["content"] = [{"type": "text", "text": message["content"] or ""}]
    return made


def length_of(message: dict[str, Any]) -> int:
    """Characters of its content, as `message_values` makes it."""
    content = message["content"] or ""
    return len(content) if isinstance(content, str) else sum(len(part["text"]) for part in content)


def _thought(turn: Turn, plain: PlainText, field: str) -> dict[str, str]:
    # The template of gpt-oss refuses a call with both; what was said is more than what was thought.
    if not turn.reasoning or (field == "thinking" and turn.tool_calls and turn.content):
        return {}
    return {field: plain.marked(turn.reasoning)}


def tool_values(tools: Sequence[Tool], plain: PlainText) -> list[dict[str, Any]]:
    """Raises: UsageError, for parameters that are no JSON object."""
    return [{"type": "function", "function": _function(tool, plain)} for tool in tools]


def parameters_of(tool: Tool) -> dict[str, Any]:
    """Its schema. Raises: UsageError, if that is no JSON object."""
    try:
        parsed = json.loads(tool.parameters or "{}")
    except (ValueError, RecursionError) as error:
        raise UsageError.of("tool_bad", name=tool.name, reason=str(error)) from error
    if not isinstance(parsed, dict):
        raise UsageError.of("tool_bad", name=tool.name, reason="no object")
    return parsed or {"type": "object", "properties": {}}


def _function(tool: Tool, plain: PlainText) -> dict[str, Any]:
    described = {"name": tool.name, "description": tool.description, "parameters": parameters_of(tool)}
    marked: dict[str, Any] = plain.marked_in(described)
    return marked


def _message(turn: Turn, names: dict[str, str], plain: PlainText, short_ids: bool) -> dict[str, Any]:
    message: dict[str, Any] = {"role": turn.role, "content": plain.marked(turn.content)}
    if turn.tool_calls:
        message["tool_calls"] = [_call(call, plain, short_ids) for call in turn.tool_calls]
    if turn.tool_call_id:
        message["tool_call_id"] = _id(turn.tool_call_id, short_ids)
        message["name"] = plain.marked(names.get(turn.tool_call_id, ""))
    return message


def _call(call: ToolCall, plain: PlainText, short_ids: bool) -> dict[str, Any]:
    function = {"name": plain.marked(call.name), "arguments": _arguments(call.arguments, plain)}
    return {"id": _id(call.id, short_ids), "type": "function", "function": function}


def _arguments(text: str, plain: PlainText) -> Any:
    """Whatever a model has written once is told to it again, even if it was no JSON object."""
    try:
        parsed = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return plain.marked(text)
    return Arguments(plain.marked_in(parsed)) if isinstance(parsed, dict) else plain.marked(text)


def _id(text: str, short: bool) -> str:
    if not short or _SHORT_ID.fullmatch(text):
        return text
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:9]
