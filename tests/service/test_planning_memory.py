"""What is planned before a load against what the real engine takes. The whole of it, over many
architectures, is `python -m tests.bench.truth --only memory`; this is a sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import LoadError
from engine.hardware.check import quick_report
from engine.runtime.dry_run import dry_run
from engine.runtime.values import LoadRequest
from tests.bench.truth.memory import Case, measure_case
from tests.modelfile import Q4_0, write_model
from tests.models import deepseek2, gemma3, llama
from tests.service.runtime_bench import COMMAND, starter


def check(case: Case) -> None:
    one = measure_case(case, quick_report([case.model.parent]))
    real = sum(one.real.values())
    assert sum(one.dry.values()) == pytest.approx(real, rel=0.01)
    assert one.formula.reserved == pytest.approx(real, rel=0.08)
    assert one.formula.resident == pytest.approx(one.resident, rel=0.10)
    for part in ("repack", "kv_cache", "compute", "output"):
        assert one.dry[part] == one.real[part], part


@pytest.mark.parametrize(
    ("context", "kv_type", "repack"), [(4096, "f16", True), (4096, "q8_0", False), (8192, "q4_0", True)]
)
def test_the_starter_takes_what_was_planned(context: int, kv_type: str, repack: bool) -> None:
    check(Case(starter(), context, kv_type, repack))


@pytest.mark.parametrize("kind", ["llama", "gemma3", "deepseek2"])
def test_other_architectures_too(tmp_path: Path, kind: str) -> None:
    recipes = {
        "llama": lambda: llama(layers=8, width=512, heads=8, kv_heads=2, feed_forward=1536),
        "gemma3": lambda: gemma3(layers=12, width=512, heads=8, window=256),
        "deepseek2": lambda: deepseek2(layers=8, width=512, heads=8),
    }
    model = write_model(tmp_path / f"{kind}.gguf", recipes[kind](), quantised=Q4_0)
    check(Case(model, 4096, "f16", True))


def test_a_hole_in_place_of_the_weights_is_planned_the_same(tmp_path: Path) -> None:
    """As for a header that was fetched from afar."""
    whole = write_model(tmp_path / "whole.gguf", llama(layers=4, width=256))
    header = whole.read_bytes()
    size, kept = len(header), len(header) // 2
    hollow = tmp_path / "hollow.gguf"
    hollow.write_bytes(header[:kept])
    with hollow.open("r+b") as file:
        file.truncate(size)
    sound, empty = (dry_run(COMMAND, LoadRequest(str(path), 2048, 1)) for path in (whole, hollow))
    assert sound == empty


def test_a_file_that_cannot_be_loaded_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "no.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(LoadError):
        dry_run(COMMAND, LoadRequest(str(path), 2048, 1))
