"""Which of the three budgets people ask about a machine belongs to, by what it can do."""

from __future__ import annotations

from engine.planning.machine import GIB, Machine
from engine.planning.plan import Tier

# An 8B model at 4 bits (4.7 GiB) with a context of 8,192 (1.2 GiB) wholly on a GPU.
GPU_TIER_BYTES = 6 * GIB
# Several GPUs are a tier of their own once together they hold a 70B at 4 bits (40 GiB and cache).
SEVERAL_GPUS_BYTES = 44 * GIB
# The CPU tier runs an 8B at reading speed: 8 GiB for it, and cores enough to feed the memory.
CPU_TIER_BYTES = 8 * GIB
CPU_TIER_THREADS = 4


def tier_of(machine: Machine) -> Tier:
    """The highest tier whose demands are met."""
    budgets = [gpu.budget for gpu in machine.gpus]
    if len(budgets) > 1 and sum(budgets) >= SEVERAL_GPUS_BYTES:
        return Tier.SEVERAL_GPUS
    if sum(budgets) >= GPU_TIER_BYTES:
        return Tier.ONE_GPU
    if machine.ram_budget >= CPU_TIER_BYTES and machine.threads >= CPU_TIER_THREADS:
        return Tier.CPU
    return Tier.STARTER
