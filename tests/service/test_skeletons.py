"""Every skeleton that ships is opened by llama.cpp itself for a dry run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import resources
from engine.catalog.gguf import shape_of
from engine.catalog.skeleton import Skeleton, load_skeletons, skeleton_of, write_skeleton
from engine.planning.memory import compute_bytes, kv_cache_bytes
from engine.runtime.dry_run import dry_run
from engine.runtime.values import LoadRequest

ROOT = Path(__file__).parents[2]
SKELETONS = load_skeletons(resources.path("catalog", "skeletons.json"))


COMMAND = [sys.executable, str(ROOT / "deskside.py")]


def written(name: str, folder: Path) -> tuple[Skeleton, Path]:
    architecture = SKELETONS[name]
    mix = "MXFP4" if architecture.architecture in ("gpt-oss", "deepseek4") else "Q4_K_M"
    skeleton = skeleton_of(architecture, mix)
    assert skeleton is not None
    return skeleton, write_skeleton(skeleton, folder / "model.gguf")


@pytest.mark.parametrize("name", SKELETONS)
def test_llama_cpp_plans_with_a_skeleton(tmp_path: Path, name: str) -> None:
    """Its cache is that of the formula to the byte, its compute buffer within a tenth."""
    skeleton, path = written(name, tmp_path)
    planned = dry_run(COMMAND, LoadRequest(path=str(path), context_length=4096, threads=1, repack=False))
    # without a copy the weights are those of the table; where they are tied, llama.cpp may count them twice
    assert planned.of("weights") == pytest.approx(skeleton.header.tensor_bytes, rel=0.01) or skeleton.of.tied
    shape = shape_of(skeleton.header)
    assert planned.of("kv_cache") == kv_cache_bytes(shape, 4096)
    assert planned.of("compute") == pytest.approx(compute_bytes(shape, 4096), rel=0.1)
    if name == "DeepSeek-R1-0528":
        assert planned.of("kv_cache") == 4096 * 70_272


@pytest.mark.parametrize("name", ["DeepSeek-R1-0528", "DeepSeek-V3.2", "DeepSeek-V4-Flash-0731"])
def test_weights_by_head_are_kept_from_the_matrix_unit(tmp_path: Path, name: str) -> None:
    """llama.cpp aborts while it plans, where a processor has AMX: the probe would crash."""
    _, path = written(name, tmp_path)
    planned = dry_run(COMMAND, LoadRequest(path=str(path), context_length=2048, threads=1))
    assert planned.of("kv_cache") > 0
