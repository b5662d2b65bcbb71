"""Graphics processors that compute in main memory: no byte of it is counted twice, and those that read it no
faster than the processor are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.model import ModelSpec, Quantization
from engine.hardware.described_json import description_from_json
from engine.hardware.gpu import probe_gpus
from engine.hardware.gpu_names import is_integrated, known_names, shares_memory
from engine.hardware.nvml import NvmlCard
from engine.hardware.report import DeviceFacts
from engine.planning.described_machine import described_machine
from engine.planning.machine import Machine, machine_of
from engine.planning.placement import plan_on
from engine.planning.plan import RunPlan, Verdict
from tests.unit.planning_machines import GIB, catalog, machine, published

INTEGRATED = [
    "AMD Radeon 780M Graphics (RADV PHOENIX)",
    "Radeon 890M",
    "AMD Radeon(TM) Graphics",
    "Radeon RX Vega 11 Graphics",
    "Vega 8",
    "Intel(R) UHD Graphics 770",
    "Intel HD Graphics 4600",
    "Intel(R) Iris(R) Xe Graphics",
    "Intel(R) Arc(TM) Graphics",
    "Intel Arc 140V GPU (16GB)",
    "Intel(R) Graphics",
    "Adreno X1-85",
    "V3D 7.1",
]
OF_THEIR_OWN = [
    "Radeon RX Vega 64",
    "Radeon RX 6600 XT",
    "RX 6800M",
    "Intel Arc A770",
    "Arc A370M",
    "Arc B580",
]
OF_THEIR_OWN += ["Radeon VII", "a card", "Radeon HD 7970", "GeForce MX450", "Radeon PRO W7900"]
SHARING = [
    "Apple M2 Ultra 76-core",
    "Apple M9 Max",
    "NVIDIA GB10",
    "DGX Spark",
    "Radeon 8060S",
    "Jetson AGX Thor",
]


def described(**parts: Any) -> Machine:
    return described_machine(description_from_json(parts))


def codes(plan: RunPlan) -> list[str]:
    return [reason.code for reason in plan.reasons]


@pytest.mark.parametrize("name", INTEGRATED)
def test_integrated_ones_are_known_by_name_and_do_not_compute(name: str) -> None:
    assert is_integrated(name) and not shares_memory(name)
    with_it = described(gpus=[{"name": name, "vram_gib": 4}], memory={"size_gib": 32, "bandwidth_gb_s": 50})
    assert with_it.gpus == () and with_it.integrated == (name,)
    without = described(memory={"size_gib": 32, "bandwidth_gb_s": 50})
    plans = [plan_on(one, *published("Qwen3-8B", "Q4_K_M")) for one in (with_it, without)]
    assert plans[0].memory == plans[1].memory and plans[0].speed == plans[1].speed
    assert [codes(plan).count("plan_integrated") for plan in plans] == [1, 0]


@pytest.mark.parametrize("name", [*OF_THEIR_OWN, *known_names(), *SHARING])
def test_others_are_not_taken_for_integrated_ones(name: str) -> None:
    assert not is_integrated(name)


@pytest.mark.parametrize("name", SHARING)
def test_one_that_shares_memory_has_none_beside_it(name: str) -> None:
    made = described(gpus=[name], memory={"size_gib": 128})
    (gpu,) = made.gpus
    assert gpu.unified and made.vram_budget == 0
    assert 80 * GIB < gpu.budget <= made.ram_budget < 128 * GIB
    assert made.integrated == ()


def test_how_much_it_may_use_can_be_said() -> None:
    (half,) = described(gpus=[{"name": "Radeon 8060S", "vram_gib": 64}], memory={"size_gib": 128}).gpus
    assert half.unified and 60 * GIB < half.budget < 64 * GIB
    # set aside by the firmware, so that the system does not count it
    apart = described(gpus=[{"name": "Radeon 8060S", "vram_gib": 96}], memory={"size_gib": 32})
    assert not apart.gpus[0].unified and apart.vram_budget > 90 * GIB


@pytest.mark.parametrize(
    ("size", "usable"), [(8, 5.33), (16, 10.67), (32, 21.33), (36, 27), (64, 48), (192, 144)]
)
def test_apple_lends_what_metal_recommends(size: int, usable: float) -> None:
    (gpu,) = described(gpus=["Apple M2 Max"], memory={"size_gib": size}).gpus
    assert gpu.budget == pytest.approx(usable * GIB, rel=0.11)  # less a margin


def test_a_card_may_have_more_memory_than_the_machine() -> None:
    (gpu,) = described(gpus=["RTX 3090"], memory={"size_gib": 16}).gpus
    assert gpu.budget > 22 * GIB


def test_a_gb10_is_found_as_the_system_tells_it(tmp_path: Path) -> None:
    """NVML tells no memory of it, and ggml tells the machine's as if it were its own."""
    spark = NvmlCard(None, "NVIDIA GB10", "000f:01:00.0", 0, 0, "580.95")
    device = DeviceFacts("CUDA0", "NVIDIA GB10", "gpu", 110 * GIB, 119 * GIB)
    (gpu,), remarks = probe_gpus((device,), lambda: (spark,), tmp_path)
    assert remarks == () and gpu.usable
    assert (gpu.vram_bytes, gpu.shared_bytes, gpu.bandwidth_bytes_per_second) == (0, 119 * GIB, 273.2e9)
    made = machine_of(machine(119 * GIB, 20, 200e9, (gpu,)))
    assert made.vram_budget == 0 and made.gpus[0].unified
    plan = plan_on(made, *published("DeepSeek-R1-0528", "UD-TQ1_0"))
    assert plan.memory.streamed > 30 * GIB  # 151 GiB do not fit, whoever computes


