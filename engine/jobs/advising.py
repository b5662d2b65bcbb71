"""Advice: the catalogue and a report joined."""

from __future__ import annotations

from functools import cache

import resources
from engine.catalog.catalog import load_catalog
from engine.catalog.model import ModelSpec
from engine.catalog.skeleton import load_skeletons, with_skeletons
from engine.hardware.report import HardwareReport
from engine.planning.plan import Recommendation
from engine.planning.recommend import recommend


@cache
def shipped_catalog() -> tuple[ModelSpec, ...]:
    """The catalogue that came with the program, read once, as exact as its skeletons make it."""
    skeletons = load_skeletons(resources.path("catalog", "skeletons.json"))
    return tuple(
        with_skeletons(spec, skeletons.get(spec.name))
        for spec in load_catalog(resources.path("catalog", "models.json"))
    )


def advise(report: HardwareReport) -> Recommendation:
    """What to run on that machine, best first."""
    return recommend(report, shipped_catalog())
