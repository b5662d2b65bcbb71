"""When drafts are made, and how long: the books that are kept for each answer."""

from __future__ import annotations

import random
from array import array
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.runtime.worker.lookup import find_match, guess
from engine.runtime.worker.slots import Slot
from engine.runtime.worker.speculation import Speculation, first_look

ROOM = 4096


def tokens(*values: int) -> array[int]:
    return array("i", values)


def test_the_longest_match_is_found_and_of_several_the_latest() -> None:
    text = tokens(9, 1, 2, 3, 4, 7, 1, 2, 3, 5, 8, 1, 2, 3, 6, 1, 2, 3)
    found = find_match(text)
    assert found is not None
    assert (found.after, found.length) == (14, 3)
    found = find_match(tokens(9, 1, 2, 3, 4, 7, 1, 2, 3, 5, 9, 1, 2, 3))
    assert found is not None
    assert (found.after, found.length) == (4, 4)


def test_short_ends_and_new_ones_match_nothing() -> None:
    assert find_match(tokens(1, 2, 9, 1, 2)) is None
    assert find_match(tokens(1, 2, 3, 4)) is None
    assert find_match(tokens(7)) is None
    assert find_match(tokens(5, 5, 5, 5)) is not None


def test_a_text_can_grow_after_it_was_searched() -> None:
    text = tokens(1, 2, 3, 1, 2, 3)
    assert find_match(text)
    text.append(4)


def test_a_long_text_is_searched_from_its_end() -> None:
    text = array("i", range(50_000)) + array("i", range(40_000, 40_010))
    found = find_match(text)
    assert found is not None
    assert (found.after, found.length) == (40_010, 10)
    assert find_match(array("i", range(50_000)) + array("i", range(10, 20))) is None  # too far back


def test_a_guess_goes_round_where_the_text_ends() -> None:
    assert guess(tokens(1, 2, 3, 4, 5, 6), 1, 3) == tokens(2, 3, 4)
    assert guess(tokens(1, 2, 3, 4, 5, 6), 4, 5) == tokens(5, 6, 5, 6, 5)


class Answer:
    """A stream of which the rest is known beforehand, and a clock that counts in plain batches."""

    def __init__(self, prompt: list[int], rest: list[int], left: int = 10_000) -> None:
        self.rest = rest
        self.stream = SimpleNamespace(
            tokens=array("i", prompt + rest[:1]),
            prompt_length=len(prompt),
            left=left,
            drafting=first_look(len(prompt)),
        )
        self.slot = Slot(0, array("i", prompt), cast(Any, self.stream))

    def write(self, books: Speculation, cost: dict[int, float], others: int = 0) -> float:
        """All of it. Returns the time it took."""
        at, spent = 1, 0.0
        while at < len(self.rest):
            portions = books.portions([self.slot], ROOM)
            if portions is None:
                spent += 1
                books.plain(1.0)
                self._grow(at, 1)
                at += 1
                continue
            (portion,) = portions
            spent += cost[len(portion.tokens)]
            books.computed(1, len(portion.tokens) - 1, cost[len(portion.tokens)])
            held = 0
            while held < len(portion.tokens) - 1 and self.rest[at + held : at + held + 1] == [
                portion.tokens[held + 1]
            ]:
                held += 1
            grown = min(held + 1, len(self.rest) - at)
            self._grow(at, grown)
            books.judged(self.slot, portion, held, 1)
            at += grown
        return spent

    def _grow(self, at: int, count: int) -> None:
        self.slot.tokens.extend([0] * count)
        self.stream.tokens.extend(self.rest[at : at + count])


CHEAP = {4: 1.9, 8: 2.6, 16: 4.3}
DEAR = {4: 3.9, 8: 8.2, 16: 16.5}


def test_a_copy_is_nearly_as_quick_as_its_batches_allow() -> None:
    copied = list(range(100, 700))
    answer = Answer([*range(1000, 1100), *copied, 5], [6, 7, *copied])
    spent = answer.write(Speculation(16), CHEAP)
    assert 602 / spent >= 0.85 * 16 / CHEAP[16]


@pytest.mark.parametrize("cost", [CHEAP, DEAR])
@pytest.mark.parametrize("seed", range(8))
def test_an_answer_that_repeats_nothing_loses_next_to_nothing(cost: dict[int, float], seed: int) -> None:
    """Words come again and again, whole passages hardly ever."""
    chance = random.Random(seed)
    words = [[chance.randrange(2000) for _ in range(4)] for _ in range(60)]

    def text(count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            found += chance.choice(words) if chance.random() < 0.6 else [chance.randrange(2000)]
        return found

    for count in (100, 400, 1500):
        spent = Answer(text(300), text(count)).write(Speculation(16), cost)
        assert count / spent >= 0.97, (count, spent)


@pytest.mark.parametrize("seed", range(4))
def test_traps_cost_little_even_if_every_draft_fails(seed: int) -> None:
    """A long passage of the prompt begins again and again, and never goes on as before."""
    chance = random.Random(seed)
    passage = list(range(40))
    rest: list[int] = []
    while len(rest) < 600:
        rest += [*passage[: chance.randrange(4, 20)], chance.randrange(500, 900)]
    failing = [token if index % 5 < 4 else 1000 + index for index, token in enumerate(rest)]
    spent = Answer(passage * 3, failing).write(Speculation(16), DEAR)
    assert len(failing) / spent >= 0.97


def test_drafts_stop_where_an_answer_has_to_end() -> None:
    for left, room in ((3, ROOM), (1000, 44)):
        answer = Answer(list(range(20)) * 2, list(range(10)), left)
        books = Speculation(16)
        books.plain(1.0)
        answer.stream.tokens.extend(range(1, 5))
        answer.slot.tokens.extend(range(4))
        assert books.portions([answer.slot], room) is None
        answer.stream.left = 1000
        answer.stream.drafting.look_at = 0
        assert books.portions([answer.slot], ROOM) is not None


def test_no_drafts_beside_many_answers_or_one_that_has_none() -> None:
    def ready() -> Slot:
        answer = Answer(list(range(20)) * 2, list(range(10)))
        answer.stream.tokens.extend(range(1, 9))
        answer.slot.tokens.extend(range(8))
        return answer.slot

    books = Speculation(16)
    books.plain(1.0)
    assert books.portions([ready(), ready()], ROOM) is not None
    assert books.portions([ready() for _ in range(5)], ROOM) is None
    other = ready()
    cast(Any, other.stream).drafting = None
    assert books.portions([ready(), other], ROOM) is None


def test_a_measurement_that_was_disturbed_is_doubted_in_time() -> None:
    books = Speculation(16)
    books.plain(1.0)
    books.computed(1, 7, 500.0)
    answer = Answer(list(range(20)) * 2, list(range(10)))
    answer.stream.tokens.extend(range(1, 9))
    answer.slot.tokens.extend(range(8))
    for _ in range(4000):
        cast(Any, answer.stream).drafting.look_at = 0
        books.portions([answer.slot], ROOM)
        books.plain(1.0)
    assert books.ratio(1, 7) < 10
