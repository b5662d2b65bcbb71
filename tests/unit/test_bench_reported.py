"""Published runs that the bench reads: whole, and a source on one side of the line only."""

from __future__ import annotations

import statistics
from collections import defaultdict

import pytest

from tests.bench.truth.others import TARGETS
from tests.bench.truth.reported import answer, model_of, reports

OTHERS = reports("others.json")


def test_a_source_is_left_aside_as_a_whole() -> None:
    sides: defaultdict[str, set[bool]] = defaultdict(set)
    for report in OTHERS:
        sides[report.publisher].add(report.held_out)
    assert all(len(side) == 1 for side in sides.values())
    held = sum(report.held_out for report in OTHERS)
    assert len(OTHERS) >= 60 and held >= len(OTHERS) / 4
    assert len({report.id for report in OTHERS}) == len(OTHERS)


@pytest.mark.parametrize("held_out", [False, True])
def test_speeds_of_one_device_stay_near_to_what_was_published(held_out: bool) -> None:
    """Far within what was asked for, since figures of the catalogue move them too."""
    mine = [each for each in OTHERS if each.family == "dense" and each.held_out is held_out]
    answers = [one for one in map(answer, mine) if not one.questions]
    assert len(answers) > 0.9 * len(mine)
    assert statistics.median(one.error for one in answers) < TARGETS["dense"][0]


def test_every_run_names_a_model_whose_shape_is_known() -> None:
    for report in OTHERS:
        spec, quantization = model_of(report)
        assert spec.shape.layers and quantization.size_bytes > 0
        assert report.family in TARGETS
