"""What a person with this machine should know beside the plans: above all where the popular
guide to DeepSeek-R1-0528 would mislead them."""

from __future__ import annotations

from engine.hardware.report import HardwareReport
from engine.messages import Sentence, sentence
from engine.planning.machine import Machine
from engine.planning.plan import RunPlan, Tier, Verdict
from engine.planning.tiers import tier_of
from engine.planning.wording import size_text, speed_text

# Programs that hold this much, and a quarter of all, stand in the way of larger models.
HELD_BY_OTHERS = 4 << 30


def remarks_for(
    report: HardwareReport, machine: Machine, flagship: RunPlan, anything_runs: bool
) -> tuple[Sentence, ...]:
    """The machine first, then the flagship, then the guide."""
    remarks: list[Sentence] = []
    if not anything_runs:
        remarks.append(sentence("advice_nothing_runs", budget=size_text(machine.ram_budget)))
    held = report.memory.usable_bytes - report.memory.available_bytes
    if held >= max(HELD_BY_OTHERS, report.memory.usable_bytes // 4):
        free = size_text(report.memory.available_bytes)
        remarks.append(sentence("advice_memory_in_use", held=size_text(held), free=free))
    if report.busy:
        remarks.append(sentence("advice_busy"))
    remarks.extend(gpu.reason for gpu in report.gpus if not gpu.usable and gpu.reason is not None)
    remarks.append(_flagship(flagship))
    remarks.extend(_guide(machine, flagship))
    return tuple(remarks)


def _flagship(plan: RunPlan) -> Sentence:
    speed = speed_text(plan.speed.generation_tps.expected)
    size = size_text(plan.quantization.size_bytes)
    values = {"name": plan.model.title, "quantization": plan.quantization.name, "size": size, "speed": speed}
    if plan.verdict is Verdict.WILL_NOT_RUN:
        return sentence("advice_flagship_no", **values)
    if plan.memory.streamed:
        return sentence("advice_flagship_streamed", **values)
    code = "advice_flagship_well" if plan.verdict is Verdict.RUNS_WELL else "advice_flagship_slow"
    return sentence(code, **values)


def _guide(machine: Machine, flagship: RunPlan) -> list[Sentence]:
    """Claims of the guide that matter on a machine of this tier."""
    remarks = [sentence("guide_size")]
    tier = tier_of(machine)
    smallest = min(flagship.model.quantizations, key=lambda quantization: quantization.size_bytes)
    if tier in (Tier.STARTER, Tier.CPU):
        remarks.append(sentence("guide_64_gb", smallest=size_text(smallest.size_bytes)))
    if tier is Tier.ONE_GPU:
        remarks.append(sentence("guide_one_gpu", smallest=size_text(smallest.size_bytes)))
    if tier is Tier.SEVERAL_GPUS:
        remarks.append(sentence("guide_eight_a100"))
    remarks.append(sentence("guide_disk"))
    return remarks
