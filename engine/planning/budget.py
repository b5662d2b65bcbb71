"""From money to machines and what they run, best first; or the advice not to buy. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.catalog.model import ModelSpec
from engine.errors import UsageError
from engine.messages import Sentence, sentence
from engine.planning.aims import liking
from engine.planning.change import no_cards
from engine.planning.described_machine import described_machine
from engine.planning.offers import Offer, offers, unpriced
from engine.planning.outfits import outfit_of
from engine.planning.plan import Aim, RunPlan, Tier, Verdict
from engine.planning.prices import CNY, Part, PartKind, PriceList
from engine.planning.terms import Terms
from engine.planning.worth import MOST_YEARS, Worth, worth_of

MOST_MACHINES = 6  # shown: more are no help to decide
MOST_OFFERS = 200  # a third of a second for each that the money buys
STALE_YEARS = 1  # prices older than that have moved
# The three budgets of the guide that people ask about. CNY.
TIER_BUDGETS = (5_000.0, 20_000.0, 60_000.0)
USUAL_AIM = Aim()


@dataclass(frozen=True, slots=True)
class BudgetMachine:
    """A machine that the money buys, what it runs (best first) and what that costs."""

    offer: Offer
    tier: Tier
    plans: tuple[RunPlan, ...]
    worth: tuple[Worth, ...]  # of the first plan; empty where there is none
    pays: bool | None  # None: no price of an API was given, or the energy is not known
    points: float = 0.0  # how the first plan is liked for the aim

    @property
    def spent(self) -> float:
        """CNY, at most."""
        return self.offer.high


@dataclass(frozen=True, slots=True)
class TierRow:
    """What one of the guide's budgets buys at best; None: no machine of which the prices are known."""

    budget: float  # CNY
    machine: BudgetMachine | None


