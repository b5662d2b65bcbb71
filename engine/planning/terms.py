"""What a person pays elsewhere, as a question about money says it. A value: planning stands in worth.py."""

from __future__ import annotations

from dataclasses import dataclass

from engine.planning.prices import Sourced


@dataclass(frozen=True, slots=True)
class Terms:
    """None is "not said"."""

    cny_per_kwh: Sourced | None = None
    api_cny: Sourced | None = None  # a million generated tokens
    tokens_a_day: float | None = None  # that are wanted; None: as many as the machine makes
