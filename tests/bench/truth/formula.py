"""Memory by formula against llama.cpp's dry run, over the skeletons of the catalogue: nothing is loaded.

Reserved memory of every architecture that has one, at contexts of 2k, 8k and 64k and all types of the cache.
Weights come from the tensor table on both sides, so what is compared is the copy, the cache and the buffers;
the notes show the same error against cache and buffers alone, which is the harder figure and has no target.
"""

from __future__ import annotations

import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import resources
from engine.catalog.gguf import shape_of, weights_of
from engine.catalog.skeleton import Skeleton, load_skeletons, skeleton_of, write_skeleton
from engine.hardware.check import quick_report
from engine.planning.machine import Machine, machine_of
from engine.planning.placement import plan_on, spec_of_file
from engine.planning.plan import KvType
from engine.runtime.dry_run import dry_run
from engine.runtime.values import LoadRequest
from tests.bench.engine.report import Row
from tests.service.runtime_bench import COMMAND

_CONTEXTS = (2048, 8192, 65_536)
_PARTS = ("repack", "kv_cache", "compute", "output")
_PLENTY = 1 << 46  # bytes; what would not fit here is planned all the same


def measure(quick: bool) -> list[Row]:
    """`quick`: one model of each architecture."""
    machine = replace(machine_of(quick_report([Path.home()])), ram_budget=_PLENTY, gpus=())
    errors: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for skeleton in _skeletons(quick):
        errors[skeleton.of.architecture] += _errors(skeleton, machine)
    return [row for name, found in sorted(errors.items()) for row in _rows(name, found)]


def _skeletons(quick: bool) -> Iterator[Skeleton]:
    seen: set[str] = set()
    for one in load_skeletons(resources.path("catalog", "skeletons.json")).values():
        if quick and one.architecture in seen:
            continue
        seen.add(one.architecture)
        skeleton = skeleton_of(one, "MXFP4" if one.architecture in ("gpt-oss", "deepseek4") else "Q4_K_M")
        assert skeleton is not None
        yield skeleton


def _errors(skeleton: Skeleton, machine: Machine) -> Iterator[tuple[float, float]]:
    """Percent: of what is reserved, and of cache and buffers."""
    header = skeleton.header
    weights = weights_of(header)
    spec, quantization = spec_of_file(shape_of(header), skeleton.of.model, header.file_size, weights)
    with tempfile.TemporaryDirectory(prefix="deskside-truth.") as folder:
        path = str(write_skeleton(skeleton, Path(folder) / "model.gguf"))
        for context in _CONTEXTS:
            for kind in KvType:
                said = plan_on(machine, spec, quantization, context, kind).memory
                dry = dry_run(COMMAND, LoadRequest(path, context, threads=1, kv_type=kind.value))
                rest = sum(dry.of(part) for part in _PARTS)
                missed = 100 * abs(said.reserved - said.weights - rest)
                yield missed / (said.weights + rest), missed / (rest - dry.of("repack"))


def _rows(name: str, found: list[tuple[float, float]]) -> Iterator[Row]:
    reserved, apart = zip(*found, strict=True)
    note = f"{len(found)} dry runs; of cache and buffers {statistics.median(apart):.1f}, {max(apart):.1f} %"
    for measure, value, target in (("median", statistics.median(reserved), 3), ("worst", max(reserved), 8)):
        yield Row("formula", f"{name}, {measure}", value, target, at_least=False, unit="%", note=note)
