"""Compute buffers as llama.cpp's allocator makes them; what it really reserves is compared by the service
tests (test_planning_memory.py)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.planning.mixture_step import Before, MixtureWidths, mixture_floats
from engine.planning.packing import Node, packed_size

ELSEWHERE = Node(4, (), here=False)


def test_what_nothing_needs_any_more_makes_room() -> None:
    assert packed_size([ELSEWHERE, Node(10, (0,)), Node(10, (1,)), Node(10, (2,))]) == 20 + 4
    assert packed_size([ELSEWHERE, Node(10, (0,)), Node(10, (1,), reuses=True)]) == 10 + 4


def test_a_gap_is_used_only_by_what_fits_into_it() -> None:
    """Four of the input and ten behind it are free again when the last tensor comes."""
    nodes = [ELSEWHERE, Node(10, (0,)), Node(10, (1,))]
    assert packed_size([*nodes, Node(14, (2,))]) == 24
    assert packed_size([*nodes, Node(15, (2,))]) == 24 + 15


def test_what_is_needed_twice_is_not_overwritten() -> None:
    once = [ELSEWHERE, Node(10, (0,)), Node(10, (1,), reuses=True)]
    assert packed_size([*once, Node(1, (2,))]) < packed_size([*once, Node(1, (1, 2))])


def test_what_comes_from_elsewhere_is_there_from_the_beginning_of_its_run() -> None:
    """Both inputs stand in the buffer before the first of them is used."""
    nodes = [ELSEWHERE, Node(100, (), here=False), Node(10, (0,)), Node(10, (2,)), Node(10, (3, 1))]
    assert packed_size(nodes) >= 104 + 10
    apart = [*nodes[:4], Node(1, (3,), here=False), Node(10, (3, 1, 4))]
    assert packed_size(apart) >= 100 + 10


WIDTHS = MixtureWidths(768, 768, 256, 256, 768, 32, 4, 512, 32)
MASK = 512  # of 1,024 cells


@pytest.mark.parametrize(
    ("changed", "before", "away", "here", "floats"),
    [  # what llama.cpp reserved for each token, by dry runs of such models on a node
        ({}, Before.NOTHING, 0, 4, 8965),
        ({}, Before.EXPERTS, 0, 1, 5129),
        ({}, Before.EXPERTS, 0, 2, 11529),
        ({}, Before.EXPERTS, 2, 0, 7433),
        ({"width": 1536}, Before.EXPERTS, 0, 2, 18441),
        ({"used": 8}, Before.EXPERTS, 0, 2, 21773),
        ({"expert": 1024}, Before.NOTHING, 0, 4, 15109),
        ({"queries": 1024, "results": 1024}, Before.NOTHING, 0, 4, 9221),
        ({"queries": 1536, "results": 1536}, Before.EXPERTS, 0, 2, 10505),
    ],
)
def test_a_mixture_takes_what_llama_cpp_reserves(
    changed: dict[str, int], before: Before, away: int, here: int, floats: int
) -> None:
    widths = replace(WIDTHS, **changed)
    found = mixture_floats(widths, before, away, here, last=True)
    assert found + MASK == floats
