"""The form an answer has to have: a grammar or a JSON schema, made ready for one model."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from engine.errors import UsageError
from engine.runtime.values import Sampling
from engine.runtime.worker.grammar.automaton import Automaton
from engine.runtime.worker.grammar.constraint import CompiledGrammar, Constraint
from engine.runtime.worker.grammar.gbnf import GrammarError, parse_gbnf
from engine.runtime.worker.grammar.json_schema import json_schema_to_gbnf
from engine.runtime.worker.grammar.tokens import TokenTable
from engine.runtime.worker.vocabulary import Vocabulary

_MOST_KEPT = 8  # grammars; clients ask for the same one again and again


@dataclass(frozen=True, slots=True)
class Form:
    """Nothing of both without a form asked for."""

    constraint: Constraint | None = None
    loosened: tuple[str, ...] = ()  # keywords of the schema that a grammar cannot keep


class Forms:
    """Called by one thread; what it gives out is walked by another, one answer at a time."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._table: TokenTable | None = None
        self._kept: OrderedDict[str, tuple[CompiledGrammar, tuple[str, ...]]] = OrderedDict()

    def form(self, sampling: Sampling, so_far: str = "") -> Form:
        """`so_far`: what was answered already and is to be gone on from.

        Raises: UsageError, for a grammar or schema that cannot be followed, or that `so_far` is not in.
        """
        if not sampling.grammar and not sampling.json_schema:
            return Form()
        kind = "grammar" if sampling.grammar else "JSON schema"
        try:
            grammar, loosened = self._compiled(sampling)
            constraint = Constraint(grammar)
            if so_far and not constraint.accept(so_far.encode("utf-8", "replace")):
                raise GrammarError("the beginning of the answer does not fit it")
        except GrammarError as error:
            raise UsageError.of("grammar_bad", kind=kind, reason=str(error)) from error
        return Form(constraint, loosened)

    def _compiled(self, sampling: Sampling) -> tuple[CompiledGrammar, tuple[str, ...]]:
        """Raises: GrammarError."""
        key = f"g{sampling.grammar}" if sampling.grammar else f"s{sampling.json_schema}"
        found = self._kept.get(key)
        if found is None:
            text, loosened = sampling.grammar, tuple[str, ...]()
            if not text:
                written = json_schema_to_gbnf(sampling.json_schema)
                text, loosened = written.text, written.loosened
            found = CompiledGrammar(Automaton(parse_gbnf(text)), self._tokens()), loosened
            self._kept[key] = found
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found

    def _tokens(self) -> TokenTable:
        if self._table is None:
            self._table = TokenTable(self._vocabulary.texts())
        return self._table
