"""Which tokens of a vocabulary fit a state of a grammar: all of them looked at together."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.runtime.worker.grammar.automaton import Automaton, State
from engine.runtime.worker.grammar.gbnf import GrammarError

_MOST_STEPS = 5_000  # (state, characters alike) pairs looked at for one answer; real ones need 100
_LEAD_BYTES = ((0xC2, 0xDF, 2, 0x80), (0xE0, 0xEF, 3, 0x800), (0xF0, 0xF4, 4, 0x10000))

Tokens = NDArray[np.int32]


class TokenTable:
    """The texts of a vocabulary, laid out for `fitting`."""

    def __init__(self, texts: Iterable[tuple[int, bytes]]) -> None:
        """`texts` are the tokens that may be drawn under a grammar, with their bytes."""
        whole: list[tuple[int, str]] = []
        self._odd: list[tuple[int, bytes]] = []  # that begin or end within a character
        for token, raw in texts:
            try:
                whole.append((token, raw.decode("utf-8")))
            except UnicodeDecodeError:
                self._odd.append((token, raw))
        self._numbers = np.array([token for token, _ in whole], dtype=np.int32)
        self._lengths = np.array([len(text) for _, text in whole], dtype=np.int64)
        self._begins = np.concatenate(([0], np.cumsum(self._lengths)[:-1])).astype(np.int64)
        joined = "".join(text for _, text in whole)
        self._codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)

    def fitting(self, automaton: Automaton, state: State, pending: bytes) -> Tokens:
        """The tokens that may follow; `pending` is the beginning of an unfinished character.

        Raises: GrammarError, when that cannot be said within bounds.
        """
        odd = [token for token, raw in self._odd if follow(automaton, state, pending + raw) is not None]
        if pending:
            return np.array(odd, dtype=np.int32)
        found = [np.array(odd, dtype=np.int32)]
        groups: dict[State, list[NDArray[np.int64]]] = {state: [np.flatnonzero(self._lengths > 0)]}
        depth = steps = 0
        while groups:
            following: dict[State, list[NDArray[np.int64]]] = {}
            for here, members in groups.items():
                steps += self._advance(automaton, here, np.concatenate(members), depth, found, following)
            if steps > _MOST_STEPS:
                raise GrammarError("it leaves too many ways open for the next word")
            groups, depth = following, depth + 1
        return np.concatenate(found)

    def _advance(
        self,
        automaton: Automaton,
        state: State,
        members: NDArray[np.int64],
        depth: int,
        found: list[Tokens],
        following: dict[State, list[NDArray[np.int64]]],
    ) -> int:
        """Reads one more character of all `members`. Returns how many kinds of it there were."""
        codes = self._codes[self._begins[members] + depth]
        kinds = np.searchsorted(automaton.segments(state), codes, side="right") - 1
        present = np.flatnonzero(np.bincount(kinds))
        for kind in present.tolist():
            target = automaton.follow(state, kind)
            if target is None:
                continue
            taken = members[kinds == kind]
            ended = self._lengths[taken] == depth + 1
            found.append(self._numbers[taken[ended]])
            if not ended.all():
                following.setdefault(target, []).append(taken[~ended])
        return len(present)


def follow(automaton: Automaton, state: State, raw: bytes) -> tuple[State, bytes] | None:
    """The state behind `raw`, and the beginning of an unfinished character; None if it does not fit."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        text = decoder.decode(raw)
    except UnicodeDecodeError:
        return None
    rest, _ = decoder.getstate()
    target = automaton.walk(state, text)
    if target is None or (rest and not automaton.fits_some(target, *_completions(rest))):
        return None
    return target, rest


def _completions(rest: bytes) -> tuple[int, int]:
    """The lowest and the highest character that can begin with those bytes."""
    for low, high, length, least in _LEAD_BYTES:
        if low <= rest[0] <= high:
            value = rest[0] & (0x7F >> length)
            for byte in rest[1:]:
                value = value << 6 | byte & 0x3F
            open_bits = 6 * (length - len(rest))
            first = value << open_bits
            return max(first, least), min(first | (1 << open_bits) - 1, 0x10FFFF)
    return 0, -1  # no lead byte: `rest` would not have been left over
