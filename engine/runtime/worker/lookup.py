"""Guesses what comes next: what followed where the end of the text stood before."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np

LEAST_MATCH = 3  # tokens; shorter ends stand everywhere
_LONGEST_MATCH = 32  # tokens that are compared; longer ones are no surer
_NEAR = 8  # tokens
_WINDOW = 32_768  # tokens that are looked through, the last ones


@dataclass(frozen=True, slots=True)
class Match:
    """The last `length` tokens of a text stood before position `after` as well."""

    after: int
    length: int


def find_match(tokens: array[int]) -> Match | None:
    """The earlier place where most of the text's end stood already, the latest of several."""
    # The view is let go before the text grows: an array whose memory is lent cannot.
    text = np.frombuffer(tokens, dtype=np.int32)[-_WINDOW:]
    places = np.flatnonzero(text[:-1] == text[-1])
    length = 1 if len(places) else 0
    while length and length < _LONGEST_MATCH:
        reaching = places[places >= length]
        reaching = reaching[text[reaching - length] == text[-1 - length]]
        if not len(reaching):
            break
        places, length = reaching, length + 1
    if length < LEAST_MATCH:
        return None
    return Match(int(places[-1]) + 1 + len(tokens) - len(text), length)


def find_pair(tokens: array[int], near: int) -> int:
    """The position behind the last two tokens, where they stand at `near` or soon after it; 0 where not."""
    for place in range(near, min(near + _NEAR, len(tokens) - 3)):
        if tokens[place] == tokens[-2] and tokens[place + 1] == tokens[-1]:
            return place + 2
    return 0


def guess(tokens: array[int], after: int, count: int) -> array[int]:
    """`count` tokens from position `after` on, where they end from the beginning again: what has come
    twice in a row may come three times."""
    piece = tokens[after : after + count]
    period = len(piece)
    while len(piece) < count:
        piece.append(piece[-period])
    return piece
