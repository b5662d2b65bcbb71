"""Advice: the catalogue and a report joined."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import resources
from engine.catalog.catalog import load_catalog
from engine.catalog.gguf import GgufHeader
from engine.catalog.model import ModelSpec, Quantization
from engine.catalog.skeleton import Architecture, load_skeletons, skeleton_of, with_skeletons
from engine.hardware.report import HardwareReport
from engine.host.knowing import known_machine
from engine.paths import Paths
from engine.planning.plan import Recommendation
from engine.planning.recommend import recommend_on


@cache
def shipped_catalog() -> tuple[ModelSpec, ...]:
    """The catalogue that came with the program, read once, as exact as its skeletons make it."""
    return tuple(
        with_skeletons(spec, _shipped_skeletons().get(spec.name))
        for spec in load_catalog(resources.path("catalog", "models.json"))
    )


def shipped_header(spec: ModelSpec, quantization: Quantization) -> GgufHeader | None:
    """Of a model of the catalogue, where its skeleton agrees with the file that is published."""
    return skeleton_header(spec, quantization.name) if quantization.matrices else None


def skeleton_header(spec: ModelSpec, quantization: str) -> GgufHeader | None:
    """As llama.cpp's rules for that quantization make it; None where they or the tensors are not known."""
    architecture = _shipped_skeletons().get(spec.name)
    skeleton = skeleton_of(architecture, quantization) if architecture else None
    return skeleton.header if skeleton else None


@cache
def _shipped_skeletons() -> Mapping[str, Architecture]:
    return load_skeletons(resources.path("catalog", "skeletons.json"))


def advise(paths: Paths, report: HardwareReport) -> Recommendation:
    """What to run on this machine, best first, by all that was learnt of it."""
    return recommend_on(report, known_machine(paths, report), shipped_catalog())
