"""What a model would take and give if it were loaded in a way that a person thinks of, before it is."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from engine.catalog.model import InstalledModel
from engine.catalog.same_vocabulary import share_vocabulary
from engine.errors import ModelFileError
from engine.hardware.check import quick_report
from engine.host.describing import describe, describe_file
from engine.host.knowing import known_machine
from engine.host.nodes import with_nodes
from engine.jobs.checking import last_report
from engine.messages import english
from engine.paths import Paths
from engine.planning.drafting import draft_bytes
from engine.planning.fit import USUAL_SEQUENCES
from engine.planning.machine import Machine
from engine.planning.placement import plan_on
from engine.planning.plan import RunPlan
from engine.settings import Loading, Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadOutlook:
    """Bytes. `usual` is what is planned where a person chooses nothing."""

    loading: Loading
    plan: RunPlan
    usual: RunPlan
    devices: tuple[str, ...]  # that could hold layers beside the processor
    draft_bytes: int  # that the smaller model takes besides, in main memory
    drafts: tuple[InstalledModel, ...]  # smaller ones that may write ahead


def foresee(
    paths: Paths,
    settings: Settings,
    model: InstalledModel,
    loading: Loading,
    installed: Iterable[InstalledModel],
) -> LoadOutlook:
    """Raises: ModelFileError."""
    report = last_report(paths, settings.overrides) or quick_report([paths.models])
    machine = known_machine(paths, with_nodes(paths, report))
    spec, quantization = describe(model)
    usual = plan_on(machine, spec, quantization, settings.context_length)
    size = _draft_size(machine, loading.draft, usual) if loading.draft else 0
    beside = replace(machine, ram_budget=max(0, machine.ram_budget - size))
    plan = plan_on(
        beside,
        spec,
        quantization,
        settings.context_length,
        device_layers=loading.device_layers,
        experts_in_ram=loading.experts_in_ram,
    )
    devices = tuple(gpu.name for gpu in machine.gpus)
    return LoadOutlook(loading, plan, usual, devices, size, _drafts_for(model, installed))


def _draft_size(machine: Machine, path: str, plan: RunPlan) -> int:
    spec, quantization = describe_file(Path(path))
    rooms = plan.context_length, USUAL_SEQUENCES
    return draft_bytes(spec, quantization, machine, *rooms, shared=True, repack=True)[0]


def _drafts_for(model: InstalledModel, installed: Iterable[InstalledModel]) -> tuple[InstalledModel, ...]:
    """Smaller ones of the same vocabulary, the smallest first."""
    found = []
    for other in sorted(installed, key=lambda each: each.size_bytes):
        if not 0 < other.size_bytes < model.size_bytes:
            continue
        try:
            if share_vocabulary(Path(model.path), Path(other.path)):
                found.append(other)
        except ModelFileError as error:
            log.info("%s is not offered for drafts: %s", other.path, english(error.message))
    return tuple(found)
