"""What a purchase brings: never less than nothing, priced where a price is known, and "don't buy"."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cli.what_if import change_of, what_if_lines
from engine.errors import UsageError
from engine.messages import english
from engine.planning.change import (
    Change,
    ChangeKind,
    card_change,
    disk_change,
    memory_change,
    priced,
    usual_changes,
)
from engine.planning.machine import machine_of
from engine.planning.plan import Aim, Purpose, Verdict, Wish
from engine.planning.prices import Part, PartKind, PriceList, Sourced
from engine.planning.what_if import Outcome, WhatIf, what_if
from tests.unit.planning_machines import EIGHT_A100, GIB, RYZEN_64, catalog, gpu, machine

NAMES = (
    "DeepSeek-R1-0528-Qwen3-8B",
    "Qwen3-30B-A3B",
    "Qwen3.8-27B",
    "Gemma 3 4B it",
    "SmolLM2-1.7B-Instruct",
)
FEW = tuple(
    replace(spec, quantizations=tuple(each for each in spec.quantizations if each.name in ("Q4_K_M", "Q8_0")))
    for spec in catalog()
    if spec.name in NAMES
)
RYZEN = machine_of(RYZEN_64)
PRICES = PriceList(
    (
        Part("RTX 3090", PartKind.CARD, Sourced(5000, 6000, "a shop", "2026-11")),
        Part("32 GB", PartKind.MEMORY, Sourced(2000, 2500, "a shop", "2026-11"), size=32 * GIB),
        Part("a disk", PartKind.DISK, Sourced(700, 800, "a shop", "2026-11"), rate=7e9),
        Part("dollars", PartKind.DISK, Sourced(1, 1, "a shop", "2026-11"), "USD", rate=7e9),
    )
)


def one(change: Change, seen: object = None, aim: Aim = Aim()) -> tuple[Outcome, WhatIf]:  # noqa: B008
    found = what_if(RYZEN if seen is None else seen, FEW, (change,), aim)  # type: ignore[arg-type]
    return found.outcomes[0], found


def test_a_card_brings_speed_and_its_price_is_shared_out() -> None:
    outcome, found = one(priced(card_change("RTX 3090"), PRICES))
    assert outcome.worth_it and found.buy
    assert outcome.same is not None and found.now is not None
    gained = outcome.same.speed.generation_tps.expected - found.now.speed.generation_tps.expected
    assert outcome.gained_tps == pytest.approx(gained)
    assert outcome.cny_per_tps == pytest.approx(6000 / gained)
    assert "what_if_ask_price" not in [remark.code for remark in found.remarks]


def test_memory_that_nothing_needs_is_not_bought() -> None:
    outcome, found = one(priced(memory_change(RYZEN, 128 * GIB), PRICES))
    assert outcome.change.price is not None and outcome.change.price.high == 2 * 2500
    assert not outcome.worth_it and not found.buy
    assert outcome.message.code == "what_if_same" and outcome.cny_per_tps is None
    assert found.remarks[0].code == "what_if_do_not_buy"


def test_memory_that_lets_a_better_model_in() -> None:
    small = machine_of(machine(8 * GIB, 16, 80e9))
    outcome, _ = one(memory_change(small, 64 * GIB), small)
    assert outcome.better_model and outcome.message.code == "what_if_better"
    assert outcome.best is not None and outcome.best.model.name == "Qwen3-30B-A3B"


def test_filling_channels_brings_bandwidth() -> None:
    seen = machine_of(machine(64 * GIB, 16, 30e9))
    outcome, found = one(change_of("channels=2", seen, 1), seen)
    assert outcome.change.added == seen.ram_total
    assert outcome.same is not None and found.now is not None
    assert outcome.same.speed.generation_tps.expected > 1.5 * found.now.speed.generation_tps.expected


def test_a_disk_loads_faster_and_answers_no_faster() -> None:
    seen = machine_of(machine(64 * GIB, 16, 62e9, disk=0.5e9))
    outcome, _ = one(disk_change(seen, 7e9), seen)
    assert outcome.message.code == "what_if_loads"
    assert outcome.gained_tps == 0 and not outcome.worth_it


def test_a_price_in_dollars_needs_a_rate() -> None:
    change = disk_change(RYZEN, 7e9)
    only = PriceList((PRICES.parts[3],))
    assert priced(change, only).price is None
    rated = replace(only, cny_per_usd=Sourced(7, 7, "a bank", "2026-11"))
    found = priced(change, rated).price
    assert found is not None and found.high == 7


def test_the_usual_changes_are_what_people_think_of() -> None:
    slow = machine_of(machine(62 * GIB, 16, 30e9, disk=1e9))
    kinds = [change.kind for change in usual_changes(slow, 1, 2, PRICES)]
    assert kinds == [ChangeKind.MEMORY, ChangeKind.CHANNELS, ChangeKind.CARD, ChangeKind.DISK]
    memory, *_ = usual_changes(slow, None, None, PRICES)
    assert memory.added == 64 * GIB
    assert len(usual_changes(RYZEN, 2, 2, PRICES)) == 3


def test_a_machine_that_has_everything_is_told_so() -> None:
    seen = machine_of(EIGHT_A100)
    _, found = one(memory_change(seen, 2048 * GIB), seen)
    assert not found.buy


CHANGES = st.one_of(
    st.integers(1, 512).map(lambda gib: Change(ChangeKind.MEMORY, added=gib * GIB)),
    st.integers(2, 8).map(lambda then: Change(ChangeKind.CHANNELS, 16 * GIB, (1, then))),
    st.sampled_from(["RTX 3060 12GB", "RTX 4090", "A100 80GB"]).map(card_change),
    st.floats(1e9, 20e9).map(lambda rate: Change(ChangeKind.DISK, rate=rate)),
)
AIMS = st.builds(Aim, st.sampled_from(Purpose), st.sampled_from(Wish))
RANK = {Verdict.RUNS_WELL: 2, Verdict.SLOW: 1, Verdict.WILL_NOT_RUN: 0}


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([4, 8, 16, 64]),
    st.sampled_from([2, 8, 32]),
    st.floats(15e9, 200e9),
    st.sampled_from([None, 40e9, 120e9, 360e9]),
    CHANGES,
    AIMS,
)
def test_a_purchase_never_makes_the_advice_worse(
    ram: int, cores: int, rate: float, card: float | None, change: Change, aim: Aim
) -> None:
    """Cards that are slower than main memory, and processors that cannot use theirs, included."""
    cards = (gpu("a card", 12 * GIB, card),) if card else ()
    seen = machine_of(machine(ram * GIB, cores, rate, cards, 2e9))
    outcome, found = one(change, seen, aim)
    assert outcome.gained_tps >= 0
    assert english(outcome.message)
    if found.now:
        assert outcome.best is not None
        assert RANK[outcome.best.verdict] >= RANK[found.now.verdict]
    assert outcome.worth_it or not outcome.better_model


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("memory=32", "what_if_memory"),
        ("memory=1e300", "what_if_memory"),
        ("memory=nan", "what_if_malformed"),
        ("memory", "what_if_malformed"),
        ("wings=2", "what_if_malformed"),
        ("channels=4", "what_if_channels_unknown"),
        ("card=RTX 9999", "what_if_card_unknown"),
        ("card=99xRTX 3090", "what_if_cards"),
        ("card=", "what_if_malformed"),
        ("disk=0", "what_if_disk"),
        ("disk=1e9", "what_if_disk"),
        ("disk=7@-1", "what_if_malformed"),
        ("disk=7@1e12", "what_if_malformed"),
    ],
)
def test_what_cannot_be_bought_is_a_sentence(text: str, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        change_of(text, RYZEN, None)
    assert refused.value.message.code == code
    assert english(refused.value.message)


def test_an_unknown_card_is_told_its_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        card_change("RTX 3091")
    assert "3090" in str(refused.value.message.values["nearest"])


def test_the_outcomes_in_a_terminal() -> None:
    change = change_of("card=2xRTX 3090@12000", RYZEN, None)
    assert (change.count, change.card) == (2, "RTX 3090")
    told = "\n".join(what_if_lines(what_if(RYZEN, FEW, (change, disk_change(RYZEN, 7e9)), Aim())))
    assert "2 x RTX 3090 more  (12,000 CNY)" in told and "CNY for each" in told
    assert "price not known" in told
