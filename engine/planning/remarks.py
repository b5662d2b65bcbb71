"""What a person with this machine should know beside the plans."""

from __future__ import annotations

from engine.hardware.report import HardwareReport
from engine.messages import Sentence, sentence
from engine.planning.machine import Machine
from engine.planning.plan import RunPlan, Verdict
from engine.planning.wording import size_text, speed_text

# Programs that hold this much, and a quarter of all, stand in the way of larger models.
HELD_BY_OTHERS = 4 << 30


def remarks_for(
    report: HardwareReport, machine: Machine, flagship: RunPlan, smallest: RunPlan | None
) -> tuple[Sentence, ...]:
    """The machine first, then the flagship. `smallest` is the model nearest to running, where none does."""
    remarks: list[Sentence] = []
    if smallest is not None:
        needed, budget = size_text(smallest.memory.ram), size_text(machine.ram_budget)
        model = f"{smallest.model.title} {smallest.quantization.name}"
        remarks.append(sentence("advice_nothing_runs", budget=budget, model=model, needed=needed))
    held = report.memory.usable_bytes - report.memory.available_bytes
    if held >= max(HELD_BY_OTHERS, report.memory.usable_bytes // 4):
        free = size_text(report.memory.available_bytes)
        remarks.append(sentence("advice_memory_in_use", held=size_text(held), free=free))
    if report.busy:
        remarks.append(sentence("advice_busy"))
    remarks.extend(gpu.reason for gpu in report.gpus if not gpu.usable and gpu.reason is not None)
    remarks.append(_flagship(flagship))
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
