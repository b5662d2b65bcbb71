"""A grammar as a machine over characters, built as far as answers walk through it.

A state is the set of all ways in which the grammar can go on, each a stack of positions in its
rules. States and stacks are kept once, so that walking a known way costs one look-up a character.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from engine.runtime.worker.grammar.gbnf import Characters, Grammar, GrammarError, Item

_MOST_WAYS = 5_000  # rules entered and characters awaited in one state; real ones stay below 500
_MOST_STATES = 100_000  # of one grammar
_MOST_STACKS = 1_000_000  # of one grammar

_MOST_RANGES = 20_000  # of characters, in one state

_EMPTY = 0  # the stack with nothing on it: the grammar is complete


class State:
    """`ways` are stacks whose tops are characters."""

    __slots__ = ("_bounds_array", "active", "bounds", "complete", "targets", "ways")

    def __init__(self, ways: tuple[int, ...], complete: bool) -> None:
        self.ways = ways
        self.complete = complete  # the text may end here
        self.bounds: list[int] = []  # first characters of segments that are treated alike
        self.active: list[tuple[int, ...]] = []  # the ways that take a character of each segment
        self.targets: list[State | None] = []  # where each segment leads, once known
        self._bounds_array: NDArray[np.uint32] | None = None

    @property
    def bounds_array(self) -> NDArray[np.uint32]:
        if self._bounds_array is None:
            self._bounds_array = np.array(self.bounds, dtype=np.uint32)
        return self._bounds_array


class Automaton:
    """Used by one thread at a time. Every call may raise GrammarError, for a grammar too ambiguous
    or too large to be walked within bounds."""

    def __init__(self, grammar: Grammar) -> None:
        self._items: list[Item | None] = []  # all alternatives in a row, each closed by None
        self._starts: list[list[int]] = []
        for alternatives in grammar.rules:
            self._starts.append([self._lay_out(items) for items in alternatives])
        self._stacks: list[tuple[int, int]] = [(-1, -1)]  # (position, the stack below)
        self._stack_numbers: dict[tuple[int, int], int] = {}
        self._states: dict[frozenset[int], State] = {}
        self.start = self._state([self._push(start, _EMPTY) for start in self._starts[grammar.root]])

    def step(self, state: State, character: int) -> State | None:
        """None, when that character does not fit."""
        if not state.bounds:
            self._divide(state)
        return self.follow(state, bisect_right(state.bounds, character) - 1)

    def walk(self, state: State, text: str) -> State | None:
        """As `step`, for every character of a text."""
        here: State | None = state
        for character in text:
            if here is None:
                break
            here = self.step(here, ord(character))
        return here

    def segments(self, state: State) -> NDArray[np.uint32]:
        """The first characters of the segments whose characters lead to the same state."""
        if not state.bounds:
            self._divide(state)
        return state.bounds_array

    def follow(self, state: State, segment: int) -> State | None:
        """Where that segment leads; None, when its characters do not fit."""
        if not state.active[segment]:
            return None
        target = state.targets[segment]
        if target is None:
            target = self._state([self._after(way) for way in state.active[segment]])
            state.targets[segment] = target
        return target

    def fits_some(self, state: State, low: int, high: int) -> bool:
        """Whether a character between those two would fit."""
        first = bisect_right(self.segments(state).tolist(), low) - 1
        last = bisect_right(state.bounds, high) - 1
        return any(state.active[first : last + 1])

    # building
    def _lay_out(self, items: tuple[Item, ...]) -> int:
        start = len(self._items)
        self._items += [*items, None]
        return start

    def _push(self, position: int, below: int) -> int:
        """The stack with that position on top; an alternative at its end leaves nothing."""
        if self._items[position] is None:
            return below
        key = (position, below)
        number = self._stack_numbers.get(key)
        if number is None:
            number = len(self._stacks)
            if number > _MOST_STACKS:
                raise GrammarError("it is nested too deeply to be followed")
            self._stacks.append(key)
            self._stack_numbers[key] = number
        return number

    def _after(self, way: int) -> int:
        position, below = self._stacks[way]
        return self._push(position + 1, below)

    def _state(self, stacks: list[int]) -> State:
        """Enters the rules on top of the stacks until there are characters everywhere."""
        todo, seen = list(stacks), set(stacks)
        ways: list[int] = []
        while todo:
            stack = todo.pop()
            if stack == _EMPTY:
                continue
            position, below = self._stacks[stack]
            item = self._items[position]
            if not isinstance(item, int):
                ways.append(stack)
                continue
            rest = self._push(position + 1, below)
            for start in self._starts[item]:
                entered = self._push(start, rest)
                if entered not in seen:
                    seen.add(entered)
                    todo.append(entered)
            if len(seen) > _MOST_WAYS:
                raise GrammarError("it can be read in too many ways at once")
        return self._kept(frozenset(ways), _EMPTY in seen)

    def _kept(self, ways: frozenset[int], complete: bool) -> State:
        key = ways | {_EMPTY} if complete else ways
        found = self._states.get(key)
        if found is None:
            if len(self._states) >= _MOST_STATES:
                raise GrammarError("it needs too many states to be followed")
            found = self._states[key] = State(tuple(sorted(ways)), complete)
        return found

    def _divide(self, state: State) -> None:
        """Cuts the characters where the answer to "which ways take it?" changes."""
        ranges = [(way, self._ranges(way)) for way in state.ways]
        if sum(len(taken) for _, taken in ranges) > _MOST_RANGES:
            raise GrammarError("its sets of characters are too many at once")
        edges = {0}
        for _, taken in ranges:
            edges.update(edge for low, high in taken for edge in (low, high + 1))
        bounds = sorted(edges)
        if len(bounds) * len(ranges) > _MOST_RANGES * 50:
            raise GrammarError("its sets of characters overlap in too many ways")
        active: list[list[int]] = [[] for _ in bounds]
        index = {edge: number for number, edge in enumerate(bounds)}
        for way, taken in ranges:
            for low, high in taken:
                for number in range(index[low], index[high + 1]):
                    active[number].append(way)
        state.active = [tuple(ways) for ways in active]
        state.targets = [None] * len(bounds)
        state.bounds = bounds

    def _ranges(self, way: int) -> tuple[tuple[int, int], ...]:
        item = self._items[self._stacks[way][0]]
        return item.ranges if isinstance(item, Characters) else ()
