"""What would make a plan run well that does not: memory, faster memory or a card, the smallest that does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from engine.messages import Sentence, sentence
from engine.planning.altered import with_bandwidth, with_cards, with_memory
from engine.planning.layout import MOST_FILLED
from engine.planning.machine import GIB, MOST_PORTABLE, Machine
from engine.planning.plan import RunPlan, Verdict
from engine.planning.wording import rate_text, size_text

_STEP = 16 * GIB  # memory comes in modules
_STEP_FACTOR = 1.5
_MOST_FACTOR = 16  # of a desktop's two channels to a server's: more is another machine
# Cards from small to large, of which plans are made until one suffices.
_CARDS = (
    *(("GeForce RTX 3060 12 GB", 1), ("GeForce RTX 4060 Ti 16 GB", 1), ("GeForce RTX 3090", 1)),
    *(("GeForce RTX 5090", 1), ("RTX A6000", 1), ("A100 PCIe 80 GB", 1)),
    *(("A100 PCIe 80 GB", 2), ("A100 PCIe 80 GB", 4), ("A100 PCIe 80 GB", 8)),
)


def with_remedy(plan: RunPlan, machine: Machine, again: Callable[[Machine], RunPlan]) -> RunPlan:
    """The plan with `remedy`, which is None where it runs well, or where nothing usual would help. `again`
    plans the same for another machine."""
    if plan.verdict is Verdict.RUNS_WELL or again(machine).verdict is not plan.verdict:
        return plan  # well, or refused by the engine and not for want of anything
    if machine.built_in:  # neither modules nor cards fit in
        return replace(plan, remedy=sentence("plan_would_elsewhere"))
    remedies = _modules(plan, machine, again) if machine.slotless else _remedies(plan, machine, again)
    return replace(plan, remedy=next(remedies, None))


def _modules(plan: RunPlan, machine: Machine, again: Callable[[Machine], RunPlan]) -> Iterator[Sentence]:
    """Of a machine that takes nothing else: larger ones, or another machine."""
    wanted = _wanted_memory(plan, machine)
    roomy = with_memory(machine, wanted)
    fits = wanted and roomy.ram_total <= MOST_PORTABLE
    if fits and again(roomy).verdict is Verdict.RUNS_WELL:
        yield sentence("plan_would_with_memory", size=size_text(roomy.ram_total))
    else:
        yield sentence("plan_would_no_slot")


def _remedies(plan: RunPlan, machine: Machine, again: Callable[[Machine], RunPlan]) -> Iterator[Sentence]:
    def runs_well(changed: Machine) -> bool:
        return again(changed).verdict is Verdict.RUNS_WELL

    wanted = _wanted_memory(plan, machine)
    roomy = with_memory(machine, wanted)
    if wanted and runs_well(roomy):
        yield sentence("plan_would_with_memory", size=size_text(roomy.ram_total))
    factor = _STEP_FACTOR
    while factor <= _MOST_FACTOR:
        quick = with_bandwidth(roomy, factor)
        if runs_well(quick):
            rate = rate_text(quick.ram_bandwidth.expected)
            now = rate_text(machine.ram_bandwidth.expected)
            if wanted:
                size = size_text(roomy.ram_total)
                yield sentence("plan_would_with_both", size=size, rate=rate, now=now)
            else:
                yield sentence("plan_would_with_bandwidth", rate=rate, now=now)
            break
        factor *= _STEP_FACTOR
    for name, count in _CARDS:
        if runs_well(with_cards(machine, name, count)):
            yield sentence("plan_would_with_card", count=count, card=name)
            break


def _wanted_memory(plan: RunPlan, machine: Machine) -> int:
    """Bytes of main memory that are missing for it to stay there with air; a whole number of modules."""
    memory = plan.memory
    needed = int((memory.plain_ram + memory.streamed) / MOST_FILLED)
    if needed <= machine.ram_budget:
        return 0
    return -(-(needed - machine.ram_budget) // _STEP) * _STEP
