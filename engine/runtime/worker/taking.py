"""Which calls are calls: of a tool that was given, and with what it takes where that is strict."""

from __future__ import annotations

import json
from typing import Any

from engine.runtime.values import ToolCall
from engine.runtime.worker.grammar.gbnf import GrammarError
from engine.runtime.worker.grammar.json_schema import SchemaWriter
from engine.runtime.worker.grammar.judging import Judge
from engine.runtime.worker.tool_formats import Schemas


def takes(schemas: Schemas, strict: frozenset[str], call: ToolCall) -> bool:
    """`strict`: the tools of which a call has to keep to the schema."""
    if call.name not in schemas:
        return False
    return call.name not in strict or keeps_to(schemas[call.name], json.loads(call.arguments))


def keeps_to(schema: Any, value: Any) -> bool:
    """Certainly."""
    unsure: dict[str, None] = {}
    try:
        return Judge(SchemaWriter(schema).resolved, unsure).allows(schema, value) and not unsure
    except (GrammarError, RecursionError):
        return False