@dataclass(frozen=True, slots=True)
class BudgetAdvice:
    """The machine to buy stands first. `buy` False: keep the money, for the reason in `remarks`."""

    budget: float  # CNY
    buy: bool
    machines: tuple[BudgetMachine, ...]
    nearest: Offer | None  # the cheapest that costs more, where the money buys nothing
    remarks: tuple[Sentence, ...]
    tiers: tuple[TierRow, ...] = ()
    aim: Aim = USUAL_AIM


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far it has come, for those who watch."""

    planned: tuple[BudgetMachine, ...]
    total: int  # machines to plan
    budget: float  # CNY

    @property
    def machines(self) -> tuple[BudgetMachine, ...]:
        """Those to show, if there were no more."""
        return _shown(_ranked(self.planned, self.budget))


Heard = Callable[[Comparison], None]


def unheard(comparison: Comparison) -> None:
    """Nobody watches."""


def budget_advice(
    budget: float,
    prices: PriceList,
    catalog: tuple[ModelSpec, ...],
    terms: Terms,
    today: str,
    owned: Part | None = None,
    aim: Aim = USUAL_AIM,
    heard: Heard = unheard,
) -> BudgetAdvice:
    """What to buy for at most `budget` CNY. `today` is an ISO date, `owned` a computer that is there.

    Every machine that costs no more is compared, whatever the money, so that more of it only adds
    choices and never gives worse advice. `heard` is told before each is planned, and may raise to end it.
    Raises: UsageError, where the parts make too many machines.
    """
    every, mixed = _offers(prices, owned)
    most = max(budget, *TIER_BUDGETS)
    found: list[BudgetMachine] = []
    within = [offer for offer in every if offer.high <= most]
    for offer in within:
        heard(Comparison(tuple(found), len(within), budget))
        found.append(_planned(offer, catalog, terms, aim))
    ranked = _ranked(found, budget)
    nearest = None if ranked else next(iter(every), None)
    reason = _against(ranked, nearest, budget, terms)
    shown = _shown(ranked)
    remarks = (
        *((reason,) if reason else _left_over(ranked, budget)),
        *_missing(shown, terms),
        *(() if mixed else (sentence("budget_one_kind"),)),
        *_asks(prices, owned),
        *_stale(shown, today),
    )
    tiers = tuple(TierRow(money, next(iter(_ranked(found, money)), None)) for money in TIER_BUDGETS)
    return BudgetAdvice(budget, reason is None, shown, nearest, remarks, tiers, aim)


def _offers(prices: PriceList, owned: Part | None) -> tuple[tuple[Offer, ...], bool]:
    """The machines that are compared, and whether those with cards of two kinds are among them: a long list
    makes too many of these, but is used. Raises: UsageError."""
    every = offers(prices, owned)
    if len(every) <= MOST_OFFERS:
        return every, True
    fewer = offers(prices, owned, mixed=False)
    if len(fewer) > MOST_OFFERS:
        raise UsageError.of("prices_too_many", count=len(fewer), most=MOST_OFFERS)
    return fewer, False


def _ranked(found: Sequence[BudgetMachine], budget: float) -> tuple[BudgetMachine, ...]:
    return tuple(sorted((each for each in found if each.spent <= budget), key=rank, reverse=True))


def _shown(ranked: tuple[BudgetMachine, ...]) -> tuple[BudgetMachine, ...]:
    return tuple(_without_dearer_equals(ranked)[:MOST_MACHINES])


def _without_dearer_equals(ranked: tuple[BudgetMachine, ...]) -> list[BudgetMachine]:
    """Who sees a machine needs no dearer one that is no quicker, whether for one or for many at once."""
    kept: list[BudgetMachine] = []
    for machine in ranked:
        if not any(_does_as_much(better, machine) and better.spent <= machine.spent for better in kept):
            kept.append(machine)
    return kept


def _does_as_much(better: BudgetMachine, machine: BudgetMachine) -> bool:
    rows = zip(better.worth, machine.worth, strict=False)
    return all(
        other.tps is None or (one.tps is not None and one.tps.expected >= other.tps.expected)
        for one, other in rows
    )


def rank(machine: BudgetMachine) -> tuple[float, ...]:
    """Higher is better: what runs well, what pays, better answers, faster, and then cheaper."""
    if not machine.plans:
        return (0.0, 0.0, 0.0, 0.0, -machine.spent)
    best = machine.plans[0]
    return (
        2.0 if best.verdict is Verdict.RUNS_WELL else 1.0,
        {True: 2.0, None: 1.0, False: 0.0}[machine.pays],
        machine.points,
        best.speed.generation_tps.expected,
        -machine.spent,
    )


def _planned(offer: Offer, catalog: tuple[ModelSpec, ...], terms: Terms, aim: Aim) -> BudgetMachine:
    outfit = outfit_of(offer.description, catalog, aim)
    if not outfit.plans:
        return BudgetMachine(offer, outfit.tier, (), (), None)
    worth = worth_of(outfit.ways, offer.high, offer.watts, terms)
    known = terms.api_cny is not None and terms.cny_per_kwh is not None and offer.watts is not None
    pays = any(row.pays for row in worth) if known else None
    return BudgetMachine(offer, outfit.tier, outfit.plans, worth, pays, liking(outfit.plans[0], aim))


def _against(
    ranked: tuple[BudgetMachine, ...], nearest: Offer | None, budget: float, terms: Terms
) -> Sentence | None:
    """Why not to buy; None where the first machine is worth its price."""
    if not ranked and nearest:
        return sentence(
            "budget_short",
            budget=_money(budget),
            machine=nearest.description.name,
            price=_money(nearest.high),
        )
    if not ranked:
        return sentence("budget_no_computer")
    best = ranked[0]
    if not best.plans or best.plans[0].verdict is not Verdict.RUNS_WELL:
        return sentence("budget_runs_nothing", machine=best.offer.description.name)
    if best.spent == 0 and not any(_outdoes(machine, best) for machine in ranked):
        return sentence("budget_owned_best", model=best.plans[0].model.title)
    if terms.api_cny is not None and (best.pays is False or best.spent == 0):
        return sentence("budget_does_not_pay", api=f"{terms.api_cny.low:g}", years=f"{MOST_YEARS:g}")
    return None


def _left_over(ranked: tuple[BudgetMachine, ...], budget: float) -> tuple[Sentence, ...]:
    """For those who wonder why a machine so cheap stands before dearer ones."""
    best = ranked[0]
    dearer = any(machine.spent > best.spent for machine in ranked)
    return (sentence("budget_left"),) if dearer and best.spent <= budget / 2 else ()


def _outdoes(machine: BudgetMachine, other: BudgetMachine) -> bool:
    """Whether it would be the better one if it cost nothing to buy."""
    return rank(replace(machine, pays=None))[:-1] > rank(replace(other, pays=None))[:-1]


def _missing(shown: tuple[BudgetMachine, ...], terms: Terms) -> tuple[Sentence, ...]:
    found = []
    unknown = dict.fromkeys(
        piece.part.name for machine in shown for piece in machine.offer.pieces if piece.part.watts is None
    )
    if unknown:
        found.append(sentence("budget_watts_unknown", parts="; ".join(unknown)))
    if any(row.kwh_per_million is not None for machine in shown for row in machine.worth):
        found.append(sentence("budget_energy_most"))
    if terms.cny_per_kwh is None and shown:
        found.append(sentence("budget_electricity_unknown"))
    if terms.api_cny is not None and terms.tokens_a_day is None and shown:
        found.append(sentence("budget_day_and_night"))
    if any(len(machine.offer.pieces) > 1 for machine in shown):
        found.append(sentence("budget_not_checked"))
    return tuple(found)


def _asks(prices: PriceList, owned: Part | None) -> tuple[Sentence, ...]:
    """For prices that nobody could give a source for, unless the computer that is there takes no card."""
    closed = no_cards(described_machine(owned.hardware)) if owned and owned.hardware else None
    if closed:
        return (closed,)
    parts = unpriced(prices, owned is not None)
    dollars = [part.name for part in parts if part.price is not None and part.currency != CNY]
    computers = [part.name for part in parts if part.price is None and part.kind is PartKind.COMPUTER]
    cards = [part.name for part in parts if part.price is None and part.kind is PartKind.CARD]
    found = [sentence("budget_ask_price", parts="; ".join(names)) for names in (computers, cards) if names]
    return (*found, *((sentence("budget_ask_rate", parts="; ".join(dollars)),) if dollars else ()))


def _stale(shown: tuple[BudgetMachine, ...], today: str) -> tuple[Sentence, ...]:
    limit = f"{int(today[:4]) - STALE_YEARS}{today[4:7]}"
    dated = {
        piece.part.name: piece.each.date
        for machine in shown
        for piece in machine.offer.pieces
        if piece.each and piece.each.date and piece.each.date[:7] < limit
    }
    return tuple(sentence("budget_stale", part=name, date=date) for name, date in sorted(dated.items()))


def _money(value: float) -> str:
    return f"{value:,.0f}"
