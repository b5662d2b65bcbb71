"""Advice: the guide's machines against published figures, and what must hold on any machine."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.model import ModelSpec, Quantization
from engine.hardware.report import CpuInfo, GpuInfo, HardwareReport
from engine.messages import english
from engine.planning.aims import answer_seconds, liking
from engine.planning.machine import machine_of, threads_for
from engine.planning.placement import plan_on
from engine.planning.plan import Aim, KvType, Purpose, RunPlan, Tier, Verdict
from engine.planning.recommend import plan_model, recommend
from engine.planning.speed import SpeedQuestion
from engine.planning.speed_inputs import Bottleneck
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


def within(plan: RunPlan, measured: float) -> bool:
    return plan.speed.generation_tps.low <= measured <= plan.speed.generation_tps.high


def test_the_guides_cpu_machine_streams_the_671b_and_runs_the_8b_well() -> None:
    """Published: about 1 token/s streamed; 8-10 for the 8B at Q4_K_M."""
    flagship = plan_model(RYZEN_64, *published("DeepSeek-R1-0528", "UD-TQ1_0"))
    assert flagship.verdict is Verdict.SLOW
    assert flagship.memory.streamed > 80 * GIB
    assert not flagship.repack
    assert flagship.use_mmap
    assert flagship.speed.bottleneck is Bottleneck.SSD
    assert within(flagship, 1.0)
    distill = plan_model(RYZEN_64, *published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M"))
    assert distill.verdict is Verdict.RUNS_WELL
    assert 8 <= distill.speed.generation_tps.expected <= 10
    assert distill.speed.bottleneck is Bottleneck.RAM


def test_advice_for_the_guides_cpu_machine() -> None:
    advice = recommend(RYZEN_64, catalog())
    assert advice.tier is Tier.CPU
    assert advice.flagship.model.name == "DeepSeek-R1-0528"
    assert advice.flagship.memory.streamed > 0
    names = [plan.model.name for plan in advice.plans]
    assert "DeepSeek-R1-0528-Qwen3-8B" in names
    assert "DeepSeek-R1-0528" not in names
    assert advice.plans[0].verdict is Verdict.RUNS_WELL
    assert advice.guide[0].message.code == "guide_64_gb"


def test_the_guides_gpu_machine() -> None:
    """Published on a 4090: 14B Q4_K_M 92.5, and 8B Q4_K_M 127.7 with a build of before the spring of
    2024, which started kernels one by one; the 671B 3-5 with experts in RAM."""
    for name, measured, recorded in (
        ("DeepSeek-R1-Distill-Qwen-14B", 92.49, 1.0),
        ("DeepSeek-R1-Distill-Llama-8B", 127.74, 0.0),
    ):
        seen = replace(machine_of(RTX_4090_128), recorded=recorded)
        plan = plan_on(seen, *published(name, "Q4_K_M"), 4096)
        assert plan.n_gpu_layers == plan.model.shape.layers + 1
        assert within(plan, measured), name
    advice = recommend(RTX_4090_128, catalog())
    assert advice.tier is Tier.ONE_GPU
    assert advice.flagship.verdict is Verdict.SLOW
    assert within(advice.flagship, 3.0)
    assert advice.plans[0].verdict is Verdict.RUNS_WELL
    assert advice.plans[0].speed.generation_tps.expected > 15


def test_eight_a100_hold_q4_k_m_but_not_the_native_weights() -> None:
    """640 GiB: Q4_K_M (377 GiB) fits wholly, what takes 664 GiB does not."""
    fits = plan_model(EIGHT_A100, *published("DeepSeek-R1-0528", "Q4_K_M"))
    assert fits.n_gpu_layers == 62
    assert fits.verdict is Verdict.RUNS_WELL
    assert sum(size for _, size in fits.memory.vram) > 377 * GIB
    assert fits.memory.ram < 4 * GIB
    native = plan_model(EIGHT_A100, *published("DeepSeek-R1-0528", "Q8_0"))
    assert native.memory.ram > 30 * GIB
    advice = recommend(EIGHT_A100, catalog())
    assert advice.tier is Tier.SEVERAL_GPUS
    assert advice.flagship.verdict is Verdict.RUNS_WELL
    assert "DeepSeek-R1-0528" in [plan.model.name for plan in advice.plans]
    assert advice.guide[0].message.code == "guide_eight_a100"


@pytest.mark.parametrize("bandwidth", [15e9, 20e9, 40e9])
def test_a_small_machine_gets_a_small_model(bandwidth: float) -> None:
    advice = recommend(machine(24 * GIB, 2, bandwidth, disk=1.3e9), catalog())
    assert advice.tier is Tier.STARTER
    best = advice.plans[0]
    assert best.verdict is Verdict.RUNS_WELL
    assert best.quantization.size_bytes < 6 * GIB
    assert best.threads <= 2
    assert advice.flagship.verdict is Verdict.WILL_NOT_RUN


def test_loading_is_the_file_over_the_disk() -> None:
    """377 GiB at 5 GB/s take 81 s, and the disk changes nothing else of a resident model."""
    slow = replace(EIGHT_A100, disks=machine(GIB, 1, disk=1e9).disks)
    fast_plan = plan_model(EIGHT_A100, *published("DeepSeek-R1-0528", "Q4_K_M"))
    slow_plan = plan_model(slow, *published("DeepSeek-R1-0528", "Q4_K_M"))
    assert fast_plan.speed.load_s == pytest.approx(81, abs=1)
    assert slow_plan.speed.load_s == pytest.approx(405, abs=5)
    assert slow_plan.speed.generation_tps == fast_plan.speed.generation_tps


def with_card(name: str, vram: int, bandwidth: float) -> HardwareReport:
    return machine(64 * GIB, 8, 40e9, (gpu(name, vram * GIB, bandwidth),))


A10G = with_card("A10G", 24, 600e9)
L40S = with_card("L40S", 48, 864e9)
RTX_3060 = with_card("RTX 3060", 12, 360e9)

EPYC = machine(768 * GIB, 32, 380e9)
XEON_4090D = machine(400 * GIB, 32, 230e9, (gpu("RTX 4090D", 24 * GIB, 1010e9),))


@pytest.mark.parametrize(
    ("report", "name", "measured"),
    [
        # published runs at Q4_K_M on one device, and the 671B in main memory and split
        (A10G, "DeepSeek-R1-Distill-Qwen-14B", 50.32),
        (A10G, "Qwen3-30B-A3B", 155.8),
        (L40S, "Qwen3.6-27B", 33.57),
        (RTX_3060, "DeepSeek-R1-Distill-Qwen-14B", 29.77),
        (EPYC, "DeepSeek-R1-0528", 9.57),
        (XEON_4090D, "DeepSeek-R1-0528", 8.73),
    ],
)
def test_published_runs_lie_in_the_stated_range(report: HardwareReport, name: str, measured: float) -> None:
    asked = SpeedQuestion(depth=128)  # as llama-bench generates
    plan = plan_on(machine_of(report), *published(name, "Q4_K_M"), 4096, asked=asked)
    speed = plan.speed.generation_tps
    assert speed.low <= measured <= speed.high, speed


def test_the_experts_stay_in_main_memory_where_the_rest_fits_the_card() -> None:
    report = machine(512 * GIB, 32, 200e9, (gpu("RTX 3090", 24 * GIB, 936e9),))
    plan = plan_model(report, *published("DeepSeek-R1-0528", "Q4_K_M"))
    assert plan.experts_away
    assert plan.n_gpu_layers == 62
    assert sum(size for _, size in plan.memory.vram) < 24 * GIB
    assert plan.memory.ram > 300 * GIB


def test_only_usable_gpus_count() -> None:
    dead = replace(RYZEN_64, gpus=(gpu("RTX 4090", 24 * GIB, 1010e9, usable=False),))
    spec, quantization = published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M")
    assert plan_model(dead, spec, quantization) == plan_model(RYZEN_64, spec, quantization)


def test_a_container_limit_is_the_machine() -> None:
    boxed = machine(256 * GIB, 8, 60e9, limit=8 * GIB, available=7 * GIB)
    for plan in recommend(boxed, catalog()).plans:
        assert plan.memory.ram < 7 * GIB
    refused = plan_model(boxed, *published("DeepSeek-R1-Distill-Llama-70B", "Q4_K_M"))
    assert refused.verdict is not Verdict.RUNS_WELL
    assert "plan_streamed" in [reason.code for reason in refused.reasons]


def test_a_full_disk_is_not_offered_what_does_not_fit() -> None:
    report = machine(64 * GIB, 16, 60e9, disk_free=3 * GIB)
    plans = recommend(report, catalog()).plans
    assert plans
    assert all(plan.quantization.size_bytes < 3 * GIB for plan in plans)


def test_what_is_asked_for_is_kept() -> None:
    spec, quantization = published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M")
    plan = plan_model(RYZEN_64, spec, quantization, 12_000, KvType.Q8_0)
    assert (plan.context_length, plan.kv_type) == (12_000, KvType.Q8_0)
    beyond = plan_model(RYZEN_64, spec, quantization, 100_000)
    assert "plan_beyond_training" in [reason.code for reason in beyond.reasons]


@pytest.mark.parametrize(
    ("cores", "performance", "usable", "busy", "threads"),
    [
        (16, 16, 32.0, False, 14),
        (16, 8, 24.0, False, 7),
        (8, 8, 2.5, False, 2),
        (2, 2, 2.0, True, 1),
        (1, 1, 0.5, False, 1),
    ],
)
def test_threads_leave_room(cores: int, performance: int, usable: float, busy: bool, threads: int) -> None:
    cpu = CpuInfo("", "x86_64", cores, cores, performance, usable, (), None)
    assert threads_for(cpu, busy) == threads


# what must hold whatever the machine

SIZES = st.integers(1, 2000).map(lambda tenths: tenths * GIB // 2)
CARDS = st.lists(
    st.builds(
        lambda vram, rate, usable: gpu("card", vram * GIB // 2, rate, usable),
        st.integers(2, 200),
        st.one_of(st.none(), st.floats(50e9, 5e12)),
        st.sampled_from([True, True, False]),
    ),
    max_size=4,
).map(tuple)


@st.composite
def machines(draw: st.DrawFn) -> HardwareReport:
    ram = draw(SIZES)
    limit = draw(st.one_of(st.none(), SIZES))
    usable = min(ram, limit or ram)
    return machine(
        ram,
        draw(st.integers(1, 128)),
        draw(st.one_of(st.none(), st.floats(2e9, 800e9))),
        draw(CARDS),
        draw(st.one_of(st.none(), st.floats(5e7, 12e9))),
        limit=limit,
        available=int(usable * draw(st.floats(0.0, 1.0))),
        instructions=draw(st.sampled_from([(), ("avx2",), ("avx2", "avx512f")])),
    )


PUBLISHED = st.sampled_from([(spec, quant) for spec in catalog() for quant in spec.quantizations])


@settings(max_examples=300, deadline=None)
@given(machines(), PUBLISHED, st.sampled_from([0, 0, 512, 65_536]), st.sampled_from([None, *KvType]))
def test_a_plan_never_exceeds_its_budget(
    report: HardwareReport,
    model: tuple[ModelSpec, Quantization],
    context: int,
    kv_type: KvType | None,
) -> None:
    plan = plan_model(report, *model, context, kv_type)
    memory, seen = plan.memory, machine_of(report)
    if plan.verdict is not Verdict.WILL_NOT_RUN:
        assert memory.ram <= seen.ram_budget <= report.memory.usable_bytes
        assert memory.ram <= report.memory.available_bytes
    free = sorted((card.vram_free_bytes for card in report.gpus if card.usable), reverse=True)
    assert len(memory.vram) <= len(free)
    taken = sorted((size for _, size in memory.vram), reverse=True)
    assert all(size <= room for size, room in zip(taken, free, strict=False))
    parts = memory.weights + memory.repack + memory.kv_cache + memory.compute + memory.output
    assert memory.reserved == parts
    assert memory.ram + sum(taken) >= memory.reserved - memory.streamed - len(taken) - 1
    assert 0 <= memory.resident <= memory.reserved + memory.overhead
    assert 0 <= memory.streamed <= memory.weights
    assert not (memory.streamed and plan.verdict is Verdict.RUNS_WELL)
    assert 0 <= plan.n_gpu_layers <= plan.model.shape.layers + 1
    assert plan.threads >= 1


@settings(max_examples=200, deadline=None)
@given(machines(), PUBLISHED)
def test_every_figure_is_finite_and_every_range_ordered(
    report: HardwareReport, model: tuple[ModelSpec, Quantization]
) -> None:
    plan = plan_model(report, *model)
    for figures in (plan.speed.generation_tps, plan.speed.prompt_tps):
        assert 0 < figures.low <= figures.expected <= figures.high < math.inf
    assert 0 < plan.speed.time_to_first_token_s < math.inf
    assert 0 <= plan.speed.load_s < math.inf
    assert plan.reasons
    for reason in plan.reasons:
        assert "{" not in english(reason)


def more_of_everything(report: HardwareReport, ram: int, vram: int) -> HardwareReport:
    memory = report.memory
    grown = replace(
        memory,
        total_bytes=memory.total_bytes + ram,
        available_bytes=memory.available_bytes + ram,
        limit_bytes=None if memory.limit_bytes is None else memory.limit_bytes + ram,
    )

    def wider(card: GpuInfo) -> GpuInfo:
        # the bandwidth of a card must not change with its size, or it would be another card
        rate = card.bandwidth_bytes_per_second or 300e9
        return replace(
            card,
            vram_bytes=card.vram_bytes + vram,
            vram_free_bytes=card.vram_free_bytes + vram,
            bandwidth_bytes_per_second=rate,
        )

    return replace(report, memory=grown, gpus=tuple(wider(card) for card in report.gpus))


@settings(max_examples=300, deadline=None)
@given(machines(), PUBLISHED, st.integers(0, 64 * GIB), st.integers(0, 48 * GIB))
def test_more_memory_never_offloads_less(
    report: HardwareReport, model: tuple[ModelSpec, Quantization], ram: int, vram: int
) -> None:
    start = more_of_everything(report, 0, 0)
    before = plan_model(start, *model, 8192)
    after = plan_model(more_of_everything(report, ram, vram), *model, 8192)
    on_gpus = [sum(size for _, size in plan.memory.vram) for plan in (before, after)]
    # experts may move to main memory once it holds them, if then every layer is on a GPU
    as_much = on_gpus[1] >= on_gpus[0] or after.n_gpu_layers >= before.n_gpu_layers
    # a device that is slower than the processor is let go as far as main memory holds what it had to
    sooner = answer_seconds(after, Purpose.CHAT) <= answer_seconds(before, Purpose.CHAT) * 1.001
    assert as_much or sooner
    if "plan_no_memory" not in [reason.code for reason in before.reasons]:
        assert after.memory.streamed <= before.memory.streamed


STEP = 3.0  # points, from 8 bits to 4
RANK = {Verdict.RUNS_WELL: 2, Verdict.SLOW: 1, Verdict.WILL_NOT_RUN: 0}


@settings(max_examples=40, deadline=None)
@given(machines(), st.integers(0, 64 * GIB), st.integers(0, 48 * GIB))
def test_more_memory_never_worsens_the_first_plan(report: HardwareReport, ram: int, vram: int) -> None:
    before = recommend(more_of_everything(report, 0, 0), catalog()).plans[:1]
    after = recommend(more_of_everything(report, ram, vram), catalog()).plans[:1]
    if before:
        assert after
        # a quantization with fewer bits may be taken for its speed, within one model
        assert (RANK[after[0].verdict], liking(after[0], Aim()) + STEP) >= (
            RANK[before[0].verdict],
            liking(before[0], Aim()),
        )


@settings(max_examples=40, deadline=None)
@given(machines())
def test_a_recommendation_is_always_whole(report: HardwareReport) -> None:
    advice = recommend(report, catalog())
    assert len(advice.plans) <= 8
    names = [plan.model.name for plan in advice.plans]
    assert len(set(names)) == len(names)
    order = [RANK[plan.verdict] for plan in advice.plans]
    assert order == sorted(order, reverse=True)
    assert 0 not in order
    assert not any(plan.memory.streamed for plan in advice.plans)
    assert advice.flagship.model.name == "DeepSeek-R1-0528"
    assert advice.remarks
    for remark in advice.remarks:
        assert "{" not in english(remark)


def test_a_catalogue_without_files_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no model"):
        recommend(SMALL, ())
