"""What a described machine runs, and how fast for several at once. Kept, since a person asks with one budget,
one wish and one price after the other, and planning a machine takes a third of a second."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.catalog.model import ModelSpec
from engine.hardware.described import Description
from engine.planning.described_machine import described_machine
from engine.planning.plan import Aim, RunPlan, Tier
from engine.planning.recommend import ranked_plans
from engine.planning.tiers import tier_of
from engine.planning.worth import Way, ways_of


@dataclass(frozen=True, slots=True)
class Outfit:
    tier: Tier
    plans: tuple[RunPlan, ...]  # best first
    ways: tuple[Way, ...]  # of the first plan


def outfit_of(description: Description, catalog: tuple[ModelSpec, ...], aim: Aim) -> Outfit:
    return _outfit(description, _known(catalog), aim)


class _Known:
    """Models to choose from, equal only to themselves: a whole catalogue is slow to compare."""

    def __init__(self, specs: list[ModelSpec]) -> None:
        self.specs = specs


@lru_cache(4)
def _known(catalog: tuple[ModelSpec, ...]) -> _Known:
    return _Known([spec for spec in catalog if spec.quantizations])


@lru_cache(256)
def _outfit(description: Description, known: _Known, aim: Aim) -> Outfit:
    machine = described_machine(description)
    plans = ranked_plans(machine, known.specs, aim)
    return Outfit(tier_of(machine), plans, ways_of(plans[0], machine) if plans else ())
