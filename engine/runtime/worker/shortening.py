"""A conversation that is longer than the context, without its oldest turns."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from engine.runtime.values import Turn

_ROOM_SHARE = 4  # a quarter of the context is left for the answer ...
_STEP_SHARE = 4  # ... and what is left out grows by quarters, so that follow-ups can be reused


def beginnings(turns: Sequence[Turn]) -> tuple[int, list[int]]:
    """How many turns at the head are always read, and where reading can begin behind them: at the
    questions."""
    head = 1 if turns and turns[0].role == "system" else 0
    return head, [index for index in range(head, len(turns)) if turns[index].role == "user"]


def shortened(
    turns: Sequence[Turn], context: int, length_of: Callable[[Sequence[Turn]], int]
) -> Sequence[Turn] | None:
    """The turns, without the oldest, that leave room for an answer in a context of so many tokens.

    `length_of` tells how many tokens a prompt of such turns has. None when nothing can be left out.
    The same beginning is chosen for all follow-ups, until they have grown by a quarter of the context.
    """
    head, starts = beginnings(turns)
    later = starts[1:]
    if not later:
        return None

    def kept(index: int) -> Sequence[Turn]:
        return [*turns[:head], *turns[later[index] :]]

    whole, step = length_of(turns), max(context // _STEP_SHARE, 1)
    too_much = whole - (context - context // _ROOM_SHARE)
    aim = whole - -(-too_much // step) * step
    found = bisect_left(range(len(later)), -aim, key=lambda index: -length_of(kept(index)))
    return kept(min(found, len(later) - 1))
