"""Every skeleton that ships is opened by llama.cpp itself for a dry run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import resources
from engine.catalog.skeleton import load_skeletons, skeleton_of, write_skeleton
from engine.runtime.dry_run import dry_run
from engine.runtime.values import LoadRequest

ROOT = Path(__file__).parents[2]
SKELETONS = load_skeletons(resources.path("catalog", "skeletons.json"))


@pytest.mark.parametrize("name", SKELETONS)
def test_llama_cpp_plans_with_a_skeleton(tmp_path: Path, name: str) -> None:
    architecture = SKELETONS[name]
    skeleton = skeleton_of(architecture, "MXFP4" if architecture.architecture == "gpt-oss" else "Q4_K_M")
    assert skeleton is not None
    path = write_skeleton(skeleton, tmp_path / "model.gguf")
    request = LoadRequest(path=str(path), context_length=4096, threads=1, repack=False)
    planned = dry_run([sys.executable, str(ROOT / "deskside.py")], request)
    # without a copy the weights are those of the table; where they are tied, llama.cpp may count them twice
    assert planned.of("weights") == pytest.approx(skeleton.header.tensor_bytes, rel=0.01) or architecture.tied
    if name == "DeepSeek-R1-0528":
        assert planned.of("kv_cache") == 4096 * 70_272
