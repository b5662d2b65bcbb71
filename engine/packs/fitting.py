"""Which packs are for the graphics cards of this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.packs.manifest import BACKENDS, Pack

_MAKERS: Final = {"cuda": "NVIDIA", "hip": "AMD", "metal": "Apple"}  # the others are for cards of all makers


@dataclass(frozen=True, slots=True)
class Card:
    maker: str  # as the check has it; "" where it does not know
    driver_version: str = ""  # as NVIDIA counts; "" where that is not known


def best_first(packs: Iterable[Pack]) -> tuple[Pack, ...]:
    """By what they compute with; the newer of two that replace each other first."""
    return tuple(sorted(packs, key=lambda pack: (BACKENDS.index(pack.backend), pack.line, -pack.revision)))


def fitting(packs: Iterable[Pack], cards: Sequence[Card] | None) -> tuple[Pack, ...]:
    """Those for graphics cards that one of `cards` might use, the best first, one of each line. `cards`: None
    where the machine was not checked, so that any may be here."""
    makers = None if cards is None else {card.maker for card in cards}
    chosen: dict[str, Pack] = {}
    for pack in best_first(packs):
        maker = _MAKERS.get(pack.backend)
        here = maker is None or makers is None or bool({maker, ""} & makers)
        if pack.backend != "cpu" and here:
            chosen.setdefault(pack.line, pack)
    return tuple(chosen.values())


def old_driver(pack: Pack, cards: Sequence[Card] | None) -> str:
    """The version of the driver here, where the pack says that it needs a newer one; else ""."""
    maker = _MAKERS.get(pack.backend)
    here = [
        card.driver_version for card in cards or () if card.maker == maker and _numbers(card.driver_version)
    ]
    if not pack.driver or not here:
        return ""
    newest = max(here, key=_numbers)
    return newest if _numbers(newest) < _numbers(pack.driver) else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d{1,9}", version)))
