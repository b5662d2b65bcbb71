"""A smaller model that writes ahead what the large one then checks.

It has a sequence for each of the large model's, and reads what is written there. What it guessed and was not
taken is cut off again. It is asked for the likeliest token only, and stops where it is not sure.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.events import JobId
from engine.runtime.values import MemoryShare
from engine.runtime.worker.batch import Portion
from engine.runtime.worker.context import Context, Outcome
from engine.runtime.worker.logits import logits_of
from engine.runtime.worker.slots import Slot, common_prefix
from engine.runtime.worker.vocabulary import Vocabulary

LITTLE = 16  # tokens that are read with the first step of a draft
_AT_ONCE = 64  # tokens of a text that are read between two batches of the large model
_SURE = 0.6  # a draft ends before a token that is less likely
_NEWEST = 0.2  # weight of the newest measurement


class Drafter:
    """Belongs to the thread of the large model's context."""

    def __init__(
        self, llama: Any, context: Context, vocabulary: Vocabulary, known: int, share: float
    ) -> None:
        """`known`: tokens that both vocabularies have. `share`: of the large model's size, by which times are
        judged before any was measured."""
        self._llama, self._context, self._vocabulary = llama, context, vocabulary
        self._known_tokens = known
        self._share = share
        self._held: dict[int, array[int]] = {}  # by sequence: what its cache holds
        self._agreed: dict[int, tuple[JobId, int]] = {}  # so many of these are that answer's
        self._step_s: dict[int, float] = {}  # a token for each of so many answers
        self._read_s = 0.0  # of a token among many
        self.useless = False  # it failed
        self.memory: tuple[MemoryShare, ...] = ()

    def use_threads(self, count: int) -> None:
        self._context.use_threads(count)

    def step_s(self, answers: int, plain_s: float) -> float:
        """Of one token for each of so many answers; `plain_s`: what the large model takes for that."""
        return self._step_s.get(answers, self._share * plain_s)

    def read_s(self, plain_s: float) -> float:
        """Of a token of a text."""
        return self._read_s or self._share * plain_s / 4

    def missing(self, slot: Slot) -> int:
        """Tokens of the answer's text that it has not read."""
        return len(slot.stream.tokens) - self._cut(slot) if slot.stream else 0

    def read(self, slot: Slot) -> bool:
        """Reads a piece of what is missing; whether it could."""
        if slot.stream is None:
            return False
        held, tokens = self._cut(slot), slot.stream.tokens
        piece = tokens[held : min(held + _AT_ONCE, len(tokens) - 1)]
        began = time.perf_counter()
        if not piece or self._decode([Portion(slot.sequence, held, piece, False)]) is None:
            return False
        self._context.finish()
        self._read_s = _newer(self._read_s, (time.perf_counter() - began) / len(piece))
        self._agreed[slot.sequence] = slot.stream.job, held + len(piece)
        return True

    def draft(
        self, busy: Sequence[Slot], most: int, ends: Callable[[int], bool]
    ) -> tuple[list[array[int]], float]:
        """What may come next in each answer, at most so many tokens, and the seconds that it took. Nothing
        comes behind a token that would end the answer."""
        began, steps = time.perf_counter(), 0
        guesses: dict[int, array[int]] = {slot.sequence: array("i") for slot in busy}
        portions = [self._rest(slot) for slot in busy]
        while portions and steps < most:
            outputs = self._decode(portions)
            if outputs is None:
                break
            steps += 1
            sequences = [portion.sequence for portion in portions]
            portions = []
            for sequence, output in zip(sequences, outputs, strict=True):
                token = self._likeliest(output)
                if token is not None and not ends(token):
                    guesses[sequence].append(token)
                    portions.append(Portion(sequence, len(self._held[sequence]), array("i", [token]), True))
        spent = time.perf_counter() - began
        if steps:
            width = len(busy)
            self._step_s[width] = _newer(self._step_s.get(width, 0.0), spent / steps)
        return [guesses[slot.sequence] for slot in busy], spent

    def _rest(self, slot: Slot) -> Portion:
        assert slot.stream is not None
        held, tokens = self._cut(slot), slot.stream.tokens
        self._agreed[slot.sequence] = slot.stream.job, len(tokens)
        return Portion(slot.sequence, held, tokens[held:], wants_logits=True)

    def _cut(self, slot: Slot) -> int:
        """Leaves of its sequence what the answer's text begins with, but for one token at least. Returns how
        many tokens stay."""
        stream = slot.stream
        assert stream is not None
        held = self._held.setdefault(slot.sequence, array("i"))
        job, agreed = self._agreed.get(slot.sequence, (stream.job, 0))
        agreed = min(agreed, len(held)) if job == stream.job else 0
        agreed += common_prefix(held[agreed:], stream.tokens[agreed:])
        agreed = min(agreed, len(stream.tokens) - 1)
        if agreed < len(held):
            agreed = self._context.truncate(slot.sequence, len(held), agreed)
            del held[agreed:]
        return agreed

    def _decode(self, portions: list[Portion]) -> list[int] | None:
        """The outputs of each portion; None where it could not be computed."""
        if any(max(part.tokens) >= self._known_tokens or min(part.tokens) < 0 for part in portions):
            return None  # what only the large model has, or pieces of images, which are below zero
        outcome, ends = self._context.decode(portions)
        if outcome is Outcome.DONE:
            for portion in portions:
                self._held[portion.sequence].extend(portion.tokens)
            return ends
        self.useless = self.useless or outcome is Outcome.FAILED
        for sequence, held in self._held.items():  # it has no room for all that ever was
            self._context.truncate(sequence, len(held), 0)
            del held[:]
        self._agreed.clear()
        return None

    def _likeliest(self, output: int) -> int | None:
        """None where it is not sure."""
        logits = logits_of(self._llama, self._context.pointer, output, self._vocabulary)
        logits = logits[: self._known_tokens]
        token = int(logits.argmax())
        return token if float(np.exp(logits - logits[token]).sum()) * _SURE <= 1 else None


def _newer(old: float, new: float) -> float:
    return old + _NEWEST * (new - old) if old else new
