"""How a transfer works: figures that people leave alone and tests make smaller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.download.pace import Pace
from engine.download.partfile import free_bytes
from engine.download.xet_line import NativeXet, XetClient


@dataclass(frozen=True, slots=True)
class Tuning:
    """The defaults are for people."""

    connections: int = 8
    segment_bytes: int = 8 << 20
    stall_seconds: float = 12.0
    flush_seconds: float = 5.0
    flush_bytes: int = 256 << 20  # not on the disk yet; else the last flush has to write all of them alone
    free_bytes: Callable[[Path], int] = field(default=free_bytes)
    floor_bytes: int = 256 << 20  # of the disk that are left to others
    xet: XetClient = field(default_factory=NativeXet)
    mirrors: tuple[str, ...] = ()  # other places to look for the files, as `mirrors_for` names them
    pace: Pace = field(default_factory=Pace)  # the speed cap, shared by all transfers that have it
