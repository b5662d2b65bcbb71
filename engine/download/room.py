"""Whether the whole queue has room: pure, over figures that others looked up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SPARE_FRACTION = 0.02  # of what is still to come, left free on the disk
FLOOR_BYTES = 256 << 20  # stays free whatever happens: a full disk breaks more than a download


@dataclass(frozen=True, slots=True)
class Need:
    """One download: what it still takes of a volume, beyond what its part files hold already."""

    key: tuple[str, str]
    volume: int  # a number that is the same for folders of one volume
    missing_bytes: int
    running: bool = False


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why a download has to wait: it and those before it need more than there is."""

    needed_bytes: int
    free_bytes: int


def shortages(
    needs: Iterable[Need], free: dict[int, int], floor_bytes: int = FLOOR_BYTES
) -> dict[tuple[str, str], Shortage]:
    """Which downloads have to wait for room, in the order of the queue.

    `free` holds the free bytes of each volume. One that fits behind a larger one that does not is
    not held up by it. One that runs is stopped at the floor; others begin a quarter above it, so
    that nothing starts and stops again and again.
    """
    short: dict[tuple[str, str], Shortage] = {}
    promised: dict[int, int] = {}
    for need in needs:
        wanted = need.missing_bytes + int(need.missing_bytes * SPARE_FRACTION)
        before = promised.get(need.volume, 0)
        floor = floor_bytes if need.running else floor_bytes * 5 // 4
        if before + wanted + floor > free[need.volume]:
            short[need.key] = Shortage(before + wanted, free[need.volume])
        else:
            promised[need.volume] = before + wanted
    return short
