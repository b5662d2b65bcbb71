"""A thing that is bought for a machine that is there. A value: made in change.py, weighed in what_if.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.planning.prices import Sourced


class ChangeKind(StrEnum):
    MEMORY = "memory"
    CHANNELS = "channels"
    CARD = "card"
    PROCESSOR = "processor"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Change:
    """One purchase. `price` is in CNY, of all of it; None: nobody said."""

    kind: ChangeKind
    added: int = 0  # bytes of main memory
    channels: tuple[int, int] = (0, 0)  # populated now and then
    card: str = ""
    count: int = 1  # cards
    processor: str = ""
    replaces: str = ""  # the processor that is there, as the system names it; "" unknown
    rate: float = 0.0  # bytes a second of the disk
    price: Sourced | None = None
