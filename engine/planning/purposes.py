"""Plans for a purpose: with the context, the depth and the prompt that it usually has."""

from __future__ import annotations

from dataclasses import replace

from engine.catalog.model import ModelSpec, Quantization
from engine.messages import sentence
from engine.planning.aims import TASKS
from engine.planning.machine import Machine
from engine.planning.placement import plan_on
from engine.planning.plan import KvType, Purpose, RunPlan, Verdict
from engine.planning.wording import wait_text

_BETTER = {Verdict.RUNS_WELL: 0, Verdict.SLOW: 1, Verdict.WILL_NOT_RUN: 2}


def plan_for(machine: Machine, spec: ModelSpec, quantization: Quantization, purpose: Purpose) -> RunPlan:
    """The cache is quantised only where that alone makes the plan better."""
    if purpose is Purpose.CHAT:
        return plan_on(machine, spec, quantization)
    plan = _planned(machine, spec, quantization, purpose, KvType.F16)
    if plan.verdict is Verdict.RUNS_WELL:
        return plan
    smaller = _planned(machine, spec, quantization, purpose, KvType.Q8_0)
    return smaller if _BETTER[smaller.verdict] < _BETTER[plan.verdict] else plan


def _planned(
    machine: Machine, spec: ModelSpec, quantization: Quantization, purpose: Purpose, kv_type: KvType
) -> RunPlan:
    task = TASKS[purpose]
    plan = plan_on(machine, spec, quantization, task.context, kv_type, asked=task.question)
    reading = plan.speed.time_to_first_token_s
    if plan.verdict is not Verdict.RUNS_WELL or task.patience_s is None or reading <= task.patience_s:
        return plan
    slow = sentence(
        "plan_slow_reading",
        tokens=f"{task.prompt:,}",
        wait=wait_text(reading),
        patience=wait_text(task.patience_s),
    )
    return replace(plan, verdict=Verdict.SLOW, reasons=(*plan.reasons, slow))
