"""What can be asked about money."""

from __future__ import annotations

from dataclasses import dataclass

from engine.planning.plan import Aim
from engine.planning.terms import Terms


@dataclass(frozen=True, slots=True)
class BudgetQuestion:
    """CNY."""

    budget: float
    aim: Aim
    terms: Terms


@dataclass(frozen=True, slots=True)
class WhatIfQuestion:
    """`wanted` as `change_of` reads them, beside the usual changes."""

    aim: Aim
    wanted: tuple[str, ...] = ()
