"""Which mirrors are asked: those that a person chose. Nobody is asked from here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from engine.download.endpoints import HUB, origin_of

NONE: Final = "none"
USUAL_ONES: Final = "usual"  # in a list of mirrors: the usual ones, too
USUAL: Final = ("https://hf-mirror.com", "https://modelscope.cn")
_MOST_MIRRORS: Final = 10


def mirrors_for(endpoint: str, chosen: Sequence[str]) -> tuple[str, ...]:
    """What a person chose, and nobody else: who is asked hears what is fetched. The usual mirrors are those
    of the hub itself, and of no other endpoint."""
    if os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0"):
        return ()
    named = [mirror for mirror in chosen if mirror not in (NONE, USUAL_ONES)]
    of_hub = USUAL if USUAL_ONES in chosen and origin_of(endpoint) == origin_of(HUB) else ()
    return tuple(dict.fromkeys((*named, *of_hub)))[:_MOST_MIRRORS]


def might_help(failure: str, endpoint: str, chosen: Sequence[str]) -> bool:
    """Whether the usual mirrors may have what the hub did not give; `failure` is the code of its sentence."""
    is_hub = origin_of(endpoint) == origin_of(HUB)
    return failure in ("hub_unreachable", "hub_busy") and is_hub and USUAL_ONES not in chosen


def is_folder(mirror: str) -> bool:
    return "://" not in mirror
