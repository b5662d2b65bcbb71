"""A plan by formula, made exact by llama.cpp's own account of the load."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.planning.memory import UBATCH
from engine.planning.placement import refined
from engine.planning.plan import DryRun, RunPlan
from engine.runtime.dry_run import dry_run
from engine.runtime.values import LoadRequest


def with_exact_memory(plan: RunPlan, path: Path, command: Sequence[str], log: Path) -> RunPlan:
    """`path` is the model's file, or one with its header and a hole for its weights.

    Raises: LoadError, when llama.cpp refuses the model; WorkerError, when it cannot be asked.
    """
    found = dry_run(command, _request(plan, path), log=log)
    dry = DryRun(found.of("repack"), found.of("kv_cache"), found.of("compute"), found.of("output"))
    return refined(plan, dry)


def _request(plan: RunPlan, path: Path) -> LoadRequest:
    return LoadRequest(
        path=str(path),
        context_length=plan.context_length,
        threads=plan.threads,
        n_gpu_layers=plan.n_gpu_layers,
        kv_type=plan.kv_type.value,
        experts_on_cpu=plan.experts_on_cpu,
        n_batch=UBATCH,
        use_mmap=plan.use_mmap,
        repack=plan.repack,
        by_head=plan.model.shape.multiplies_by_head,
    )
