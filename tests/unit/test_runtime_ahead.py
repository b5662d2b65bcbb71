"""When a smaller model writes ahead: where it gains it is asked, where not it costs next to nothing."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest

from engine.runtime.worker.ahead import Ahead
from engine.runtime.worker.slots import Slot
from engine.runtime.worker.speculation import Speculation
from tests.unit.test_runtime_speculation import CHEAP, DEAR, Answer

ROOM = 100_000


class Small:
    """A drafter that knows the answer, but for a share of its tokens; times in batches of the large model."""

    def __init__(self, share: float, step: float, unread: int = 0, seed: int = 0) -> None:
        self.useless = False
        self.spent = 0.0
        self.unread = unread
        self.answer: Answer | None = None
        self._share, self._step = share, step
        self._chance = random.Random(seed)

    def step_s(self, answers: int, plain_s: float) -> float:
        return self._step

    def read_s(self, plain_s: float) -> float:
        return self._step / 8

    def missing(self, slot: Slot) -> int:
        return self.unread + 1

    def read(self, slot: Slot) -> bool:
        piece = min(64, self.unread)
        self.unread -= piece
        self.spent += piece * self._step / 8
        return True

    def draft(
        self, busy: Sequence[Slot], most: int, ends: Callable[[int], bool]
    ) -> tuple[list[array[int]], float]:
        assert self.answer is not None
        at = len(self.answer.stream.tokens) - self.answer.stream.prompt_length
        right = self.answer.rest[at : at + most]
        drafted = array("i", [token if self._chance.random() < self._share else -5 for token in right])
        spent = most * self._step
        self.spent += spent
        return [drafted], spent


def text(count: int, seed: int) -> list[int]:
    """Nothing in it comes twice."""
    start = 1_000_000 * (seed + 1)
    return list(range(start, start + count))


def written(small: Small, cost: dict[int, float], answers: int, length: int, unread: int = 0) -> float:
    """Tokens for the time of one, over so many answers of one worker."""
    books = Speculation(16, ahead=Ahead(cast(Any, small), lambda token: False))
    books.plain(1.0)
    every = {size: 1 + (cost[4] - 1) * (size - 1) / 3 for size in range(1, 17)}
    spent = 0.0
    for number in range(answers):
        answer = small.answer = Answer([1], text(length, number))
        small.unread = unread
        spent += answer.write(books, every)
    return answers * length / (spent + small.spent)


def test_a_small_model_that_is_mostly_right_gains() -> None:
    """Nine of ten tokens hold and one costs a tenth: with drafts of seven, 1.5 at best."""
    assert written(Small(0.9, 0.1), CHEAP, 4, 300) > 0.9 * 1.5


@pytest.mark.parametrize("cost", [CHEAP, DEAR])
@pytest.mark.parametrize(("share", "step"), [(1.0, 1.0), (0.1, 0.1), (0.5, 0.5), (0.0, 0.02)])
def test_one_that_is_slow_or_wrong_costs_next_to_nothing(
    cost: dict[int, float], share: float, step: float
) -> None:
    for seed in range(4):
        assert written(Small(share, step, seed=seed), cost, 12, 400) >= 0.97


def test_prompts_are_read_only_as_long_as_that_may_pay() -> None:
    """Each costs 50 batches to read, and nothing is ever gained."""
    small = Small(0.0, 0.1)
    written(small, CHEAP, 40, 100, unread=4000)
    assert small.spent < 64 + 40
    good = Small(0.95, 0.05)
    assert written(good, CHEAP, 20, 600, unread=1000) > 1.5


def test_none_at_all_where_it_failed() -> None:
    small = Small(1.0, 0.01)
    small.useless = True
    assert written(small, CHEAP, 2, 100) == pytest.approx(1.0, rel=0.02)
