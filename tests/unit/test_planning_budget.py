"""From money to machines: within the money and the machine, more money never worse, figures with origins."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cli.budget import budget_lines, remark_text
from engine.errors import Cancelled, UsageError
from engine.figures import Origin
from engine.hardware.described_json import description_from_json
from engine.jobs.price_lists import price_list, prices_from_json
from engine.messages import TEMPLATES, english, sentence
from engine.planning.budget import (
    MOST_OFFERS,
    TIER_BUDGETS,
    BudgetAdvice,
    BudgetMachine,
    Comparison,
    budget_advice,
    rank,
)
from engine.planning.described_machine import described_machine
from engine.planning.offers import offers
from engine.planning.plan import MemoryEstimate, Verdict
from engine.planning.prices import Part, PartKind, PriceList, Sourced, merged
from engine.planning.terms import Terms
from engine.planning.worth import STREAMS
from tests.unit.planning_machines import catalog

TODAY = "2026-11-27"
FEW = tuple(
    spec for spec in catalog() if spec.name in ("DeepSeek-R1-0528", "DeepSeek-R1-0528-Qwen3-8B", "Qwen3-32B")
)
OWN: dict[str, Any] = {
    "cny_per_usd": {"rate": 7.0, "date": "2026-11", "source": "a bank"},
    "parts": [
        {"name": "Ryzen 9 7950X, 64 GB", "price": 6000, "date": "2026-11", "source": "a shop", "watts": 250},
        {
            "name": "Core i9-13900K, 128 GB",
            "price": [8000, 9000],
            "date": "2026-11",
            "source": "a shop",
            "watts": 300,
        },
    ],
}


UNSAID = Terms()


def given_price(value: float) -> Sourced:
    return Sourced(value, value, "given", "")


@cache
def priced() -> PriceList:
    return prices(OWN)


GUIDE = ("Ryzen 9 7950X, 64 GB", "Core i9-13900K, 128 GB")


def bare() -> PriceList:
    """The shipped list as if of no computer a price were known, and none of what a dollar costs."""
    unpriced = {part.name: replace(part, price=None, watts=None) for part in price_list(None).parts}
    kept = [part for part in price_list(None).parts if part.kind is not PartKind.COMPUTER]
    return PriceList((*kept, *(unpriced[name] for name in GUIDE)))


def prices(own: dict[str, Any]) -> PriceList:
    return merged(bare(), prices_from_json(own, bare()))


@cache
def one_computer() -> PriceList:
    """With one slot; of the other one no price is known."""
    return prices({**OWN, "parts": OWN["parts"][:1]})


def advised(budget: float, terms: Terms = UNSAID, **others: Any) -> BudgetAdvice:
    return budget_advice(budget, others.pop("prices", priced()), FEW, terms, TODAY, **others)


def codes(advice: BudgetAdvice) -> list[str]:
    for remark in advice.remarks:
        assert english(remark)
    return [remark.code for remark in advice.remarks]


def fits(memory: MemoryEstimate, machine: BudgetMachine) -> bool:
    has = described_machine(machine.offer.description)
    gpus = [gpu.budget for gpu in has.gpus if not gpu.unified]
    assert len(memory.vram) <= len(gpus)
    return memory.ram <= has.ram_budget and all(
        size <= budget
        for (_, size), budget in zip(
            sorted(memory.vram, key=lambda part: -part[1]), sorted(gpus, reverse=True), strict=False
        )
    )


def price_steps() -> list[float]:
    """Budgets at which another machine can be had: between them the advice stays the same."""
    return sorted({offer.high for offer in offers(priced())})


budgets = st.sampled_from([1000.0, *price_steps()])
terms = st.builds(
    Terms,
    st.sampled_from([None, given_price(0.6), given_price(5.0)]),
    st.sampled_from([None, given_price(0.5), given_price(16.0)]),
    st.sampled_from([None, 1e4, 1e7]),
)


@settings(max_examples=12, deadline=None)
@given(budgets, terms)
def test_nothing_exceeds_the_money_or_the_machine(budget: float, terms: Terms) -> None:
    for machine in advised(budget, terms).machines:
        assert machine.spent <= budget
        for memory in [plan.memory for plan in machine.plans] + [
            row.memory for row in machine.worth if row.memory
        ]:
            assert fits(memory, machine)
        for fewer, more in pairwise(machine.worth):
            assert fewer.tps is not None and more.tps is not None
            assert more.tps.expected >= fewer.tps.expected  # whoever has to wait slows nobody down
            assert 1 <= fewer.served <= fewer.streams and more.served <= more.streams


def test_whoever_watches_hears_of_each_machine_before_and_may_end_it() -> None:
    heard: list[Comparison] = []
    told = advised(9_000.0, heard=heard.append)
    assert [len(one.planned) for one in heard] == list(range(heard[0].total))
    assert heard[-1].machines == told.machines, "what is dearer than the budget changes nothing"

    def enough(comparison: Comparison) -> None:
        if len(comparison.planned) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        advised(9_000.0, heard=enough)


def test_more_money_never_means_a_worse_model() -> None:
    found = [advised(budget).machines[0] for budget in price_steps()]
    assert len(found) > 10
    for less, more in pairwise(found):
        better = list(Verdict).index(less.plans[0].verdict) - list(Verdict).index(more.plans[0].verdict)
        assert better > 0 or (better == 0 and more.points >= less.points)


@settings(max_examples=8, deadline=None)
@given(budgets, budgets, terms)
def test_more_money_never_gives_worse_advice(one: float, other: float, terms: Terms) -> None:
    less, more = (advised(budget, terms) for budget in sorted((one, other)))
    assert more.buy >= less.buy
    if less.machines:
        assert rank(more.machines[0]) >= rank(less.machines[0])


def test_every_figure_has_its_origin() -> None:
    advice = advised(40_000, Terms(given_price(0.6), given_price(16)))
    assert advice.machines
    for machine in advice.machines:
        for piece in machine.offer.pieces:
            assert piece.each is not None
            assert piece.each.source and piece.each.date and piece.each.origin is Origin.ESTIMATED
        assert [row.streams for row in machine.worth] == list(STREAMS)
        assert all(row.origin is Origin.ESTIMATED for row in machine.worth)
        watts = machine.offer.watts
        assert watts is None or watts.source


def test_what_tokens_cost() -> None:
    advice = advised(22_000, Terms(given_price(0.5), given_price(16)), prices=one_computer())
    machine = next(m for m in advice.machines if m.offer.description.name.endswith("1 x GeForce RTX 4090"))
    assert machine.offer.watts is not None
    assert machine.offer.watts.high == 250 + 450
    row = machine.worth[0]
    assert row.tps is not None and row.kwh_per_million is not None and row.energy_cny_per_million is not None
    # 700 W for a million tokens
    assert row.kwh_per_million == pytest.approx(700 * 1e6 / row.tps.expected / 3.6e6)
    assert row.energy_cny_per_million == pytest.approx(row.kwh_per_million / 2)
    assert row.cny_per_tps == pytest.approx(22_000 / row.tps.expected)
    assert row.break_even_million == pytest.approx(22_000 / (16 - row.energy_cny_per_million))
    assert row.break_even_days == pytest.approx(row.break_even_million * 1e6 / row.tps.expected / 86_400)
    several = machine.worth[1]
    assert several.tps is not None and several.tps.expected > row.tps.expected
    many = machine.worth[2]
    assert several.memory is not None and many.memory is not None
    assert (row.served, several.served) == (1, 4)
    assert many.memory.kv_cache == many.served / 4 * several.memory.kv_cache


def test_answers_whose_caches_would_push_weights_out_of_the_card_wait_their_turn() -> None:
    advice = advised(22_000, prices=one_computer())
    machine = next(m for m in advice.machines if m.offer.description.name.endswith("1 x GeForce RTX 4090"))
    several, many = machine.worth[1:]
    assert several.tps is not None and many.tps is not None and many.memory is not None
    assert 4 <= many.served < 32 and many.tps.expected >= several.tps.expected
    assert not any(part.repack for part in many.memory.devices)
    assert f"({many.served} at a time, the others wait)" in "\n".join(budget_lines(advice))


def test_cards_of_two_kinds_in_one_machine() -> None:
    built = {offer.description.name: offer for offer in offers(priced())}
    mixed = built["Core i9-13900K, 128 GB + 1 x GeForce RTX 4090 + 1 x GeForce RTX 3090"]
    assert [gpu.name for gpu in mixed.description.gpus] == ["GeForce RTX 4090", "GeForce RTX 3090"]
    assert mixed.high == 9000 + 16_000 + 900 * 7
    assert len(described_machine(mixed.description).gpus) == 2
    assert not any(name.count(" + ") > 1 for name in built if name.startswith("Ryzen"))  # one slot
    counts = [piece.count for offer in built.values() for piece in offer.pieces[1:]]
    assert max(counts) == 2 and all(len(offer.pieces) <= 3 for offer in built.values())


def test_a_long_list_is_used_without_machines_of_two_kinds_and_says_so() -> None:
    server = {"kind": "computer", "price": 9000, "date": "2026-11", "source": "a shop", "slots": 8}
    server |= {"hardware": {"cpu": {"model": "EPYC 7302"}, "memory": {"size_gib": 256, "channels": 8}}}
    long = prices({**OWN, "parts": [*OWN["parts"], {**server, "name": "a server"}]})
    assert len(offers(long)) > MOST_OFFERS >= len(offers(long, mixed=False))
    advice = advised(10_000, prices=long)
    assert "budget_one_kind" in codes(advice) and "budget_one_kind" not in codes(advised(10_000))


def test_what_does_not_pay_is_not_bought() -> None:
    cheap = advised(22_000, Terms(given_price(0.6), given_price(0.01)))
    assert not cheap.buy and codes(cheap)[0] == "budget_does_not_pay"
    dear = advised(22_000, Terms(given_price(0.6), given_price(100)))
    assert dear.buy and "budget_day_and_night" in codes(dear)
    seldom = advised(22_000, Terms(given_price(0.6), given_price(100), 1000.0))
    assert not seldom.buy and "budget_day_and_night" not in codes(seldom)


def test_too_little_money_names_the_nearest() -> None:
    advice = advised(10)
    assert not advice.buy and not advice.machines
    assert advice.nearest is not None and advice.nearest.high == 6000
    assert codes(advice)[0] == "budget_short"


def test_prices_without_a_source_are_asked_for() -> None:
    advice = advised(60_000, prices=bare())
    assert not advice.buy and advice.nearest is None
    assert codes(advice) == ["budget_no_computer", "budget_ask_price", "budget_ask_rate"]


def test_cards_for_a_computer_that_is_there() -> None:
    described = description_from_json({"cpu": {"model": "Ryzen 9 7950X"}, "memory": {"size_gib": 64}})
    owned = Part("mine", PartKind.COMPUTER, None, watts=given_price(200), hardware=described, slots=1)
    advice = advised(16_000, prices=bare(), owned=owned)
    assert advice.buy
    assert advice.machines[0].offer.description.name == "mine + 1 x GeForce RTX 4090"
    assert advice.machines[0].spent == 16_000
    assert "budget_stale" not in codes(advised(15_999, prices=bare(), owned=owned))
    assert "budget_stale" in codes(advice)  # of September 2025
    nothing = advised(15_999, prices=bare(), owned=owned)
    assert not nothing.buy and codes(nothing)[0] == "budget_owned_best"


def test_a_card_that_does_not_pay_is_not_said_to_be_no_better() -> None:
    described = description_from_json({"cpu": {"model": "Ryzen 9 7950X"}, "memory": {"size_gib": 64}})
    owned = Part("mine", PartKind.COMPUTER, None, watts=given_price(200), hardware=described, slots=1)
    terms = Terms(given_price(0.01), given_price(1), 1000.0)
    advice = advised(16_000, terms, prices=bare(), owned=owned)
    assert not advice.buy and codes(advice)[0] == "budget_does_not_pay"
    assert advice.machines[0].offer.description.name == "mine"


def test_money_that_buys_nothing_that_runs_well() -> None:
    toy = {"name": "toy", "kind": "computer", "price": 100, "date": "2026-11", "source": "a shop"}
    own = {"parts": [{**toy, "hardware": {"memory": {"size_gib": 1}, "cpu": {"cores": 1}}}]}
    advice = advised(200, prices=prices(own))
    assert not advice.buy and codes(advice)[0] == "budget_runs_nothing"
    assert [machine.offer.description.name for machine in advice.machines] == ["toy"]
    assert any("runs no model" in line for line in budget_lines(advice))


def test_the_advice_in_a_terminal() -> None:
    terms = Terms(given_price(0.6), given_price(100))
    lines = budget_lines(advised(22_000, terms, prices=one_computer()))
    told = "\n".join(lines)
    assert "Ryzen 9 7950X, 64 GB: 6,000 CNY, 2026-11, a shop" in told
    assert "13,000-16,000 CNY, 2025-09" in told
    assert "32 at once" in told and "even with the API after" in told


def test_shipped_prices_are_sourced_and_dated() -> None:
    shipped = price_list(None)
    assert shipped.cny_per_usd is not None and shipped.cny_per_usd.source and shipped.cny_per_usd.date
    for part in shipped.parts:
        if part.price is not None:
            assert part.price.source and part.price.date
        if part.kind is PartKind.CARD:
            assert part.price is not None and part.watts is not None and part.watts.source


@pytest.mark.parametrize("budget", TIER_BUDGETS)
def test_the_guides_budgets_buy_something_without_a_list_of_ones_own(budget: float) -> None:
    advice = advised(budget, prices=price_list(None))
    assert advice.buy and 0 < advice.machines[0].spent <= budget
    assert advice.machines[0].plans[0].verdict is Verdict.RUNS_WELL


@pytest.mark.parametrize("budget", TIER_BUDGETS)
def test_the_guides_budgets_are_answered_with_energy_and_an_api_too(budget: float) -> None:
    terms = Terms(given_price(0.6), given_price(16))
    advice = advised(budget, terms, prices=price_list(None))
    assert advice.machines and "budget_watts_unknown" not in codes(advice)
    assert "budget_energy_most" in codes(advice)
    for machine in advice.machines:
        assert machine.offer.watts is not None and machine.offer.watts.date and machine.pays is not None
        for row in machine.worth:
            assert row.tps and row.cny_per_tps and row.kwh_per_million and row.energy_cny_per_million
            # A slow machine's energy may cost more than the API: then it never comes even.
            assert (row.break_even_days is not None) == (row.energy_cny_per_million < 16)


PART = {"name": "RTX 3060 12GB", "kind": "card", "price": 2000, "date": "2026-11", "source": "a shop"}


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"part": []},
        {"parts": {}},
        {"parts": [{**PART, "price": -1}]},
        {"parts": [{**PART, "price": float("nan")}]},
        {"parts": [{**PART, "price": [3, 2]}]},
        {"parts": [{**PART, "price": True}]},
        {"parts": [{**PART, "price": 10**400}]},
        {"parts": [{**PART, "date": "2026-13"}]},
        {"parts": [{**PART, "date": None}]},
        {"parts": [{**PART, "source": ""}]},
        {"parts": [{**PART, "currency": "EUR"}]},
        {"parts": [{**PART, "name": "a card of nobody"}]},
        {"parts": [{**PART, "kind": "computer"}]},
        {"parts": [{**PART, "slots": 1.5}]},
        {"parts": [{**PART, "used": "no"}]},
        {"parts": [PART, PART]},
        {"cny_per_usd": {"rate": 0, "date": "2026-11", "source": "a bank"}},
        {"cny_per_usd": {"rate": 7}},
    ],
)
def test_wrong_lists_are_a_sentence(wrong: Any) -> None:
    with pytest.raises(UsageError) as refused:
        prices_from_json(wrong, price_list(None))
    assert refused.value.message.code == "prices_invalid"
    assert english(refused.value.message)


def test_a_list_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text("{")
    for path in (file, tmp_path / "missing.json"):
        with pytest.raises(UsageError) as refused:
            price_list(path)
        assert refused.value.message.code == "prices_unreadable"
    file.write_text(json.dumps({"parts": [PART]}))
    assert any(part.name == PART["name"] for part in price_list(file).parts)


def test_too_many_machines_are_refused() -> None:
    computer = {
        "kind": "computer",
        "price": 1,
        "date": "2026-11",
        "source": "a shop",
        "hardware": {},
        "slots": 8,
    }
    many = {"parts": [{**computer, "name": f"computer {number}"} for number in range(40)]}
    with pytest.raises(UsageError) as refused:
        advised(1000, prices=prices(many))
    assert refused.value.message.code == "prices_too_many"


def test_watts_that_nobody_knows_are_asked_for_by_name() -> None:
    described = description_from_json({"cpu": {"model": "Ryzen 9 7950X"}, "memory": {"size_gib": 64}})
    owned = Part("mine", PartKind.COMPUTER, None, hardware=described, slots=1)
    advice = advised(16_000, Terms(given_price(0.6)), prices=bare(), owned=owned)
    asked = next(remark for remark in advice.remarks if remark.code == "budget_watts_unknown")
    assert asked.values["parts"] == "mine"
    assert "budget_energy_most" not in codes(advice)


def test_remarks_name_no_option_but_on_the_command_line() -> None:
    seen = {
        code: remark_text(sentence(code, **_any(code))) for code in TEMPLATES if code.startswith("budget_")
    }
    shown = set(_shown_in_the_window())
    assert shown and all("--" not in TEMPLATES[code] for code in shown)
    assert "--tokens-per-day" in seen["budget_day_and_night"]


def _any(code: str) -> dict[str, str]:
    return dict.fromkeys(re.findall(r"{(\w+)}", TEMPLATES[code]), "x")


def _shown_in_the_window() -> list[str]:
    """Remarks and reasons of advice; the others refuse options of the command line."""
    usage = ("budget_mixed", "budget_api_needs_electricity", "budget_needs_description")
    return [code for code in TEMPLATES if code.startswith("budget_") and code not in usage]


def test_money_that_is_left_over_is_explained() -> None:
    box = {"kind": "computer", "date": "2026-11", "source": "a shop"}
    box |= {"hardware": {"cpu": {"model": "Ryzen 9 7950X"}, "memory": {"size_gib": 64}}}
    dear = {"parts": [{**box, "name": "a box", "price": 1000}, {**box, "name": "its twin", "price": 5000}]}
    advice = advised(5000, prices=prices(dear))
    assert advice.machines[0].offer.description.name == "a box" and codes(advice)[0] == "budget_left"
    assert "budget_left" not in codes(advised(1900, prices=prices(dear)))  # nothing dearer within it
    assert "budget_left" not in codes(advised(10, prices=prices(dear)))


def test_a_dearer_machine_that_is_no_quicker_is_not_shown() -> None:
    advice = advised(60_000, prices=price_list(None))
    for number, machine in enumerate(advice.machines):
        for better in advice.machines[:number]:
            dearer = better.spent <= machine.spent
            rows = zip(better.worth, machine.worth, strict=True)
            quicker = any(a.tps and b.tps and b.tps.expected > a.tps.expected for a, b in rows)
            assert quicker or not dearer
    box = {"kind": "computer", "date": "2026-11", "source": "a shop"}
    box |= {"hardware": {"cpu": {"model": "Ryzen 9 7950X"}, "memory": {"size_gib": 64}}}
    twins = {"parts": [{**box, "name": "a box", "price": 1000}, {**box, "name": "its twin", "price": 2000}]}
    (only,) = advised(2000, prices=prices(twins)).machines
    assert only.offer.description.name == "a box"
