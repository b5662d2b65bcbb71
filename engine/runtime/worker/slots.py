"""Slots of the KV cache: which one an answer gets, and where the beginning of its prompt comes from.

What was read once is not read again: the beginning may lie in the slot itself, in the slot of another
conversation (busy or not), or in a state file. Only choosing happens here.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.runtime.worker.stream import Stream
from engine.runtime.worker.vision.pictures import Sight

_BLOCK = 1024  # tokens that are compared at once
_UNKNOWN_TOKEN_S = 0.001  # to read one, before anything was measured


@dataclass(slots=True, eq=False)
class Slot:
    """One sequence of the context. `tokens` is what its KV cache holds."""

    sequence: int
    tokens: array[int] = field(default_factory=lambda: array("i"))
    stream: Stream | None = None
    conversation: str = ""  # whose tokens these are; "" when nobody will ask for them by name
    last_used: int = 0  # step in which a stream last had it
    idle_since: float = 0.0  # monotonic seconds
    parked_length: int = 0  # so many of the tokens, its first ones, are in its state file
    shift: int = 0  # by how much the next position is behind the number of its tokens (vision/pictures.py)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A place that holds the first `length` tokens of a prompt, and the seconds to get them from there."""

    length: int
    seconds: float
    slot: Slot | None = None  # None: a state file
    state: str = ""  # its name


class Reach(Protocol):
    """What a context can do with what it holds."""

    def keeps(self, sequence: int, held: int, length: int, shift: int = 0) -> int:
        """How many tokens stay when a sequence that holds `held` is cut to `length`."""


def choose_slot(free: Sequence[Slot], busy: Sequence[Slot], prompt: array[int], conversation: str) -> Slot:
    """The slot of the same conversation; else an empty one; else the one unused for longest, so that
    other conversations keep theirs. Nameless prompts recognise their conversation by its tokens."""
    own = [slot for slot in free if _belongs(slot, prompt, conversation)]
    if own:
        return max(own, key=lambda slot: (common_prefix(slot.tokens, prompt), -slot.sequence))
    empty = [slot for slot in free if not slot.tokens]
    if empty:
        # Neighbours are computed together where every sequence has its own room (llama.cpp).
        return min(empty, key=lambda slot: (_distance(slot, busy), slot.sequence))
    return min(free, key=lambda slot: (slot.last_used, slot.sequence))


def _belongs(slot: Slot, prompt: array[int], conversation: str) -> bool:
    if not slot.tokens or slot.conversation != conversation:
        return False
    return bool(conversation) or common_prefix(slot.tokens, prompt) * 2 > len(slot.tokens)


def _distance(slot: Slot, busy: Sequence[Slot]) -> int:
    return min((abs(slot.sequence - other.sequence) for other in busy), default=0)


def choose_beginning(
    own: Beginning, others: Iterable[Beginning], token_s: float, least_gain: int
) -> Beginning:
    """`own`, unless another saves at least `least_gain` tokens more, and reading those would take
    longer than getting them. `token_s` is the time to read a token; 0 while that is not known."""
    token_s = token_s or _UNKNOWN_TOKEN_S

    def saved_s(one: Beginning) -> float:
        return one.length * token_s - one.seconds

    worth = [one for one in others if one.length - own.length >= least_gain]
    best = max(worth, key=saved_s, default=own)
    return best if saved_s(best) > saved_s(own) else own


def usable(reach: Reach, slot: Slot, prompt: array[int], sight: Sight | None = None) -> int:
    """How many tokens of the prompt need not be computed with that slot's state. One always has to be,
    for its logits. `sight`: the prompt's pictures, none of which is cut."""
    length = min(common_prefix(slot.tokens, prompt), len(prompt) - 1)
    if sight is None:
        return reach.keeps(slot.sequence, len(slot.tokens), length) if length > 0 else 0
    length = sight.whole(length)
    return reach.keeps(slot.sequence, len(slot.tokens), length, sight.shift(length)) if length > 0 else 0


def common_prefix(left: array[int], right: array[int]) -> int:
    """How many tokens both begin with."""
    most = min(len(left), len(right))
    for start in range(0, most, _BLOCK):
        end = min(start + _BLOCK, most)
        if left[start:end] != right[start:end]:
            return next(index for index in range(start, end) if left[index] != right[index])
    return most
