"""Whether a text keeps to a pattern or a format. By our own machines: a pattern may be hostile, and
those of Python's `re` can run for ever."""

from __future__ import annotations

import json

from engine.runtime.worker.grammar.automaton import Automaton
from engine.runtime.worker.grammar.gbnf import GrammarError, parse_gbnf
from engine.runtime.worker.grammar.json_rules import FORMATS, UNWRITTEN_FORMATS
from engine.runtime.worker.grammar.pattern import PatternUnsupported, pattern_to_gbnf


def has_pattern(text: str, pattern: object) -> bool | None:
    """None when it cannot be told."""
    try:
        return _is(text, pattern_to_gbnf(str(pattern)))
    except (PatternUnsupported, GrammarError):
        return None


def has_format(text: str, name: object) -> bool | None:
    """None when it cannot be told: our formats do not hold every text that is one."""
    form = FORMATS.get(str(name))
    if form is None:
        return None if name in UNWRITTEN_FORMATS else True
    return True if _is(text, form.text) else None


def _is(text: str, written: str) -> bool:
    """Raises: GrammarError."""
    machine = Automaton(parse_gbnf(f'root ::= "\\"" {written} "\\""'))
    state = machine.walk(machine.start, json.dumps(text, ensure_ascii=False))
    return state is not None and state.complete
