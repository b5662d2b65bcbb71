"""Which quantization is planned where nobody names one."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalog.catalog import find
from engine.hardware.described_json import description_from_json
from engine.jobs.advising import shipped_catalog
from engine.messages import english
from engine.planning.described_machine import described_machine
from engine.planning.machine import Machine
from engine.planning.placement import plan_on
from engine.planning.plan import RunPlan, Verdict
from engine.planning.recommend import most_bits_first, usual_of
from engine.planning.remedy import with_remedy
from engine.planning.speed import SpeedQuestion

FAST_DISK = [{"read_gb_s": 7}]
EPYC = {
    "cpu": {"model": "EPYC 7302", "threads": 16},
    "memory": {"size_gib": 512, "channels": 8, "mt_s": 3200},
}
DESKTOP = {"cpu": {"model": "Ryzen 9 7950X", "threads": 16}, "gpus": ["RTX 4090"], "disks": FAST_DISK}


def plans(name: str, machine: dict[str, Any]) -> list[RunPlan]:
    made, spec = described_machine(description_from_json(machine)), find(shipped_catalog(), name)
    return [plan_on(made, spec, each) for each in most_bits_first(spec)]


def usual(name: str, machine: dict[str, Any]) -> RunPlan:
    return usual_of(plans(name, machine))


@pytest.mark.parametrize("cards", [[], ["RTX 4090"]])
def test_what_stays_in_memory_goes_before_what_is_read_from_the_disk(cards: list[str]) -> None:
    """On 512 GiB the flagship streams with 8 bits, slowly, and stays in memory with 4."""
    machine = {**EPYC, "gpus": cards, "disks": FAST_DISK}
    chosen = usual("DeepSeek-R1-0528", machine)
    assert not chosen.memory.streamed
    assert chosen.quantization.bits_per_weight > 4
    streamed = [plan for plan in plans("DeepSeek-R1-0528", machine) if plan.memory.streamed]
    assert any(plan.verdict is chosen.verdict for plan in streamed)  # by the verdict alone it would be one


def test_few_bits_are_chosen_where_nothing_else_stays_in_memory() -> None:
    chosen = usual("DeepSeek-R1-0528", {**DESKTOP, "memory": {"size_gib": 192, "channels": 2, "mt_s": 5200}})
    assert not chosen.memory.streamed
    assert chosen.quantization.bits_per_weight < 2.6


def test_more_bits_than_anybody_notices_are_not_chosen() -> None:
    chosen = usual("DeepSeek-R1-0528-Qwen3-8B", {**DESKTOP, "memory": {"size_gib": 64}})
    assert chosen.verdict is Verdict.RUNS_WELL
    assert 6 < chosen.quantization.bits_per_weight < 9


def test_where_nothing_runs_it_is_what_is_nearest_to_running() -> None:
    tiny = {"memory": {"size_gib": 8, "bandwidth_gb_s": 20}, "disks": [{"read_gb_s": 0.1}]}
    made = plans("DeepSeek-R1-0528", tiny)
    chosen = usual_of(made)
    assert {plan.verdict for plan in made} == {Verdict.WILL_NOT_RUN}
    assert chosen.quantization.size_bytes == min(plan.quantization.size_bytes for plan in made)


def test_what_would_help_is_told_for_what_was_asked() -> None:
    """At the usual depth it runs well; what a hundred thousand tokens need is another thing."""
    machine = described_machine(
        description_from_json({**DESKTOP, "gpus": [], "memory": {"size_gib": 32, "channels": 2}})
    )
    spec = find(shipped_catalog(), "Qwen3-8B")
    quantization = next(each for each in spec.quantizations if each.name == "Q4_K_M")

    def deep(other: Machine) -> RunPlan:
        return plan_on(other, spec, quantization, 131_072, asked=SpeedQuestion(depth=100_000))

    assert plan_on(machine, spec, quantization).verdict is Verdict.RUNS_WELL
    asked = with_remedy(deep(machine), machine, deep)
    assert asked.verdict is not Verdict.RUNS_WELL
    assert asked.remedy is not None
    told = english(asked.remedy)
    assert "card" in asked.remedy.code or "bandwidth" in asked.remedy.code or "both" in asked.remedy.code, (
        told
    )
