"""A smaller file of a model that does not fit: one that is here already, or one of the catalogue."""

from __future__ import annotations

import resources
from engine.catalog.catalog import load_catalog
from engine.catalog.model import InstalledModel, ModelSpec, Quantization
from engine.download.library import Library
from engine.errors import DesksideError
from engine.host.describing import describe
from engine.messages import Sentence, sentence
from engine.paths import Paths
from engine.planning.fit import Ladder, Room, Wanted
from engine.planning.machine import Machine
from engine.planning.wording import size_text


def smaller_model(model: InstalledModel, paths: Paths, whole: Machine, room: Room) -> Sentence | None:
    """What to take in its place, in a sentence; None when nothing of that model fits."""
    return _installed(model, paths, whole, room) or _published(model, whole, room)


def _installed(model: InstalledModel, paths: Paths, whole: Machine, room: Room) -> Sentence | None:
    others = [
        other
        for other in Library(paths.models, paths.state).installed()
        if other.name == model.name and other.size_bytes < model.size_bytes
    ]
    for other in sorted(others, key=lambda one: -one.size_bytes):
        try:
            spec, quantization = describe(other)
        except DesksideError:
            continue  # a damaged file is no offer
        if _fits(spec, quantization, whole, room):
            name = f"{other.name} {other.quantization}"
            size = size_text(other.size_bytes)
            return sentence("fit_smaller_here", smaller=name, size=size, model=model.name)
    return None


def _published(model: InstalledModel, whole: Machine, room: Room) -> Sentence | None:
    spec = _in_catalog(model)
    if spec is None:
        return None
    for quantization in sorted(spec.quantizations, key=lambda one: -one.bits_per_weight):
        smaller = quantization.size_bytes < model.size_bytes and quantization.repository
        if smaller and _fits(spec, quantization, whole, room):
            return sentence(
                "fit_smaller_there",
                model=model.name,
                name=spec.name,
                quantization=quantization.name,
                size=size_text(quantization.size_bytes),
            )
    return None


def _in_catalog(model: InstalledModel) -> ModelSpec | None:
    for spec in load_catalog(resources.path("catalog", "models.json")):
        repositories = {quantization.repository for quantization in spec.quantizations}
        if model.repository in repositories - {""} or spec.name.casefold() == model.name.casefold():
            return spec
    return None


def _fits(spec: ModelSpec, quantization: Quantization, whole: Machine, room: Room) -> bool:
    fit = Ladder(spec, quantization, whole, Wanted()).fit(room)
    return fit is not None and not fit.placement.streamed
