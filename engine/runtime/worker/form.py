"""The form an answer has to have: a grammar, a JSON schema or calls of tools, made ready for one model."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from engine.errors import UsageError
from engine.runtime.values import GenerationRequest
from engine.runtime.worker.answer_format import THINK, AnswerFormat
from engine.runtime.worker.grammar.automaton import Automaton
from engine.runtime.worker.grammar.constraint import CompiledGrammar, Constraint
from engine.runtime.worker.grammar.gbnf import GrammarError, parse_gbnf
from engine.runtime.worker.grammar.json_schema import SchemaWriter, json_schema_to_gbnf, read_schema
from engine.runtime.worker.grammar.tokens import TokenTable
from engine.runtime.worker.strictness import check_strict
from engine.runtime.worker.tool_grammar import add_calls
from engine.runtime.worker.vocabulary import Vocabulary

_MOST_KEPT = 8  # grammars; clients ask for the same one again and again


@dataclass(frozen=True, slots=True)
class Form:
    """Nothing of both without a form asked for."""

    constraint: Constraint | None = None
    loosened: tuple[str, ...] = ()  # keywords of the schema that a grammar cannot keep


class Forms:
    """Called by one thread; what it gives out is walked by another, one answer at a time."""

    def __init__(self, vocabulary: Vocabulary, format: AnswerFormat = THINK) -> None:
        self._vocabulary = vocabulary
        self._format = format
        self._table: TokenTable | None = None
        self._kept: OrderedDict[object, tuple[CompiledGrammar, tuple[str, ...]]] = OrderedDict()

    def form(self, request: GenerationRequest) -> Form:
        """What the request's answer has to look like; `answer_so_far` is the beginning of it.

        Raises: UsageError, for a grammar, schema or tool that cannot be followed, or a beginning that
        does not fit.
        """
        check_strict(request)
        sampling, must_call = request.sampling, self.must_call(request)
        if not sampling.grammar and not sampling.json_schema and not must_call:
            return Form()
        kind = "tool" if must_call else "grammar" if sampling.grammar else "JSON schema"
        so_far = request.answer_so_far
        try:
            grammar, loosened = self._compiled(request, must_call)
            constraint = Constraint(grammar)
            if so_far and not constraint.accept(so_far.encode("utf-8", "replace")):
                raise GrammarError("the beginning of the answer does not fit it")
        except GrammarError as error:
            raise UsageError.of("grammar_bad", kind=kind, reason=str(error)) from error
        return Form(constraint, loosened)

    def must_call(self, request: GenerationRequest) -> bool:
        """Whether the grammar makes it call a tool, with what that tool takes."""
        # Messages in channels have a header before them, which only the model itself can choose.
        forced = request.tool_choice not in ("auto", "none") and bool(request.tools)
        return forced and not self._format.harmony

    def _compiled(
        self, request: GenerationRequest, must_call: bool
    ) -> tuple[CompiledGrammar, tuple[str, ...]]:
        """Raises: GrammarError, UsageError."""
        sampling = request.sampling
        tools = request.tools if request.tool_choice != "none" else ()
        key = (must_call, sampling.grammar, sampling.json_schema, tools, request.tool_choice)
        found = self._kept.get(key)
        if found is None:
            text, loosened = self._written(request, must_call)
            found = CompiledGrammar(Automaton(parse_gbnf(text)), self._tokens()), loosened
            self._kept[key] = found
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found

    def _written(self, request: GenerationRequest, must_call: bool) -> tuple[str, tuple[str, ...]]:
        """The grammar, and what it leaves out. Raises: GrammarError, UsageError."""
        sampling, choice, layout = request.sampling, request.tool_choice, self._format.tools.layout
        writer = SchemaWriter()
        if must_call:
            tools = [tool for tool in request.tools if choice in ("required", tool.name)]
            return writer.grammar(add_calls(writer, tools, layout)), writer.loosened
        if sampling.grammar:
            return sampling.grammar, ()
        written = json_schema_to_gbnf(sampling.json_schema)
        if not request.tools or choice == "none" or self._format.harmony:
            return written.text, written.loosened
        answer = writer.add_root(read_schema(sampling.json_schema))
        calls = add_calls(writer, request.tools, layout)
        return writer.grammar(writer.rule(f"{answer} | {calls}")), writer.loosened

    def _tokens(self) -> TokenTable:
        if self._table is None:
            self._table = TokenTable(self._vocabulary.texts())
        return self._table
