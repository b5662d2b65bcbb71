"""The speed cap, with a clock of our own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.download.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_a_limit_everything_is_given() -> None:
    assert Pace().take(1 << 20) == 1 << 20


@given(
    limit=st.integers(1, 10**9),
    steps=st.lists(st.tuples(st.floats(0, 2), st.integers(1, 1 << 20)), max_size=60),
)
def test_never_faster_than_the_limit(limit: int, steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    pace = Pace(limit, clock)
    given_out = 0
    for seconds, wanted in steps:
        clock.now += seconds
        taken = pace.take(wanted)
        assert 0 <= taken <= wanted
        given_out += taken
    # plus what may come at once, which the bucket holds
    assert given_out <= limit * (clock.now - 100.0) + max(limit / 4, 4096) + 1


def test_what_did_not_come_is_not_lost() -> None:
    clock = Clock()
    pace = Pace(100_000, clock)
    clock.now += 1
    taken = pace.take(20_000)
    pace.give_back(taken - 5_000)
    assert pace.take(20_000) == 20_000


def test_a_lifted_limit_holds_nobody_back() -> None:
    pace = Pace(1, Clock())
    assert pace.take(1 << 20) == 0
    pace.change(0)
    assert pace.take(1 << 20) == 1 << 20
