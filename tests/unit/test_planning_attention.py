from __future__ import annotations

import pytest

from engine.planning.attention import LookBack

LOOK = LookBack(compute_s=0.15e-9, first_s=0.4e-9, again_s=0.2e-9, head=64, position_elements=366)


@pytest.mark.parametrize("sharing", [1, 2, 4, 8])
def test_what_is_not_fetched_ahead_costs_its_first_reader_twice(sharing: int) -> None:
    near, far = (LOOK.element_s(128, sharing, 1.0, row_bytes) for row_bytes in (1088, 2048))
    assert far - near == pytest.approx(LOOK.first_s / sharing)


def test_who_shares_what_stays_in_the_cache_reads_it_for_nothing() -> None:
    alone, shared = (LOOK.element_s(64, sharing, 0.5, 512) for sharing in (1, 4))
    assert alone - shared == pytest.approx(0.75 * LOOK.first_s)
    assert LOOK.element_s(64, 4, 4.0, 512) > shared  # it did not stay


def test_wide_heads_do_less_for_each_element() -> None:
    narrow, wide = (LOOK.element_s(width, 1, 0.5, 512) for width in (64, 256))
    assert wide < narrow
