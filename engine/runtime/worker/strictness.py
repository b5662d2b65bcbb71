"""What is to be kept to strictly has to be something that can be kept to."""

from __future__ import annotations

from functools import lru_cache

from engine.errors import UsageError
from engine.runtime.values import GenerationRequest
from engine.runtime.worker.grammar.gbnf import GrammarError
from engine.runtime.worker.grammar.json_schema import json_schema_to_gbnf


def check_strict(request: GenerationRequest) -> None:
    """Raises: UsageError, naming the keywords that a grammar cannot say."""
    sampling = request.sampling
    if (
        sampling.strict_schema
        and sampling.json_schema
        and (lost := _lost(sampling.json_schema, "JSON schema"))
    ):
        raise UsageError.of("schema_not_exact", keywords=", ".join(lost))
    for tool in request.tools if request.tool_choice != "none" else ():
        if tool.strict and (lost := _lost(tool.parameters or "{}", "tool")):
            raise UsageError.of("tool_not_exact", name=tool.name, keywords=", ".join(lost))


@lru_cache(maxsize=64)
def _lost(schema: str, kind: str) -> tuple[str, ...]:
    try:
        return json_schema_to_gbnf(schema).loosened
    except GrammarError as error:
        raise UsageError.of("grammar_bad", kind=kind, reason=str(error)) from error
