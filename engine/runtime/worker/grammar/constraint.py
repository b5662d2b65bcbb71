"""How far one answer has come in its grammar."""

from __future__ import annotations

from engine.runtime.worker.grammar.automaton import Automaton, State
from engine.runtime.worker.grammar.tokens import Tokens, TokenTable, follow

_MOST_MASKS = 64  # kept; each as large as the tokens that fit


class CompiledGrammar:
    """Shared by all answers with that grammar, one after the other in one thread."""

    def __init__(self, automaton: Automaton, table: TokenTable) -> None:
        self.automaton = automaton
        self._table = table
        self._masks: dict[State, Tokens] = {}

    def fitting(self, state: State, pending: bytes) -> Tokens:
        """The tokens that may follow. Raises: GrammarError."""
        if pending:
            return self._table.fitting(self.automaton, state, pending)
        mask = self._masks.get(state)
        if mask is None:
            if len(self._masks) >= _MOST_MASKS:
                self._masks.clear()
            mask = self._masks[state] = self._table.fitting(self.automaton, state, b"")
        return mask


class Constraint:
    """Every call but `accept` leaves it as it is. All may raise GrammarError."""

    def __init__(self, grammar: CompiledGrammar) -> None:
        self._grammar = grammar
        self._state = grammar.automaton.start
        self._pending = b""  # the beginning of an unfinished character

    @property
    def complete(self) -> bool:
        """The answer may end here."""
        return self._state.complete and not self._pending

    def allows(self, raw: bytes) -> bool:
        return bool(raw) and self._follow(raw) is not None

    def fitting(self) -> Tokens:
        """The tokens that may follow; those that end an answer are not among them."""
        return self._grammar.fitting(self._state, self._pending)

    def accept(self, raw: bytes) -> bool:
        """False, and nothing changes, when it does not fit."""
        reached = self._follow(raw)
        if reached is not None:
            self._state, self._pending = reached
        return reached is not None

    def _follow(self, raw: bytes) -> tuple[State, bytes] | None:
        return follow(self._grammar.automaton, self._state, self._pending + raw)
