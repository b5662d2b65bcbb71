"""Advice: the catalogue and a report joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import resources
from engine.catalog.catalog import catalog_date, load_catalog
from engine.catalog.gguf import GgufHeader
from engine.catalog.model import ModelSpec, Quantization
from engine.catalog.skeleton import Architecture, load_skeletons, skeleton_of, with_skeletons
from engine.hardware.report import HardwareReport
from engine.host.knowing import known_machine
from engine.host.nodes import with_nodes
from engine.messages import Sentence, sentence
from engine.paths import Paths
from engine.planning.machine import Machine
from engine.planning.plan import Aim, Recommendation
from engine.planning.recommend import USUAL_AIM, recommend_on

STALE_DAYS = 180  # in half a year the best models of every size are others


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


def advise(paths: Paths, report: HardwareReport, aim: Aim = USUAL_AIM) -> Recommendation:
    """What to run on this machine and those that were added to it, best first, by all that was learnt."""
    return advise_on(report, known_machine(paths, with_nodes(paths, report)), aim)


def advise_on(report: HardwareReport, machine: Machine, aim: Aim = USUAL_AIM) -> Recommendation:
    """By the shipped catalogue; says so where that is old."""
    advice = recommend_on(report, machine, shipped_catalog(), aim)
    known = catalog_date(resources.path("catalog", "models.json"))
    old = stale(known, datetime.now(UTC).date().isoformat())
    return replace(advice, remarks=(*advice.remarks, old)) if old else advice


def stale(known: str, today: str) -> Sentence | None:
    """Both ISO days. What to do about a catalogue that new models are missing from; None for a fresh one."""
    try:
        age = date.fromisoformat(today) - date.fromisoformat(known)
    except ValueError:
        return sentence("catalog_stale", date=known or "?")
    return sentence("catalog_stale", date=known) if age.days > STALE_DAYS else None
