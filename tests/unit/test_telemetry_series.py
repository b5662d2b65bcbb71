"""The ring of readings."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.telemetry.series import Series


@given(st.integers(1, 20), st.lists(st.floats(-1e9, 1e9), max_size=60))
def test_holds_the_last_readings_in_order(capacity: int, values: list[float]) -> None:
    series = Series(capacity)
    for at, value in enumerate(values):
        series.append(float(at), value)
    expected = [(float(at), value) for at, value in enumerate(values)][-capacity:]
    assert list(series) == expected
    assert len(series) == len(expected)
    assert series.newest == (expected[-1][1] if expected else 0.0)
    assert series.largest() == max((value for _, value in expected), default=0.0)


def test_leaves_out_what_is_no_reading() -> None:
    series = Series(4)
    series.append(5.0, 1.0)
    series.append(4.0, 2.0)
    series.append(6.0, math.nan)
    series.append(math.inf, 1.0)
    assert list(series) == [(5.0, 1.0)]
    series.clear()
    assert list(series) == [] and series.newest_at == 0.0
    series.append(1.0, 3.0)
    assert list(series) == [(1.0, 3.0)]


def test_needs_room() -> None:
    with pytest.raises(ValueError):
        Series(0)
