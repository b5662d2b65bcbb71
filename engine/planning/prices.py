"""What parts cost and take, each figure with where it comes from. Values only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from engine.figures import Origin
from engine.hardware.described import Description

CNY = "CNY"
MOST_PRICE = 1e9


@dataclass(frozen=True, slots=True)
class Sourced:
    """A figure that somebody published or gave, between two bounds."""

    low: float
    high: float
    source: str
    date: str  # "2026-05" or "2026-05-31"; "" for what was given with the command
    origin: Origin = Origin.ESTIMATED

    def times(self, factor: float, source: str = "") -> Sourced:
        """In another unit; `source` is where the factor comes from."""
        both = f"{self.source}; {source}" if source else self.source
        return Sourced(self.low * factor, self.high * factor, both, self.date, self.origin)


class PartKind(StrEnum):
    COMPUTER = "computer"  # everything but cards that are bought beside it
    CARD = "card"
    PROCESSOR = "processor"  # for the board of a computer that is there
    MEMORY = "memory"  # modules for a computer that is there
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is bought as one. None is "not known"."""

    name: str
    kind: PartKind
    price: Sourced | None  # in `currency`
    currency: str = CNY
    used: bool = False
    watts: Sourced | None = None  # at most
    hardware: Description | None = None  # of a computer
    slots: int = 0  # cards that a computer takes
    size: int = 0  # bytes of memory
    rate: float = 0.0  # bytes a second that a disk reads


@dataclass(frozen=True, slots=True)
class PriceList:
    """Parts by their names, and what a dollar costs, if anybody said so."""

    parts: tuple[Part, ...]
    cny_per_usd: Sourced | None = None

    def cny(self, part: Part) -> Sourced | None:
        """Its price in CNY; None where that is not known."""
        if part.price is None or part.currency == CNY:
            return part.price
        rate = self.cny_per_usd
        if rate is None:
            return None
        return part.price.times(rate.high, f"{rate.high:g} CNY a USD ({rate.source}, {rate.date})")


RATE = "USD"  # the name under which a person's own rate is kept
OWN = "your own figure"
MOST_WATTS = 1e5
Typed = tuple[tuple[str, str], ...]  # (name, "6000 2026-11-27")


def with_own(prices: PriceList, own: Typed, watts: Typed = ()) -> PriceList:
    """The list with prices in CNY and watts that a person typed, by the names of parts (or `RATE`). What
    makes no sense, or belongs to a part that is gone, is left out."""
    named = {part.name.casefold(): part for part in prices.parts}
    rate = prices.cny_per_usd
    for name, text in own:
        price = _typed(text)
        if price is not None and name == RATE:
            rate = price
        elif price is not None and name.casefold() in named:
            part = named[name.casefold()]
            named[name.casefold()] = replace(part, price=price, currency=CNY)
    for name, text in watts:
        taken = _typed(text)
        if taken is not None and name.casefold() in named and 1 <= taken.high <= MOST_WATTS:
            named[name.casefold()] = replace(named[name.casefold()], watts=taken)
    return PriceList(tuple(named.values()), rate)


def typed_figure(value: float, day: str) -> str:
    """As `with_own` reads it; `day` is an ISO date."""
    return f"{value:.12g} {day}"


def _typed(text: str) -> Sourced | None:
    figure, _, day = text.partition(" ")
    try:
        value = float(figure)
    except ValueError:
        return None
    return Sourced(value, value, OWN, day[:10]) if 0 <= value <= MOST_PRICE else None


def merged(shipped: PriceList, own: PriceList) -> PriceList:
    """The shipped list with what somebody's own says: parts of the same name are replaced."""
    named = {part.name.casefold(): part for part in shipped.parts}
    named.update((part.name.casefold(), part) for part in own.parts)
    return PriceList(tuple(named.values()), own.cny_per_usd or shipped.cny_per_usd)