def test_what_a_description_does_not_say_of_memory_is_assumed_aloud() -> None:
    model = published("DeepSeek-R1-0528", "Q4_K_M")
    assert "plan_memory_assumed" in codes(plan_on(described(cpu={"model": "EPYC 9654"}), *model))
    said = described(cpu={"model": "EPYC 9654"}, memory={"size_gib": 768})
    assert "plan_memory_assumed" not in codes(plan_on(said, *model))
    on_card = plan_on(described(gpus=["RTX 4090"]), *published("Qwen3-8B", "Q4_K_M"))
    assert "plan_memory_assumed" not in codes(on_card)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([(spec, quant) for spec in catalog() for quant in spec.quantizations]),
    st.sampled_from([*SHARING, *INTEGRATED]),
    st.integers(4, 1024),
    st.sampled_from([None, "RTX 4090"]),
    st.sampled_from([0, 2048, 32_768]),
)
def test_nothing_is_planned_beyond_what_is_there(
    model: tuple[ModelSpec, Quantization], name: str, size: int, card: str | None, context: int
) -> None:
    cards = [name, card] if card else [name]
    plan = plan_on(described(gpus=cards, memory={"size_gib": size}), *model, context)
    shared = [device for device in plan.memory.devices if device.device != card]
    if "plan_no_memory" not in codes(plan):
        assert sum(device.total for device in shared) - plan.memory.streamed <= size * GIB


RANK = {Verdict.RUNS_WELL: 2, Verdict.SLOW: 1, Verdict.WILL_NOT_RUN: 0}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([(spec, quant) for spec in catalog() for quant in spec.quantizations]),
    st.sampled_from(SHARING),
    st.integers(4, 600),
    st.integers(0, 200),
)
def test_more_memory_is_never_worse(
    model: tuple[ModelSpec, Quantization], name: str, size: int, more: int
) -> None:
    less, grown = (
        plan_on(described(gpus=[name], memory={"size_gib": each}), *model, 4096)
        for each in (size, size + more)
    )
    assert RANK[grown.verdict] >= RANK[less.verdict]
    if "plan_no_memory" not in codes(less):
        assert grown.memory.streamed <= less.memory.streamed
