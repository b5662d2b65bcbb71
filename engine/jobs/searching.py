"""Searching the hub, each result with a quick verdict: how its usual file would run here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import resources
from engine.catalog.catalog import load_nominal_bits
from engine.catalog.model import ModelShape, ModelSpec, Quantization
from engine.download.hub_search import FoundModel, search_models
from engine.host.knowing import known_machine
from engine.host.nodes import with_nodes
from engine.jobs.advising import shipped_catalog
from engine.jobs.checking import last_report
from engine.paths import Paths
from engine.planning.machine import Machine
from engine.planning.placement import plan_on
from engine.planning.plan import RunPlan

_USUAL = ("Q4_K_M", "MXFP4", "UD-Q4_K_XL", "Q4_K_S", "Q4_0", "Q5_K_M", "Q8_0", "Q3_K_M", "Q2_K")
_UNKNOWN_BITS = 4.85


@dataclass(frozen=True, slots=True)
class SearchResult:
    """`plan` is estimated: sizes from the number of parameters, the shape from the nearest relative in
    the catalogue. None where the hub tells too little. A look at the header makes it exact."""

    model: FoundModel
    plan: RunPlan | None


def search(endpoint: str, words: str, machine: Machine | None) -> tuple[SearchResult, ...]:
    """Asks the hub once. Raises: HubUnreachable, DownloadError."""
    return tuple(SearchResult(model, _plan(model, machine)) for model in search_models(endpoint, words))


def last_machine(paths: Paths) -> Machine | None:
    """This machine by its last check, with those that were added to it; None before the first."""
    report = last_report(paths)
    return known_machine(paths, with_nodes(paths, report)) if report else None


def _plan(model: FoundModel, machine: Machine | None) -> RunPlan | None:
    if machine is None or not model.quantizations:
        return None
    name = next((name for name in _USUAL if name in model.quantizations), model.quantizations[0])
    for spec in shipped_catalog():
        for quantization in spec.quantizations:
            if (quantization.repository, quantization.name) == (model.repository, name):
                return plan_on(machine, spec, quantization)
    if not model.parameters:
        return None
    bits = _nominal_bits().get(name.removeprefix("UD-"), _UNKNOWN_BITS)
    size = max(1, int(model.parameters * bits / 8))
    quantization = Quantization(name, size, False, bits, model.repository)
    return plan_on(machine, _likely(model, quantization), quantization)


@cache
def _nominal_bits() -> Mapping[str, float]:
    return load_nominal_bits(resources.path("catalog", "quantizations.json"))


def _likely(model: FoundModel, quantization: Quantization) -> ModelSpec:
    """What such a model usually looks like."""
    name = model.repository.partition("/")[2]
    return ModelSpec(
        name=name,
        title=name.removesuffix("-GGUF"),
        family="",
        license="",
        released="",
        repository=model.repository,
        shape=_shape(model),
        quantizations=(quantization,),
        reasoning=False,
        purposes=("chat",),
        quality=0.0,
    )


def _shape(model: FoundModel) -> ModelShape:
    """Of the catalogue's model of that architecture (else of any) that is nearest in size."""
    shapes = [spec.shape for spec in shipped_catalog()]
    alike = [shape for shape in shapes if shape.architecture == model.architecture] or shapes
    nearest = min(alike, key=lambda shape: abs(math.log(shape.total_parameters / model.parameters)))
    return replace(
        nearest,
        total_parameters=model.parameters,
        active_parameters=nearest.active_parameters * model.parameters // nearest.total_parameters,
        trained_context=model.context_length or nearest.trained_context,
    )
