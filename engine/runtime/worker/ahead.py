"""When a smaller model writes ahead, and how far: where that is expected to gain, by what was measured.

Of several answers all are written ahead for, or none. An answer may lose as little as with any draft
(speculation.py). To read its prompt costs the small model something before it can gain anything: that is
taken from what was gained before, and from what a worker may lose once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.runtime.worker.batch import Portion
from engine.runtime.worker.drafter import LITTLE, Drafter
from engine.runtime.worker.slots import Slot

LENGTHS = (15, 7, 3)  # of drafts: with the token before them, batches that kernels like
LEAST_GAIN = 1.05  # expected tokens for the time of one, or no draft is made
# In times of a batch without drafts:
_FIRST_STAKE = 64.0  # that may be lost by reading prompts, before anything was gained
_MOST_STAKE = 512.0
_STAKE_A_LOOK = 0.01  # that comes back with time, so that it is tried again
_SHARE_BEFORE, _WEIGHT_BEFORE = 0.85, 16.0  # of drafted tokens that hold, before any was checked
_MOST_WEIGHT = 256.0  # tokens that are remembered
_ANSWER_WEIGHT = 8.0  # of all answers, in the judgement of one
_FORGIVEN = 0.05  # of what is remembered, with each answer
_WORTH_READING = 32  # tokens that an answer must have left for its prompt to be read


class Books(Protocol):
    """What is known of the large model's batches."""

    plain_s: float  # of a batch without drafts
    most_outputs: int

    def ratio(self, streams: int, length: int) -> float:
        """How much longer a batch takes with drafts of that length."""

    def may_lose(self, slot: Slot) -> float:
        """Batches without drafts that its answer may lose now."""


class Ahead:
    """Belongs to the thread of the context."""

    def __init__(self, drafter: Drafter, ends: Callable[[int], bool]) -> None:
        self.drafter = drafter
        self._ends = ends
        self._held, self._tried = _SHARE_BEFORE * _WEIGHT_BEFORE, _WEIGHT_BEFORE
        self._own: dict[int, tuple[object, float, float]] = {}  # by sequence: (answer, held, tried)
        self._stake = _FIRST_STAKE
        self._spent = 0.0  # by the last draft, in batches without drafts

    def portions(self, busy: Sequence[Slot], room: int, books: Books) -> list[Portion] | None:
        """A batch with drafts of the small model; None where one without is better."""
        self._stake = min(_MOST_STAKE, self._stake + _STAKE_A_LOOK)
        if self.drafter.useless or books.plain_s <= 0:
            return None
        length = self._best_length(busy, room, books)
        if not length:
            return None
        ready = [self._ready(slot, books) for slot in busy]  # all of them, so that each gets on
        if not all(ready):
            return None
        drafts, spent = self.drafter.draft(busy, length, self._ends)
        self._spent = spent / books.plain_s
        shortest = min(len(draft) for draft in drafts)
        if not shortest:
            for slot in busy:
                self._book(slot, -self._spent / len(busy))
            return None
        return [_portion(slot, draft[:shortest]) for slot, draft in zip(busy, drafts, strict=True)]

    def judged(self, slot: Slot, length: int, held: int, width: int, books: Books) -> None:
        """So many tokens of a draft held."""
        tried = min(held + 1, length)
        keep = min(1.0, _MOST_WEIGHT / self._tried)
        self._held, self._tried = self._held * keep + held, self._tried * keep + tried
        _, own_held, own_tried = self._of(slot)
        self._own[slot.sequence] = slot.stream, own_held + held, own_tried + tried
        self._book(slot, held + 1 - books.ratio(width, length) - self._spent)

    def _book(self, slot: Slot, gained: float) -> None:
        stream = slot.stream
        if stream is not None and stream.drafting is not None:
            stream.drafting.book(gained)
        self._stake = min(_MOST_STAKE, self._stake + gained)

    def _of(self, slot: Slot) -> tuple[object, float, float]:
        """(answer, tokens that held, tokens that were tried)"""
        known = self._own.get(slot.sequence)
        if known is None or known[0] is not slot.stream:
            known = self._own[slot.sequence] = slot.stream, 0.0, 0.0
            self._held += _FORGIVEN * (_SHARE_BEFORE * self._tried - self._held)
        return known

    def _share(self, slot: Slot) -> float:
        _, held, tried = self._of(slot)
        before = self._held / self._tried
        return (held + _ANSWER_WEIGHT * before) / (tried + _ANSWER_WEIGHT)

    def _best_length(self, busy: Sequence[Slot], room: int, books: Books) -> int:
        """Of the draft that gains most for the answer that gains least; 0 where none pays."""
        best, most = 0, LEAST_GAIN
        step = self.drafter.step_s(len(busy), books.plain_s) / books.plain_s
        for length in LENGTHS:
            if len(busy) * (length + 1) > books.most_outputs:
                continue
            cost = books.ratio(len(busy), length) + length * step
            gain = min(self._gain(slot, length, room, cost, books) for slot in busy)
            if gain > most:
                best, most = length, gain
        return best

    def _gain(self, slot: Slot, length: int, room: int, cost: float, books: Books) -> float:
        """Expected tokens for the time of one; 0 where it may not be tried."""
        stream = slot.stream
        assert stream is not None
        if len(stream.tokens) + length > room or stream.left <= length:
            return 0.0
        share = self._share(slot)
        if books.may_lose(slot) < (cost - 1) * (1 - share):
            return 0.0
        return expected(share, length) / cost

    def _ready(self, slot: Slot, books: Books) -> bool:
        """Whether it has read the answer's text; else it reads a piece, if that may pay."""
        missing = self.drafter.missing(slot)
        if missing <= LITTLE:
            return True
        stream = slot.stream
        cost = missing * self.drafter.read_s(books.plain_s) / books.plain_s
        if stream is None or stream.left < _WORTH_READING or cost > self._stake:
            return False
        self.drafter.read(slot)
        left = self.drafter.missing(slot)
        self._stake -= cost * (missing - left) / missing
        return left <= LITTLE


def expected(share: float, length: int) -> float:
    """Tokens that a draft of that length gives, with the one that is drawn behind it."""
    return (1 - share ** (length + 1)) / (1 - share) if share < 1 else length + 1.0


def _portion(slot: Slot, draft: Sequence[int]) -> Portion:
    stream = slot.stream
    assert stream is not None and stream.drafting is not None
    stream.drafting.ahead = True
    start = len(slot.tokens)
    tokens = stream.tokens[start:]
    tokens.extend(draft)
    return Portion(slot.sequence, start, tokens, wants_logits=True, drafted=True)
