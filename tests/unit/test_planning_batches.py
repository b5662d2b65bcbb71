"""Several answers at once, against published runs of 4 to 32: dense models near, mixtures not oversold."""

from __future__ import annotations

import pytest

from tests.bench.truth.batches import SEVERAL, Batch, batches


@pytest.fixture(scope="module")
def found() -> list[Batch]:
    return [one for one in batches() if one.at_once >= SEVERAL]


def test_dense_models(found: list[Batch]) -> None:
    dense = [one for one in found if not one.experts]
    assert len(dense) == 8 and max(one.error for one in dense) < 0.3


def test_mixtures_lie_in_the_range_that_is_stated_and_are_not_promised_too_much(found: list[Batch]) -> None:
    """Which experts answers share is not known: they are taken to choose by chance, which reads most."""
    mixtures = [one for one in found if one.experts]
    assert len(mixtures) == 24
    assert [one for one in mixtures if not one.inside] == []
    assert max(one.said.expected / one.measured for one in mixtures) < 1.15
