"""Described machines: known names, what is asked, and what must hold of speed on any machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.model import ModelSpec, Quantization
from engine.hardware.cpu_names import published_cpu
from engine.hardware.described_json import description_from_json
from engine.hardware.gpu_names import published_gpu
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.described_machine import described_machine, with_threads
from engine.planning.machine import Machine
from engine.planning.placement import plan_on
from engine.planning.plan import RunPlan
from engine.planning.sharpen import Observation, sharpen
from engine.planning.speed import SpeedQuestion
from engine.planning.speed_inputs import TokenTime, time_of
from tests.unit.planning_machines import catalog, published

R1 = ("DeepSeek-R1-0528", "Q4_K_M")
SMALL_8B = ("DeepSeek-R1-Distill-Llama-8B", "Q4_K_M")


def described(**parts: Any) -> Machine:
    return described_machine(description_from_json(parts))


def plan(machine: Machine, model: tuple[str, str], **asked: int) -> RunPlan:
    return plan_on(machine, *published(*model), 8192, asked=SpeedQuestion(**asked))


def codes(made: RunPlan) -> list[str]:
    return [reason.code for reason in made.reasons if reason.code.startswith("plan_ask")]


@pytest.mark.parametrize(
    ("name", "architecture", "units"),
    [
        ("NVIDIA GeForce RTX 4090", "ada", 128),
        ("RTX 4090D 24GB", "ada", 114),
        ("3080Ti", "ampere", 80),
        ("RTX 3080 10GB", "ampere", 68),
        ("Apple M2 Ultra 76-core 192GB", "apple", 76),
        ("M1 Max", "apple", 32),
        ("RX 7900 XT", "rdna3", 84),
        ("H100-80GB", "hopper", 114),
        ("A100-SXM4-80GB", "ampere", 108),
        ("RTX 6000 Ada 48GB", "ada", 142),
        ("B580", "battlemage", 20),
        ("RTX4090", "ada", 128),
        ("H100 SXM", "hopper", 132),
        ("NVIDIA H100 80GB HBM3", "hopper", 132),
        ("RX7900XTX", "rdna3", 96),
        ("A100-80G", "ampere", 108),
        ("Tesla V100 16GiB", "volta", 80),
        ("Strix Halo", "rdna3", 40),
        ("RTX 4060 Laptop", "ada", 24),
        ("NVIDIA GeForce RTX 3080 Laptop GPU", "ampere", 48),
        ("Radeon RX 580", "polaris", 36),
        ("M3 Ultra 60-core 256GB", "apple9", 60),
        ("NVIDIA RTX PRO 4000 Blackwell SFF Edition", "blackwell", 70),
        ("Arc Pro B70", "battlemage", 32),
        ("RTX 2070 with Max-Q Design", "turing", 36),
        ("Jetson AGX Orin 64GB", "ampere", 16),
    ],
)
def test_cards_are_known_by_the_names_that_people_write(name: str, architecture: str, units: int) -> None:
    found = published_gpu(name)
    assert found is not None and (found.architecture, found.units) == (architecture, units)


def test_a_card_is_not_taken_for_another() -> None:
    assert published_gpu("some card of 4 GB") is None
    assert published_gpu("RTX 4090 Laptop") != published_gpu("RTX 4090")


def test_a_size_in_a_name_tells_twins_apart() -> None:
    for name, gib in (("A100-80G", 80), ("A100 40GB", 40), ("RTX 3080 12 GiB", 12), ("Tesla V100 16G", 16)):
        known = published_gpu(name)
        assert known is not None and known.memory_bytes == gib * 2**30


@pytest.mark.parametrize(
    ("name", "known", "channels"),
    [
        ("Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz", "Xeon E5-2690 v4", 4),
        ("AMD Ryzen Threadripper PRO 7965WX 24-Cores", "Threadripper PRO 7965WX", 8),
        ("i9-7980XE", "Core i9-7980XE", 4),
        ("Xeon 8480 x2", "Xeon Platinum 8480", 8),
        ("Raspberry Pi 5 16GB", "Raspberry Pi 5", 1),
        ("13th Gen Intel(R) Core(TM) i9-13900KF", "Core i9-13900K", 2),
        ("i5-12400F", "Core i5-12400", 2),
        ("Core i7-12700", "Core i7-12700K", 2),
        ("AMD Ryzen 9 9900X3D 12-Core Processor", "Ryzen 9 9900X", 2),
        ("Ryzen 5 5600G with Radeon Graphics", "Ryzen 5 5600", 2),
        ("Xeon E5-2680v4", "Xeon E5-2680 v4", 4),
        ("11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz", "Core i5-1135G7", 2),
    ],
)
def test_cpus_are_known_by_their_names(name: str, known: str, channels: int) -> None:
    found = published_cpu(name)
    assert found is not None and (found.name, found.channels) == (known, channels)


def test_a_processor_is_not_taken_for_another() -> None:
    for name in ("EPYC 9999", "i7-13700Z", "Ryzen 7 13700K", "Ryzen 7 5600X", ""):
        assert published_cpu(name) is None
    mobile = published_cpu("13th Gen Intel(R) Core(TM) i7-13700H")
    assert mobile is not None and mobile.name == "Core i7-13700H"


def test_what_is_left_open_is_asked_and_widens_the_range() -> None:
    bare = plan(described(cpu={"threads": 32}), R1)
    assert "plan_ask_channels" in codes(bare)
    told = plan(described(cpu={"threads": 32}, memory={"channels": 8, "mt_s": 4800}), R1)
    assert codes(told) == []
    wide, narrow = bare.speed.generation_tps, told.speed.generation_tps
    assert wide.high / wide.low > 1.5 * narrow.high / narrow.low


def test_threads_are_asked_where_they_matter() -> None:
    slow_cores = {"memory": {"bandwidth_gb_s": 500, "size_gib": 512}}
    assert "plan_ask_threads" in codes(plan(described(**slow_cores), R1))
    assert "plan_ask_threads" not in codes(plan(described(cpu={"threads": 24}, **slow_cores), R1))
    on_gpu = plan(described(gpus=["RTX 4090"]), SMALL_8B)
    assert codes(on_gpu) == []  # its processor does not matter


def test_an_unknown_card_is_asked_about() -> None:
    made = plan(described(gpus=[{"name": "a new card", "vram_gib": 24}]), SMALL_8B)
    assert "plan_ask_gpu" in codes(made)
    elsewhere = described(gpus=["a new card"], cpu={"model": "EPYC 9654"}, memory={"size_gib": 768})
    beside = plan(elsewhere, ("DeepSeek-R1-0528", "Q4_K_M"))
    assert "plan_ask_gpu" in codes(beside)  # also where it is not used, for what is not known of it
    rate = {"name": "a new card", "vram_gib": 24, "bandwidth_gb_s": 900}
    assert "plan_ask_gpu" not in codes(plan(described(gpus=[rate]), SMALL_8B))


def test_the_build_decides_how_kernels_start() -> None:
    def speed(build: str) -> float:
        machine = described(gpus=["RTX 4090"], engine={"name": "llama.cpp", "build": build})
        return plan(machine, SMALL_8B, depth=0).speed.generation_tps.expected

    assert speed("b2700") == speed("2024-03") < speed("") < speed("b5000") == pytest.approx(speed("2026"))


def test_the_build_decides_whether_attention_is_one_kernel() -> None:
    def lost(build: str) -> float:
        """Time that 16,000 tokens of context add to one."""
        machine = described(gpus=["RTX 4090"], engine={"name": "llama.cpp", "build": build})
        deep, flat = (plan(machine, SMALL_8B, depth=depth).speed.generation_tps for depth in (16_000, 0))
        return 1 / deep.expected - 1 / flat.expected

    assert lost("b6325") == pytest.approx(lost("2026"))
    assert lost("b6324") > 1.5 * lost("b6325")


def waiting(card: str, build: str, model: tuple[str, str], **more: str) -> float:
    """Seconds a token that starting kernels takes."""
    engine = {"name": "llama.cpp", "build": build}
    speed = plan(described(gpus=[{"name": card, **more}], engine=engine), model).speed
    assert speed.inputs is not None
    return speed.inputs.gpu_fixed_s


def test_vulkan_merges_kernels_in_later_builds() -> None:
    mixture = ("Qwen3-30B-A3B", "Q4_K_M")
    for model, gain in ((SMALL_8B, 1.5), (mixture, 3)):
        before, after = (
            waiting("Radeon AI PRO R9700", b, model, backend="vulkan") for b in ("b6849", "b6850")
        )
        assert before > gain * after
        assert after == waiting("Radeon AI PRO R9700", "2026", model, backend="vulkan")


def test_cards_before_ampere_record_no_graphs() -> None:
    later, earlier = waiting("RTX 3070", "2026-03", SMALL_8B), waiting("RTX 2080", "2026-03", SMALL_8B)
    assert earlier > 2 * later
    assert earlier == waiting("RTX 2080", "b2000", SMALL_8B)


def rate(card: str, backend: str, model: tuple[str, str] = SMALL_8B) -> float:
    engine = {"name": "llama.cpp", "build": "2026"}
    speed = plan(described(gpus=[{"name": card, "backend": backend}], engine=engine), model).speed
    assert speed.inputs is not None
    return speed.inputs.vram_rate


def test_a_back_end_reads_some_types_slowly() -> None:
    """SYCL has quick kernels for some types only; ROCm's are held up by unpacking on RDNA3."""
    slow = (SMALL_8B[0], "Q3_K_M")
    assert rate("Arc B580", "sycl") > 2.5 * rate("Arc B580", "sycl", slow)
    assert rate("Arc B580", "vulkan") == pytest.approx(rate("Arc B580", "vulkan", slow), rel=0.02)
    assert rate("RX 7900 XTX", "vulkan") > 1.1 * rate("RX 7900 XTX", "rocm")


