"""Sums of heights: equal to adding them up, whatever has changed."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from gui.chat.heights import Heights

heights = st.lists(st.integers(0, 500), min_size=1, max_size=40)
changes = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 500)), max_size=20)


@given(heights, changes, st.integers(-10, 9000))
def test_sums_and_places_are_those_of_the_plain_list(
    begin: list[int], changed: list[tuple[int, int]], position: int
) -> None:
    plain, known = list(map(float, begin)), Heights(map(float, begin))
    for index, height in changed:
        if index < len(plain):
            plain[index] = float(height)
            known.set(index, float(height))
    tops = list(accumulate(plain, initial=0.0))
    assert [known.before(index) for index in range(len(plain) + 1)] == tops
    assert [known[index] for index in range(len(plain))] == plain
    expected = bisect_right(tops, position) - 1
    assert known.find(position) == (min(expected, len(plain) - 1) if position >= 0 else 0)
