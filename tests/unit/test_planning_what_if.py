"""What a purchase brings: never less than nothing, priced where a price is known, and "don't buy"."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cli.what_if import change_of, what_if_lines
from engine.errors import UsageError
from engine.hardware.cpu_names import known_cpus
from engine.hardware.described_json import description_from_json
from engine.messages import english
from engine.planning.calibration import Corrections
from engine.planning.change import (
    applied,
    card_change,
    disk_change,
    memory_change,
    priced,
    processor_change,
    usual_changes,
)
from engine.planning.described_machine import described_machine
from engine.planning.machine import machine_of
from engine.planning.placement import plan_on
from engine.planning.plan import Aim, Purpose, Verdict, Wish
from engine.planning.prices import Part, PartKind, PriceList, Sourced
from engine.planning.purchase import Change, ChangeKind
from engine.planning.remedy import with_remedy
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
        Part("Ryzen 9 9950X", PartKind.PROCESSOR, Sourced(3000, 3500, "a shop", "2026-11")),
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


def test_channels_that_the_processor_has_not_are_not_filled() -> None:
    seen = replace(RYZEN, sockets=1)
    with pytest.raises(UsageError) as refused:
        change_of("channels=8", seen, 2, "AMD Ryzen 9 7950X 16-Core Processor")
    assert refused.value.message.code == "what_if_channels_most"
    assert refused.value.message.values["most"] == 2
    two = replace(RYZEN, sockets=2)
    assert change_of("channels=16", two, 8, "EPYC 7302").channels == (8, 16)
    usual = list(usual_changes(two, 8, "EPYC 7302", PriceList(())))
    assert [each.channels for each in usual if each.kind is ChangeKind.CHANNELS] == [(8, 16)]
    assert change_of("channels=8", seen, 2, "a processor of nobody").channels == (2, 8)


def test_a_disk_loads_faster_and_answers_no_faster() -> None:
    seen = machine_of(machine(64 * GIB, 16, 62e9, disk=0.5e9))
    outcome, _ = one(disk_change(seen, 7e9), seen)
    assert outcome.message.code == "what_if_loads"
    assert outcome.gained_tps == 0 and not outcome.worth_it


def test_a_processor_with_more_cores_brings_speed_where_cores_are_few() -> None:
    seen = replace(machine_of(machine(64 * GIB, 6, 60e9)), core_rate=1.25)
    outcome, found = one(priced(processor_change(seen, "Ryzen 9 9950X", "AMD Ryzen 5 7600"), PRICES), seen)
    assert outcome.worth_it and outcome.gained_tps > 0
    assert outcome.change.price is not None and outcome.change.price.high == 3500
    codes = [remark.code for remark in found.remarks]
    assert "what_if_processor_not_checked" in codes and "what_if_processor_memory" not in codes


def test_a_processor_reads_the_modules_that_are_there_through_its_own_links() -> None:
    seen = machine_of(machine(64 * GIB, 8, 62e9))
    wider = applied(processor_change(seen, "Ryzen 9 9950X", "Ryzen 7 7700"), seen)
    assert wider.ram_bandwidth.expected == pytest.approx(2 * 5200e6 * 8 * 0.9)
    same = applied(processor_change(seen, "Ryzen 7 7700X", "Ryzen 7 7700"), seen)
    assert same.ram_bandwidth.expected == pytest.approx(62e9)
    assert wider.threads == 14 and wider.ram_budget == seen.ram_budget and wider.gpus == seen.gpus


def test_what_was_learnt_of_a_processor_goes_with_it_and_of_cards_stays() -> None:
    taught = Corrections(vram=0.8, ram=1.4, prompt=2.0, observed=3, prompts_observed=2)
    seen = replace(machine_of(machine(64 * GIB, 8, 62e9)), corrections=taught, own=(("a build", taught),))
    other = applied(processor_change(seen, "Ryzen 9 9950X", "Ryzen 7 7700"), seen)
    assert other.calibration is None
    assert other.corrections == other.own[0][1] == Corrections(vram=0.8, observed=3)


def test_a_slower_processor_is_not_bought() -> None:
    outcome, found = one(processor_change(RYZEN, "Ryzen 5 3600", "Ryzen 9 7950X"))
    assert not outcome.worth_it and outcome.gained_tps == 0 and not found.buy
    assert outcome.message.code == "what_if_slower" and english(outcome.message)
    assert "what_if_processor_memory" in [remark.code for remark in found.remarks]  # it reads DDR4


@pytest.mark.parametrize("name", ["Ryzen 9 9950X", "9950X", "AMD Ryzen 9 9950X 16-Core Processor"])
def test_a_processor_is_known_as_people_write_it(name: str) -> None:
    assert processor_change(RYZEN, name, "").processor == "Ryzen 9 9950X"


@pytest.mark.parametrize("name", ["Ryzen 9", "i9", "the one in the shop"])
def test_what_may_be_several_processors_is_asked_for(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        processor_change(RYZEN, name, "")
    assert refused.value.message.code == "what_if_processor_unknown"


def test_a_processor_of_nobody_is_told_its_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        change_of("processor=Core i9-99999", RYZEN, 2, "Ryzen 9 7950X")
    assert refused.value.message.code == "what_if_processor_unknown"
    assert "i9" in str(refused.value.message.values["nearest"])


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(known_cpus()), st.sampled_from(known_cpus()), st.sampled_from([8, 32]), st.booleans())
def test_any_processor_for_any_other_is_answered(new: str, old: str, ram: int, carded: bool) -> None:
    cards = (gpu("a card", 12 * GIB, 360e9),) if carded else ()
    seen = machine_of(machine(ram * GIB, 8, 40e9, cards, 2e9))
    try:
        change = processor_change(seen, new, old)
    except UsageError as refused:
        assert refused.message.code == "what_if_processor_unlike"
        return
    outcome, found = one(change, seen)
    assert outcome.gained_tps >= 0 and english(outcome.message)
    if outcome.worth_it and not outcome.better_model:
        assert outcome.same is not None and found.now is not None
        faster, slower = outcome.same.speed.generation_tps, found.now.speed.generation_tps
        assert faster.expected > slower.expected
    assert applied(change, seen).ram_budget == seen.ram_budget


def test_a_price_in_dollars_needs_a_rate() -> None:
    change = disk_change(RYZEN, 7e9)
    only = PriceList((PRICES.parts[4],))
    assert priced(change, only).price is None
    rated = replace(only, cny_per_usd=Sourced(7, 7, "a bank", "2026-11"))
    found = priced(change, rated).price
    assert found is not None and found.high == 7


def test_the_usual_changes_are_what_people_think_of() -> None:
    slow = machine_of(machine(62 * GIB, 16, 30e9, disk=1e9))
    kinds = [change.kind for change in usual_changes(slow, 1, "Ryzen 5 7600", PRICES)]
    wanted = [ChangeKind.MEMORY, ChangeKind.CHANNELS, ChangeKind.CARD, ChangeKind.PROCESSOR, ChangeKind.DISK]
    assert kinds == wanted
    memory, *_ = usual_changes(slow, None, "", PRICES)
    assert memory.added == 64 * GIB
    # Its own processor, one that reads other memory, and one beside which nothing is known, are not offered.
    for cpu in ("Ryzen 9 9950X", "Ryzen 5 3600", ""):
        assert len(usual_changes(RYZEN, 2, cpu, PRICES)) == 3


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
        ("processor=", "what_if_malformed"),
        ("processor=a wheel", "what_if_processor_unknown"),
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


MAC = description_from_json({"gpus": ["Apple M2 Ultra 76-core"], "memory": {"size_gib": 64}})


def test_nothing_is_added_to_a_machine_whose_memory_is_built_in() -> None:
    mac = described_machine(MAC)
    assert mac.built_in and not RYZEN.built_in
    assert [change.kind for change in usual_changes(mac, None, "", PRICES)] == [ChangeKind.DISK]
    for text in ("card=RTX 3090", "memory=128", "processor=Ryzen 9 9950X"):
        with pytest.raises(UsageError) as refused:
            change_of(text, mac, 2)
        assert refused.value.message.code in ("what_if_built_in", "what_if_processor_unlike")
    found = what_if(mac, FEW, (change_of("disk=7", mac, None),), Aim())
    assert found.remarks[0].code == "what_if_built_in"


def test_what_would_help_such_a_machine_is_another_one() -> None:
    large = next(spec for spec in catalog() if spec.name == "DeepSeek-R1-0528")
    plan = plan_on(described_machine(MAC), large, large.quantizations[-1])
    told = with_remedy(plan, described_machine(MAC), lambda other: plan).remedy
    assert told is not None and told.code == "plan_would_elsewhere" and english(told)