def test_builds_before_matrix_units_read_prompts_more_slowly() -> None:
    def prompt(build: str) -> float:
        machine = described(gpus=["RTX 4090"], engine={"name": "llama.cpp", "build": build})
        return plan(machine, SMALL_8B).speed.prompt_tps.expected

    assert prompt("b3139") < prompt("") < prompt("b3140") == pytest.approx(prompt("2026"))


def test_experts_that_see_few_tokens_are_read_slowly_in_prompts() -> None:
    def prompt(model: str, batch: int) -> float:
        machine = described(gpus=["RTX 4090"], engine={"name": "llama.cpp", "build": "2026", "batch": batch})
        return plan(machine, (model, "Q4_K_M")).speed.prompt_tps.expected

    assert prompt("Qwen3-30B-A3B", 2048) > 1.4 * prompt("Qwen3-30B-A3B", 512)
    dense = prompt("Qwen3-8B", 2048) / prompt("Qwen3-8B", 512)
    assert dense == pytest.approx(1, rel=0.1)


def test_threads_can_be_settled() -> None:
    machine = with_threads(described(cpu={"model": "EPYC 9654"}), 16)
    assert machine.threads == 16
    assert all(unknown.slow.threads == 16 for unknown in machine.unknowns)


def test_tensor_parallel_engines_are_not_modelled_and_say_so() -> None:
    machine = described(gpus=[{"name": "H100", "count": 16}], engine={"name": "vllm"})
    made = plan(machine, R1)
    assert "plan_engine_unknown_speed" in [reason.code for reason in made.reasons]
    assert made.speed.generation_tps.high / made.speed.generation_tps.low > 20


