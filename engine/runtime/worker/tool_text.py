"""Tools for models whose chat template knows none: told in words, called between tags.

The tags are those of Nous Research's Hermes models, which many others have been trained on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from engine.runtime.values import Tool, ToolCall, Turn
from engine.runtime.worker.template_values import parameters_of

_ORDER = """You may call functions to help with the question. They are described in JSON, one a line:
{described}

To call one, write its name and arguments as JSON between these tags, and nothing behind them:
<tool_call>
{{"name": "...", "arguments": {{...}}}}
</tool_call>
The result is then given to you. Answer without a call when none is needed."""


def turns_with_tools(turns: Sequence[Turn], tools: Sequence[Tool]) -> Sequence[Turn]:
    """The same conversation in turns of system, user and assistant alone.

    Raises: UsageError, for tools that are none.
    """
    if not tools and not any(turn.tool_calls or turn.role == "tool" for turn in turns):
        return turns
    told = _told(turns)
    if not tools:
        return told
    order = _ORDER.format(described="\n".join(_described(tool) for tool in tools))
    if told and told[0].role == "system":
        return [replace(told[0], content=f"{told[0].content}\n\n{order}"), *told[1:]]
    return [Turn("system", order), *told]


def _told(turns: Sequence[Turn]) -> list[Turn]:
    told: list[Turn] = []
    for number, turn in enumerate(turns):
        if turn.role != "tool":
            told.append(_with_calls_written(turn))
            continue
        result = f"<tool_response>\n{turn.content}\n</tool_response>"
        if number and turns[number - 1].role == "tool":  # results of one round are one message
            told[-1] = replace(told[-1], content=f"{told[-1].content}\n{result}")
        else:
            told.append(Turn("user", result))
    return told


def _with_calls_written(turn: Turn) -> Turn:
    if not turn.tool_calls:
        return turn
    parts = [turn.content] if turn.content else []
    written = "\n".join([*parts, *(_written(call) for call in turn.tool_calls)])
    return replace(turn, content=written, tool_calls=())


def _written(call: ToolCall) -> str:
    name = json.dumps(call.name, ensure_ascii=False)
    return f'<tool_call>\n{{"name": {name}, "arguments": {call.arguments or "{}"}}}\n</tool_call>'


def _described(tool: Tool) -> str:
    function = {"name": tool.name, "description": tool.description, "parameters": parameters_of(tool)}
    return json.dumps(function, ensure_ascii=False)
