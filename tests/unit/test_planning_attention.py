from __future__ import annotations

import itertools

import pytest

from engine.planning.attention import LookBack, missed_share, parts_of

LOOK = LookBack(compute_s=0.15e-9, first_s=0.4e-9, head=64, position_elements=366)
FITS, MISSES = 0.5, 8.0  # times the second cache


def fetching(sharing: int, crowding: float) -> float:
    """Of all readers together, in fetches from memory."""
    return (LOOK.element_s(64, 8, sharing, crowding) - LOOK.compute_s) * sharing / LOOK.first_s


@pytest.mark.parametrize("sharing", [1, 2, 4, 8])
def test_who_shares_what_stays_in_the_cache_reads_it_for_nothing(sharing: int) -> None:
    assert fetching(sharing, FITS) == pytest.approx(1)


def test_what_does_not_stay_comes_from_memory_twice_and_then_from_the_third_cache() -> None:
    alone, two, three, eight = (fetching(sharing, MISSES) for sharing in (1, 2, 3, 8))
    assert (alone, two) == pytest.approx((1, 2))
    assert 2 < three < 2.5
    assert eight == pytest.approx(2 + 6 * (three - 2))


def test_the_more_a_cache_is_crowded_the_more_is_fetched_again() -> None:
    times = [LOOK.element_s(64, 8, 4, crowding) for crowding in (0.0, 1.0, 1.5, 3.0, 4.0, 50.0)]
    assert times[0] == times[1] < times[2] < times[3] < times[4] == times[5]


def test_rows_that_two_heads_share_are_fetched_sooner() -> None:
    one, two, three, many = (LOOK.element_s(64, kv_heads, 4, MISSES) for kv_heads in (1, 2, 3, 16))
    assert one == two < three == many


def test_wide_heads_do_less_for_each_element() -> None:
    narrow, wide = (LOOK.element_s(width, 8, 1, FITS) for width in (64, 256))
    assert wide < narrow


@pytest.mark.parametrize("crowding", [0.2, 1.5, 4.0, 9.0])
def test_the_parts_come_back_from_times_that_were_made_of_them(crowding: float) -> None:
    seen = [(4, 0.2), (4, crowding), (1, crowding)]
    made = parts_of([(LOOK.element_s(64, 8, *each), each[0], missed_share(each[1])) for each in seen])
    assert made == pytest.approx((LOOK.compute_s, LOOK.first_s))


@pytest.mark.parametrize("times", list(itertools.product([0.1e-9, 0.3e-9, 0.6e-9], repeat=3)))
def test_noise_makes_nothing_negative(times: tuple[float, ...]) -> None:
    readers = ((4, 0.0), (4, 1.0), (1, 0.0))
    assert min(parts_of([(time, *each) for time, each in zip(times, readers, strict=True)])) >= 0
