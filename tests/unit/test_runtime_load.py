"""Parameters of llama.cpp that are set for reasons nobody would guess (docs/decisions/0008)."""

from __future__ import annotations

import pytest
from llama_cpp import llama_cpp

from engine.planning import memory
from engine.runtime.process import _environment
from engine.runtime.values import LoadRequest
from engine.runtime.worker import load
from engine.runtime.worker.load import context_params


@pytest.mark.parametrize(("sequences", "outputs"), [(1, 16), (4, 16), (16, 16), (17, 32), (64, 64)])
def test_the_list_of_outputs_fills_whole_lines_of_the_cache(sequences: int, outputs: int) -> None:
    request = LoadRequest("model.gguf", 2048, 1, n_sequences=sequences)
    assert context_params(llama_cpp, request).n_outputs_max == outputs


def test_what_is_loaded_is_what_is_planned() -> None:
    """A worker does not import the planner, which would make its start longer."""
    assert load.OUTPUT_ROWS == memory.OUTPUT_ROWS
    assert load._LARGEST_UBATCH == memory.UBATCH


def test_a_worker_asks_for_large_pages_beside_what_its_user_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=0")
    assert _environment()["GLIBC_TUNABLES"] == "glibc.malloc.check=0:glibc.malloc.hugetlb=1"
    monkeypatch.delenv("GLIBC_TUNABLES")
    assert _environment()["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"
