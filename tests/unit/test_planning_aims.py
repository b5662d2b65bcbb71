"""Advice for a purpose and a wish: what must hold on any machine, and what it comes to on known ones."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.model import Quantization
from engine.figures import Origin
from engine.hardware.report import BandwidthMeasurement, HardwareReport
from engine.jobs.advising import stale
from engine.messages import english
from engine.planning.aims import TASKS, answer_seconds, liking
from engine.planning.altered import with_bandwidth, with_cards, with_memory
from engine.planning.loss import loss_of
from engine.planning.machine import machine_of
from engine.planning.plan import Aim, KvType, Purpose, Recommendation, RunPlan, Verdict, Wish
from engine.planning.purposes import plan_for
from engine.planning.recommend import recommend
from engine.planning.verdict import EXPERTS_CAUTION, wanted_tps
from tests.unit.planning_machines import (
    EIGHT_A100,
    GIB,
    RTX_4090_128,
    RYZEN_64,
    SMALL,
    catalog,
    gpu,
    machine,
    published,
)

# Of the catalogue, models of every kind and a few of their files: a plan takes milliseconds each.
NAMES = (
    *("DeepSeek-R1-0528", "DeepSeek-R1-0528-Qwen3-8B", "DeepSeek-R1-Distill-Llama-70B", "Qwen3-30B-A3B"),
    *("gpt-oss-20b", "Gemma 3 4B it", "SmolLM2-1.7B-Instruct", "Qwen3.5-0.8B", "Qwen3.5-9B", "Qwen3.8-27B"),
    *("Qwen3.5-122B-A10B", "DeepSeek-V4-Flash-0731"),
)
FILES = ("Q8_0", "Q6_K", "Q4_K_M", "Q3_K_M", "Q4_0", "MXFP4", "UD-Q4_K_XL", "UD-IQ2_M", "UD-TQ1_0")
FEW = tuple(
    replace(spec, quantizations=tuple(each for each in spec.quantizations if each.name in FILES))
    for spec in catalog()
    if spec.name in NAMES
)

AIMS = st.builds(Aim, st.sampled_from(Purpose), st.sampled_from(Wish))
# Within one model fewer bits may be taken for their speed: from 8 to 4 that costs 2.6 points, which is less
# than any two models of the catalogue that people would tell apart differ by.
STEP = 3.0
RANK = {Verdict.RUNS_WELL: 2, Verdict.SLOW: 1, Verdict.WILL_NOT_RUN: 0}


@st.composite
def reports(draw: st.DrawFn) -> HardwareReport:
    """What people have, and what they might: up to four cards, quicker than main memory or slower, with
    processors that can use it and such that cannot."""
    cards = draw(
        st.lists(
            st.builds(
                lambda vram, rate: gpu("card", vram * GIB, rate),
                st.sampled_from([6, 8, 12, 16, 24, 48, 80]),
                st.floats(20e9, 2e12),
            ),
            max_size=4,
        )
    )
    return machine(
        draw(st.sampled_from([4, 8, 16, 32, 64, 128, 256, 768])) * GIB,
        draw(st.sampled_from([2, 4, 8, 16, 32])),
        draw(st.floats(15e9, 800e9)),
        tuple(cards),
        draw(st.floats(4e8, 8e9)),
    )


def faster(report: HardwareReport, factor: float) -> HardwareReport:
    """Every rate that was measured, main memory and cards alike."""
    measured = report.memory.bandwidth
    assert measured is not None
    rate = replace(measured, bytes_per_second=measured.bytes_per_second * factor)
    cards = tuple(
        replace(card, bandwidth_bytes_per_second=(card.bandwidth_bytes_per_second or 0) * factor)
        for card in report.gpus
    )
    return replace(report, memory=replace(report.memory, bandwidth=rate), gpus=cards)


def larger(report: HardwareReport, added: int) -> HardwareReport:
    memory = report.memory
    grown = replace(
        memory, total_bytes=memory.total_bytes + added, available_bytes=memory.available_bytes + added
    )
    return replace(report, memory=grown)


def first(advice: Recommendation) -> tuple[float, float]:
    """How good the first plan is; lower than any where there is none for that purpose."""
    fitting = [plan for plan in advice.plans if advice.aim.purpose in plan.model.purposes]
    if not fitting or "advice_purpose_none" in [remark.code for remark in advice.remarks]:
        return (0.0, -math.inf)
    return (RANK[fitting[0].verdict], liking(fitting[0], advice.aim))


@settings(max_examples=25, deadline=None)
@given(reports(), AIMS)
def test_no_recommended_plan_exceeds_the_machine(report: HardwareReport, aim: Aim) -> None:
    seen = machine_of(report)
    for plan in recommend(report, FEW, aim).plans:
        assert plan.memory.ram <= seen.ram_budget
        taken = sorted((size for _, size in plan.memory.vram), reverse=True)
        room = sorted((card.vram_free_bytes for card in report.gpus), reverse=True)
        assert all(size <= most for size, most in zip(taken, room, strict=False))
        assert len(taken) <= len(room)


@settings(max_examples=20, deadline=None)
@given(reports(), AIMS, st.floats(1.0, 4.0))
def test_more_bandwidth_never_gives_worse_advice(report: HardwareReport, aim: Aim, factor: float) -> None:
    before, after = (recommend(each, FEW, aim) for each in (report, faster(report, factor)))
    was, now = first(before), first(after)
    assert (now[0], now[1] + STEP) >= was


@settings(max_examples=20, deadline=None)
@given(reports(), AIMS, st.integers(0, 256))
def test_more_memory_never_gives_worse_advice(report: HardwareReport, aim: Aim, added: int) -> None:
    before, after = (recommend(each, FEW, aim) for each in (report, larger(report, added * GIB)))
    was, now = first(before), first(after)
    assert now[0] >= was[0]
    assert now[0] > was[0] or now[1] >= was[1] - STEP


NOISE = 0.01


@settings(max_examples=20, deadline=None)
@given(reports(), AIMS, st.floats(1 - NOISE, 1 + NOISE))
def test_the_ranking_is_stable_under_small_noise(report: HardwareReport, aim: Aim, factor: float) -> None:
    """Two checks of one machine differ by a little. Plans change places only where they are as good as equal,
    or where one stands at the threshold of running well."""
    one, other = (recommend(each, FEW, aim) for each in (report, faster(report, factor)))
    place = {plan.model.name: number for number, plan in enumerate(other.plans)}
    settled = [plan for plan in one.plans if plan.model.name in place and not near_a_threshold(plan, aim)]
    for number, better in enumerate(settled):
        for worse in settled[number + 1 :]:
            if better.verdict is worse.verdict and liking(better, aim) - liking(worse, aim) > STEP:
                assert place[better.model.name] < place[worse.model.name]
    if one.plans and not any(near_a_threshold(plan, aim) for plan in (*one.plans, *other.plans)):
        assert abs(liking(one.plans[0], aim) - liking(other.plans[0], aim)) <= STEP


def near_a_threshold(plan: RunPlan, aim: Aim) -> bool:
    wanted = wanted_tps(plan.model) * (EXPERTS_CAUTION if plan.model.shape.experts else 1.0)
    patience = TASKS[aim.purpose].patience_s
    reading = plan.speed.time_to_first_token_s
    return abs(plan.speed.generation_tps.expected / wanted - 1) < 3 * NOISE or (
        patience is not None and abs(reading / patience - 1) < 3 * NOISE
    )


@settings(max_examples=15, deadline=None)
@given(reports(), AIMS)
def test_every_figure_carries_its_origin(report: HardwareReport, aim: Aim) -> None:
    advice = recommend(report, FEW, aim)
    for plan in (*advice.plans, advice.flagship):
        assert plan.memory.origin in (Origin.PLANNED, Origin.ESTIMATED)
        assert plan.speed.origin is Origin.ESTIMATED
        loss = loss_of(plan.quantization)
        assert loss.source and loss.increase >= 0
        assert (plan.remedy is None) or plan.verdict is not Verdict.RUNS_WELL
        for told in (*plan.reasons, *([plan.remedy] if plan.remedy else [])):
            assert "{" not in english(told)
    assert advice.guide and all(note.sources and english(note.message) for note in advice.guide)


@pytest.mark.parametrize("report", [RYZEN_64, RTX_4090_128, EIGHT_A100])
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_purpose_gets_its_models_and_its_context(report: HardwareReport, purpose: Purpose) -> None:
    advice = recommend(report, catalog(), Aim(purpose))
    assert advice.plans[0].verdict is Verdict.RUNS_WELL
    for plan in advice.plans:
        assert purpose in plan.model.purposes
        assert plan.context_length >= TASKS[purpose].context
        patience = TASKS[purpose].patience_s
        if plan.verdict is Verdict.RUNS_WELL and patience is not None:
            assert plan.speed.time_to_first_token_s <= patience


@pytest.mark.parametrize("report", [RYZEN_64, RTX_4090_128, EIGHT_A100])
def test_who_wishes_for_speed_waits_less(report: HardwareReport) -> None:
    good, quick = (recommend(report, catalog(), Aim(wish=wish)).plans[0] for wish in Wish)
    assert answer_seconds(quick, Purpose.CHAT) < answer_seconds(good, Purpose.CHAT)
    assert liking(quick, Aim()) <= liking(good, Aim())
    assert quick.verdict is Verdict.RUNS_WELL


def test_quality_does_not_take_three_bits_for_speed() -> None:
    """Qwen3.6-35B-A3B answers at 22 tokens/s with 3 bits and 13 with 5: both run well."""
    assert recommend(RYZEN_64, catalog()).plans[0].quantization.bits_per_weight > 4.4


def test_reading_a_long_document_has_its_limit() -> None:
    """24,000 tokens at the prompt speed of a small processor take longer than anybody waits."""
    plan = plan_for(machine_of(SMALL), *published("Qwen3.5-4B", "Q4_K_M"), Purpose.LONG)
    assert plan.verdict is not Verdict.RUNS_WELL
    assert plan.speed.time_to_first_token_s > 300
    slow = machine(64 * GIB, 8, 80e9)
    codes = [
        reason.code
        for reason in plan_for(machine_of(slow), *published("gemma-4-E2B-it", "Q4_0"), Purpose.LONG).reasons
    ]
    assert "plan_slow_reading" in codes


def test_a_quantised_cache_only_where_it_helps() -> None:
    """32k of an 8B with f16 push too much of it off a card of 6 GiB; half of that does not."""
    small_card = machine(16 * GIB, 8, 30e9, (gpu("a card", 6 * GIB, 448e9),))
    spec, quantization = published("DeepSeek-R1-Distill-Llama-8B", "Q4_K_M")
    assert plan_for(machine_of(small_card), spec, quantization, Purpose.LONG).kv_type is KvType.Q8_0
    assert plan_for(machine_of(RTX_4090_128), spec, quantization, Purpose.LONG).kv_type is KvType.F16


def test_where_nothing_serves_the_purpose_the_nearest_is_named() -> None:
    tiny = machine(2 * GIB, 2, 10e9)
    advice = recommend(tiny, catalog(), Aim(Purpose.CODE))
    assert advice.plans
    assert advice.remarks[0].code in ("advice_purpose_none", "advice_purpose_slow")
    assert advice.plans[0].model.title in english(advice.remarks[0])


def remedy_of(report: HardwareReport, name: str) -> tuple[RunPlan, str]:
    advice = recommend(report, (published(name, "Q4_K_M")[0],))
    plan = (*advice.plans, advice.flagship)[0]
    assert plan.verdict is not Verdict.RUNS_WELL and plan.remedy is not None
    return plan, plan.remedy.code


def test_a_remedy_is_the_smallest_that_helps() -> None:
    seen = machine_of(RYZEN_64)
    plan, code = remedy_of(RYZEN_64, "DeepSeek-R1-Distill-Llama-70B")
    assert code == "plan_would_with_card" and plan.remedy is not None
    card = str(plan.remedy.values["card"])

    def with_card(name: str) -> Verdict:
        return plan_for(with_cards(seen, name), plan.model, plan.quantization, Purpose.CHAT).verdict

    assert with_card(card) is Verdict.RUNS_WELL
    assert with_card("GeForce RTX 3060 12 GB") is Verdict.SLOW

    slow = machine(64 * GIB, 16, 18e9)
    plan, code = remedy_of(slow, "Qwen3-14B")
    assert code == "plan_would_with_bandwidth"
    assert plan.remedy is not None and int(str(plan.remedy.values["rate"]).split()[0]) > 18
    quick = with_bandwidth(machine_of(slow), 16)
    assert plan_for(quick, plan.model, plan.quantization, Purpose.CHAT).verdict is Verdict.RUNS_WELL

    small = machine(8 * GIB, 16, 90e9)
    _, code = remedy_of(small, "Qwen3-30B-A3B")
    assert code == "plan_would_with_memory"


def test_an_altered_machine_keeps_what_is_known_of_it() -> None:
    seen = machine_of(RTX_4090_128)
    more = with_memory(with_cards(seen, "GeForce RTX 3090", 2), 64 * GIB)
    assert len(more.gpus) == 3 and more.gpus[0].name == "RTX 4090"
    assert more.gpus[1].budget > 22 * GIB
    assert more.ram_budget == seen.ram_budget + 64 * GIB
    assert more.ram_bandwidth == seen.ram_bandwidth


def test_the_loss_of_a_quantization_is_published_or_said_to_be_near() -> None:
    _, measured = published("DeepSeek-R1-0528", "Q4_K_M")
    assert loss_of(measured).increase == 0.1754 and loss_of(measured).measured
    _, dynamic = published("DeepSeek-R1-0528", "UD-Q4_K_XL")
    near = loss_of(dynamic)
    assert not near.measured and near.increase >= 0.1754
    _, native = published("gpt-oss-20b", "MXFP4")
    assert loss_of(native).native and loss_of(native).increase == 0
    wide = Quantization("BF16", 1, True, 16.0, "")
    assert loss_of(wide).increase == 0
    _, trained = published("gemma-4-12B-it", "Q4_0")
    assert loss_of(trained).increase < 0.4685 and not loss_of(trained).measured


def test_a_toy_is_not_advised_for_its_speed() -> None:
    slow = machine(16 * GIB, 4, 25e9, instructions=("avx2",))
    quick = recommend(slow, catalog(), Aim(wish=Wish.SPEED)).plans[0]
    assert quick.model.quality >= 10 and quick.verdict is Verdict.RUNS_WELL


def test_few_bits_are_not_advised_for_a_better_name() -> None:
    """A 27B with 3 bits on a card of 12 GiB loses more than the smaller mixture with 5."""
    card = machine(32 * GIB, 6, 40e9, (gpu("RTX 3060", 12 * GIB, 360e9),))
    for purpose in (Purpose.CHAT, Purpose.CODE):
        assert loss_of(recommend(card, catalog(), Aim(purpose)).plans[0].quantization).increase < 0.3


def test_measured_rates_are_what_the_noise_is_in() -> None:
    """The helper of the property above changes what it claims to."""
    twice = faster(RTX_4090_128, 2)
    assert isinstance(twice.memory.bandwidth, BandwidthMeasurement)
    assert twice.memory.bandwidth.bytes_per_second == 160e9
    assert twice.gpus[0].bandwidth_bytes_per_second == 2020e9


def test_a_machine_that_runs_nothing_is_told_the_nearest() -> None:
    full = machine(8 * GIB, 2, 10e9, available=100 << 20)
    advice = recommend(full, catalog())
    assert not advice.plans
    told = english(advice.remarks[0])
    assert advice.remarks[0].code == "advice_nothing_runs" and "SmolLM2-135M" in told and "MiB" in told


def test_an_old_catalogue_says_so() -> None:
    assert stale("2026-11-23", "2026-11-27") is None
    old = stale("2026-11-23", "2027-11-27")
    assert old is not None and "2026-11-23" in english(old)
    assert stale("yesterday", "2026-11-27") is not None
