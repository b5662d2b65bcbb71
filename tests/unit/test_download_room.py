"""Room for the whole queue, whatever its sizes and disks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.download.room import SPARE_FRACTION, Need, shortages

GIB = 1 << 30


def test_one_that_does_not_fit_holds_up_nothing_behind_it() -> None:
    needs = [Need(("a", ""), 1, 10 * GIB), Need(("b", ""), 1, 500 * GIB), Need(("c", ""), 1, 20 * GIB)]
    short = shortages(needs, {1: 100 * GIB})
    assert list(short) == [("b", "")]
    assert short["b", ""].free_bytes == 100 * GIB
    assert 510 * GIB < short["b", ""].needed_bytes < 530 * GIB


def test_the_one_that_runs_is_stopped_at_the_floor_and_others_begin_above_it() -> None:
    free = {1: GIB + GIB // 8}
    assert shortages([Need(("a", ""), 1, 0)], free, GIB)
    assert not shortages([Need(("a", ""), 1, 0, running=True)], free, GIB)
    assert shortages([Need(("a", ""), 1, 0, running=True)], {1: GIB - 1}, GIB)


@given(
    needs=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1 << 45)), max_size=30),
    free=st.tuples(*[st.integers(0, 1 << 46)] * 3),
    floor=st.integers(0, 1 << 34),
)
def test_what_may_run_never_fills_a_disk(
    needs: list[tuple[int, int]], free: tuple[int, int, int], floor: int
) -> None:
    asked = [Need((str(n), ""), volume, missing) for n, (volume, missing) in enumerate(needs)]
    short = shortages(asked, dict(enumerate(free)), floor)
    for volume, there in enumerate(free):
        taken = sum(need.missing_bytes for need in asked if need.volume == volume and need.key not in short)
        assert taken == 0 or taken * (1 + SPARE_FRACTION) + floor <= there + len(asked)
