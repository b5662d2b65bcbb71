"""A grammar of calls, for answers that have to be calls of tools."""

from __future__ import annotations

from collections.abc import Sequence

from engine.runtime.values import Tool
from engine.runtime.worker.grammar.json_schema import SchemaWriter
from engine.runtime.worker.grammar.notation import literal
from engine.runtime.worker.template_values import parameters_of
from engine.runtime.worker.tool_formats import Layout

_MOST_CALLS = 8  # in one answer; without a limit small models call for ever


def add_calls(writer: SchemaWriter, tools: Sequence[Tool], layout: Layout) -> str:
    """What stands for one call or several of these tools. Raises: GrammarError, UsageError."""
    ways = [_call(writer, tool, layout) for tool in tools]
    call = writer.rule(" | ".join(ways))
    more = f" ( {literal(layout.apart)} {call} ){{0,{_MOST_CALLS - 1}}}" if layout.apart is not None else ""
    return writer.rule(f"{literal(layout.begin)} {call}{more} {literal(layout.end)}")


def _call(writer: SchemaWriter, tool: Tool, layout: Layout) -> str:
    head = literal(f"{layout.before}{tool.name}{layout.between}")
    parameters = parameters_of(tool)
    if not parameters.get("properties"):  # a schema of no properties means none, not any
        parameters = {"additionalProperties": False, **parameters}
    return f"{head} {writer.add(parameters)} {literal(layout.after)}"
