"""A conversation that a template refuses, said in turns that strict templates take.

Several families (Gemma, Mistral, Llama 2) insist on questions and answers in turns, others on one system
message in front, or on none. But a question follows a question where an answer failed, and programs send
greetings before the first one and instructions in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from engine.runtime.values import Turn

_BETWEEN = "\n\n"


def gentler(turns: Sequence[Turn]) -> Iterator[Sequence[Turn]]:
    """Other ways to say the same, the nearest first: neighbours of one role as one turn; then with system
    messages in front of the question that follows them, first those in the middle, then all. Those that
    change nothing are left out."""
    tried = [list(turns)]
    in_front = sum(1 for _ in takewhile(lambda turn: turn.role == "system", turns))
    for kept in (len(turns), in_front, 0):
        way = _alternating(_without_system(turns, kept))
        if way not in tried:
            tried.append(way)
            yield way


def _without_system(turns: Sequence[Turn], kept: int) -> list[Turn]:
    """All but the first of them are told by the user."""
    later = [replace(turn, role="user") if turn.role == "system" else turn for turn in turns[kept:]]
    return [*turns[:kept], *later]


def _alternating(turns: Sequence[Turn]) -> list[Turn]:
    told: list[Turn] = []
    for turn in turns:
        if told and _is_one(told[-1], turn):
            told[-1] = _joined(told[-1], turn)
        elif turn.role == "assistant" and all(one.role == "system" for one in told):
            told += [Turn("user", ""), turn]  # a greeting: nobody had asked yet
        else:
            told.append(turn)
    return told


def _is_one(first: Turn, second: Turn) -> bool:
    return first.role == second.role != "tool" and not first.tool_calls


def _joined(first: Turn, second: Turn) -> Turn:
    return replace(
        second,
        content=_BETWEEN.join(filter(None, (first.content, second.content))),
        reasoning=_BETWEEN.join(filter(None, (first.reasoning, second.reasoning))),
        images=(*first.images, *second.images),
    )
