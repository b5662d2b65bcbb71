"""Machines that a price list makes: a computer and cards of one kind, or of two, in its slots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from engine.hardware.described import DescribedGpu, Description
from engine.planning.described_machine import described_machine
from engine.planning.prices import Part, PartKind, PriceList, Sourced


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a machine, and its price in CNY. None: it is there already."""

    part: Part
    count: int
    each: Sourced | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A machine and what it costs. CNY, watts."""

    description: Description
    pieces: tuple[Piece, ...]

    @property
    def low(self) -> float:
        return sum(piece.each.low * piece.count for piece in self.pieces if piece.each)

    @property
    def high(self) -> float:
        """What counts against a budget: nobody is promised the lowest price."""
        return sum(piece.each.high * piece.count for piece in self.pieces if piece.each)

    @property
    def watts(self) -> Sourced | None:
        """What all parts take at most; None where it is not known of one."""
        known = [(piece.part.watts, piece.count) for piece in self.pieces]
        if any(watts is None for watts, _ in known):
            return None
        parts = [(watts, count) for watts, count in known if watts is not None]
        return Sourced(
            sum(watts.low * count for watts, count in parts),
            sum(watts.high * count for watts, count in parts),
            "; ".join(dict.fromkeys(watts.source for watts, _ in parts)),
            min(watts.date for watts, _ in parts),
        )


def offers(prices: PriceList, owned: Part | None = None, mixed: bool = True) -> tuple[Offer, ...]:
    """Every machine of which all prices are known, the cheapest first. `owned` is a computer that
    is there already: then only cards for it are bought, or nothing. `mixed`: with cards of two kinds."""
    cards = [part for part in prices.parts if part.kind is PartKind.CARD and prices.cny(part)]
    computers = [part for part in prices.parts if part.kind is PartKind.COMPUTER and prices.cny(part)]
    found = [
        offer
        for computer in ([owned] if owned else computers)
        for offer in _built(computer, cards, prices, owned, mixed)
    ]
    return tuple(sorted(found, key=lambda offer: offer.high))


def unpriced(prices: PriceList, owned: bool) -> tuple[Part, ...]:
    """Computers and cards that could be bought if somebody said what they cost."""
    kinds = (PartKind.CARD,) if owned else (PartKind.CARD, PartKind.COMPUTER)
    return tuple(part for part in prices.parts if part.kind in kinds and prices.cny(part) is None)


def _built(
    computer: Part, cards: list[Part], prices: PriceList, owned: Part | None, mixed: bool
) -> Iterator[Offer]:
    described = computer.hardware or Description()
    base = Piece(computer, 1, None if owned else prices.cny(computer))
    yield Offer(replace(described, name=computer.name), (base,))
    slots = computer.slots if described_machine(described).takes_cards else 0
    for chosen in _card_sets(cards, slots, mixed):
        gpus = (*described.gpus, *(DescribedGpu(card.name, count) for card, count in chosen))
        name = " + ".join([computer.name, *(f"{count} x {card.name}" for card, count in chosen)])
        pieces = tuple(Piece(card, count, prices.cny(card)) for card, count in chosen)
        yield Offer(replace(described, name=name, gpus=gpus), (base, *pieces))


def _card_sets(cards: list[Part], slots: int, mixed: bool) -> Iterator[tuple[tuple[Part, int], ...]]:
    """What fits into the slots: cards and their numbers."""
    for card in cards:
        for count in range(1, slots + 1):
            yield ((card, count),)
    if not mixed:
        return
    for one, other in combinations(cards, 2):
        for count in range(1, slots):
            for rest in range(1, slots - count + 1):
                yield ((one, count), (other, rest))
