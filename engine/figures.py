"""Numbers that people see, each with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """How a number came about; shown beside it."""

    MEASURED = "measured"  # observed on this machine
    PLANNED = "planned"  # computed exactly from the file's own header
    ESTIMATED = "estimated"  # from a model of the hardware, or a published figure


@dataclass(frozen=True, slots=True)
class Range:
    """An uncertain figure. `low <= expected <= high`, all in the same unit."""

    low: float
    expected: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.expected <= self.high:
            raise ValueError(f"not ordered: {self.low} <= {self.expected} <= {self.high}")