# what must hold whatever the machine

MODELS = st.sampled_from([(spec, quant) for spec in catalog() for quant in spec.quantizations])
CARDS = ["RTX 3060", "RTX 4090", "A100 PCIe 80GB", "RX 7900 XTX", "Arc B580", "Apple M2 Max", "a card"]


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    cpu: dict[str, Any] = {"cores": draw(st.integers(1, 128)), "sockets": 1}
    if draw(st.booleans()):
        cpu["threads"] = draw(st.integers(1, cpu["cores"]))
    memory: dict[str, Any] = {"size_gib": draw(st.integers(4, 1024))}
    if draw(st.booleans()):
        memory["bandwidth_gb_s"] = draw(st.floats(5, 600))
    cards = draw(st.lists(st.sampled_from(CARDS), max_size=3))
    engine = draw(st.sampled_from(["llama.cpp", "ik_llama.cpp", "ktransformers", "ollama"]))
    disks = [{"read_gb_s": draw(st.floats(0.1, 12))}]
    return described(cpu=cpu, memory=memory, gpus=cards, disks=disks, engine={"name": engine})


@settings(max_examples=200, deadline=None)
@given(machines(), MODELS, st.integers(1, 64), st.integers(1, 20_000))
def test_every_figure_is_in_its_range_and_has_an_origin(
    machine: Machine, model: tuple[ModelSpec, Quantization], streams: int, prompt: int
) -> None:
    speed = plan_on(machine, *model, asked=SpeedQuestion(streams=streams, prompt=prompt)).speed
    for figure in (speed.generation_tps, speed.prompt_tps):
        assert 0 < figure.low <= figure.expected <= figure.high < 1e9
    assert speed.time_to_first_token_s > 0
    assert speed.load_s > 0
    assert speed.origin
    assert speed.inputs is not None and time_of(speed.inputs).total > 0


@settings(max_examples=200, deadline=None)
@given(machines(), MODELS, st.integers(0, 30_000), st.integers(0, 30_000))
def test_a_deeper_context_is_never_faster(
    machine: Machine, model: tuple[ModelSpec, Quantization], one: int, other: int
) -> None:
    placement_depths = sorted((one, other))
    speeds = [
        plan_on(machine, *model, 32_768, asked=SpeedQuestion(depth=depth)).speed.generation_tps.expected
        for depth in placement_depths
    ]
    assert speeds[0] >= speeds[1] * (1 - 1e-9)


