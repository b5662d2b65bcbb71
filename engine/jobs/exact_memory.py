"""A plan by formula, made exact by llama.cpp's own account of the load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import DesksideError
from engine.planning.memory import UBATCH
from engine.planning.placement import refined
from engine.planning.plan import DeviceMemory, DryRun, RunPlan, Verdict
from engine.runtime.dry_run import dry_run
from engine.runtime.values import DeviceLayers, LoadRequest, PlannedMemory


def with_exact_memory(plan: RunPlan, path: Path, command: Sequence[str], log: Path) -> RunPlan:
    """`path` is the model's file, or one with its header and a hole for its weights.

    Raises: LoadError, when llama.cpp refuses the model; WorkerError, when it cannot be asked.
    """
    found = dry_run(command, _request(plan, path), log=log)
    totals = (found.of("repack"), found.of("kv_cache"), found.of("compute"), found.of("output"))
    return refined(plan, DryRun(*totals, devices=_by_device(plan, found)))


def refused(plan: RunPlan, error: DesksideError) -> RunPlan:
    """The plan of a model that llama.cpp would not plan: by formula, and where the engine does not know that
    kind of model, a plan that will not run."""
    if error.message.code != "model_kind_unknown":
        return plan
    return replace(plan, verdict=Verdict.WILL_NOT_RUN, reasons=(error.message,))


def _by_device(plan: RunPlan, found: PlannedMemory) -> tuple[DeviceMemory, ...]:
    names = ["CPU", *(device for device, _ in plan.devices)]
    sizes = {(share.device, share.part): share.size_bytes for share in found.shares}

    def part(device: str, name: str) -> int:
        return sizes.pop((device, name), 0)

    devices = tuple(
        DeviceMemory(
            device,
            0,
            part(device, "repack"),
            part(device, "kv_cache"),
            part(device, "compute"),
            part(device, "output"),
            0,
        )
        for device in names
    )
    elsewhere = any(name != "weights" for _, name in sizes)
    return () if elsewhere else devices


def _request(plan: RunPlan, path: Path) -> LoadRequest:
    return LoadRequest(
        path=str(path),
        context_length=plan.context_length,
        threads=plan.threads,
        n_gpu_layers=plan.n_gpu_layers,
        kv_type=plan.kv_type.value,
        experts_away=plan.experts_away,
        n_batch=UBATCH,
        use_mmap=plan.use_mmap,
        repack=plan.repack,
        beyond_amx=plan.model.shape.beyond_amx,
        devices=tuple(DeviceLayers(device, layers) for device, layers in plan.devices),
        pipelined=plan.pipelined,
    )
