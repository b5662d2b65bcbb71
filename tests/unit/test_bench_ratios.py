"""The statistics of the engine's benchmark."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.engine.ratios import paired_ratio, quantile, student_t

speeds = st.floats(0.1, 1000)


@pytest.mark.parametrize(
    ("freedom", "table"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (5, 2.571), (9, 2.262), (29, 2.045), (120, 1.980)],
)
def test_student_t_is_that_of_the_tables(freedom: int, table: float) -> None:
    assert student_t(freedom) == pytest.approx(table, rel=0.01)


@given(st.lists(st.tuples(speeds, speeds), min_size=2, max_size=30))
def test_the_mean_lies_in_its_interval_and_the_inverse_is_the_same_statement(
    pairs: list[tuple[float, float]],
) -> None:
    ours, theirs = [a for a, _ in pairs], [b for _, b in pairs]
    ratio, inverse = paired_ratio(ours, theirs), paired_ratio(theirs, ours)
    assert ratio.low <= ratio.mean <= ratio.high
    assert inverse.mean == pytest.approx(1 / ratio.mean)
    assert inverse.high == pytest.approx(1 / ratio.low)


def test_a_slow_machine_in_one_round_does_not_move_a_paired_ratio() -> None:
    ratio = paired_ratio([98.0, 49.0, 9.8], [100.0, 50.0, 10.0])
    assert ratio.mean == pytest.approx(0.98)
    assert ratio.half_width == pytest.approx(0, abs=1e-9)


def test_one_round_is_sure_of_nothing() -> None:
    assert paired_ratio([1.0], [1.0]).half_width == math.inf


def test_the_interval_holds_the_truth_19_times_of_20() -> None:
    noise = random.Random(1)

    def covered() -> bool:
        ours = [0.97 * math.exp(noise.gauss(0, 0.05)) for _ in range(6)]
        ratio = paired_ratio(ours, [1.0] * 6)
        return ratio.low <= 0.97 <= ratio.high

    assert sum(covered() for _ in range(2000)) / 2000 == pytest.approx(0.95, abs=0.015)


def test_quantiles() -> None:
    values = [float(number) for number in range(1, 101)]
    assert quantile(values, 0.99) == 99
    assert quantile(values, 1.0) == 100
    assert quantile([5.0], 0.5) == 5