@settings(max_examples=200, deadline=None)
@given(machines(), MODELS, st.floats(1, 4))
def test_faster_memory_is_never_slower(
    machine: Machine, model: tuple[ModelSpec, Quantization], factor: float
) -> None:
    ram, disk = machine.ram_bandwidth, machine.disk_bandwidth
    faster = replace(
        machine,
        ram_bandwidth=type(ram)(ram.low * factor, ram.expected * factor, ram.high * factor),
        disk_bandwidth=type(disk)(disk.low * factor, disk.expected * factor, disk.high * factor),
        gpus=tuple(replace(gpu, bandwidth=gpu.bandwidth * factor) for gpu in machine.gpus),
    )
    before = plan_on(machine, *model, 8192).speed.generation_tps.expected
    assert plan_on(faster, *model, 8192).speed.generation_tps.expected >= before * (1 - 1e-9)


# learning from this machine's own runs and its calibration


def test_one_run_corrects_what_it_saw_and_nothing_else() -> None:
    machine = described(gpus=["RTX 4090"])
    run = Observation(TokenTime(vram=0.010, ram=0.0, compute=0.001, ssd=0.0), 0.022, 1000, 500)
    taught = sharpen(machine, [run]).corrections
    assert taught.vram == pytest.approx(2)
    assert taught.ram == 1
    assert taught.prompt == pytest.approx(2)


@settings(max_examples=100, deadline=None)
@given(st.floats(0.25, 4))
def test_one_run_takes_away_a_common_error(factor: float) -> None:
    """A machine that is slower than predicted by one factor, whatever the model: nothing is left of it."""
    machine = described(cpu={"model": "EPYC 9354"}, memory={"size_gib": 512})
    seen, other = plan(machine, SMALL_8B), plan(machine, R1)
    assert seen.speed.inputs and other.speed.inputs
    measured = time_of(seen.speed.inputs).total * factor
    taught = sharpen(machine, [Observation(time_of(seen.speed.inputs), measured)])
    said = plan(taught, R1).speed
    truth = time_of(other.speed.inputs).total * factor
    assert 1 / said.generation_tps.expected == pytest.approx(truth, rel=0.01)
    assert said.generation_tps.high / said.generation_tps.low < 1.3
    assert said.observed == 1


def test_runs_that_cannot_be_are_left_out() -> None:
    machine = described()
    broken = Observation(TokenTime(0, 0, 0, 0), 1.0)
    assert sharpen(machine, [broken]) == machine
    absurd = Observation(TokenTime(0, 1.0, 0, 0), 1e9)
    assert sharpen(machine, [absurd]).corrections.ram == 8


def test_a_calibrated_machine_uses_its_own_rates() -> None:
    machine = replace(
        described(cpu={"cores": 2, "threads": 1}),
        calibration=Calibration(
            kernels=(
                KernelPoint("Q4_K", 1, 5e9, 50e9),
                KernelPoint("Q4_K", 2, 8e9, 100e9),
                KernelPoint("Q8_0", 1, 10e9, 60e9),
            ),
            fixed=(FixedPoint(1, 50e-6, 100e-6, 5e9), FixedPoint(2, 40e-6, 80e-6, 9e9)),
        ),
    )
    one, two = (plan(with_threads(machine, threads), SMALL_8B).speed for threads in (1, 2))
    assert one.calibrated
    assert one.inputs and two.inputs
    assert one.inputs.kernel_rate == pytest.approx(5e9)
    assert two.inputs.kernel_rate == pytest.approx(8e9)
    assert two.inputs.cpu_fixed_s < one.inputs.cpu_fixed_s
    spread = one.generation_tps
    assert spread.high / spread.low < 1.5


def test_experts_of_many_streams_are_read_once_each() -> None:
    machine = described(cpu={"model": "EPYC 9654"}, memory={"channels": 12, "mt_s": 4800})
    spec, quantization = published("Qwen3-30B-A3B", "Q4_K_M")
    one = plan_on(machine, spec, quantization, 8192).speed.generation_tps.expected
    many = plan_on(machine, spec, quantization, 8192, asked=SpeedQuestion(streams=16))
    assert many.speed.generation_tps.expected > one
    assert many.speed.inputs is not None
    assert many.speed.inputs.ram_bytes < quantization.size_bytes


def test_a_larger_batch_takes_a_larger_buffer() -> None:
    def compute(batch: int, context: int) -> int:
        machine = described(engine={"batch": batch}, memory={"size_gib": 64, "bandwidth_gb_s": 60})
        return plan_on(machine, *published(*SMALL_8B), context).memory.compute

    assert compute(2048, 8192) == pytest.approx(4 * compute(512, 8192), rel=0.05)
    assert compute(65_536, 4096) == compute(4096, 4096)  # no more than the context holds
    assert 0 < compute(1, 8192) < compute(512, 8192)
