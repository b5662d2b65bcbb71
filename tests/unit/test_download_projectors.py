"""Which projector belongs to a model, by names."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.download.projectors import is_projector, projector_beside, projector_for


@pytest.mark.parametrize(
    ("weights", "files", "expected"),
    [
        ("M-Q4_K_M.gguf", ["mmproj-F16.gguf"], "mmproj-F16.gguf"),
        ("M-Q4_K_M.gguf", ["mmproj-F32.gguf", "mmproj-BF16.gguf", "mmproj-F16.gguf"], "mmproj-F16.gguf"),
        ("M-Q4_K_M.gguf", ["M-Q8_0.gguf", "mmproj-model-f16.gguf"], "mmproj-model-f16.gguf"),
        # two models in one folder: only a name tells
        ("M-Q4_K_M.gguf", ["N-Q8_0.gguf", "mmproj-F16.gguf"], None),
        ("M-Q4_K_M.gguf", ["N-Q8_0.gguf", "mmproj-M-F16.gguf"], "mmproj-M-F16.gguf"),
        ("N-7B-Q4_0.gguf", ["N-3B-Q4_0.gguf", "mmproj-N-3B-F16.gguf"], None),
        ("Qwen2.5-VL-7B-Instruct-Q4_K_M.gguf", ["Qwen2.5-VL-7B-Instruct-mmproj-Q8_0.gguf"],
         "Qwen2.5-VL-7B-Instruct-mmproj-Q8_0.gguf"),
        ("gemma-3-4b-it-Q4_K_M.gguf", ["mmproj-gemma-3-4b-it-f16.gguf"], "mmproj-gemma-3-4b-it-f16.gguf"),
        # shards in a folder of their own
        ("Q4_K_M/M-Q4_K_M-00001-of-00002.gguf", ["mmproj-F16.gguf"], "mmproj-F16.gguf"),
        ("M-Q4_K_M.gguf", ["other/mmproj-F16.gguf", "mmproj.txt", "imatrix.gguf"], None),
        ("sub/M-Q4_K_M.gguf", ["mmproj-F16.gguf"], None),
    ],
)  # fmt: skip
def test_the_one_that_belongs(weights: str, files: list[str], expected: str | None) -> None:
    assert projector_for(weights, [weights, *files]) == expected


def test_what_is_one() -> None:
    assert is_projector("a/mmproj-F16.gguf")
    assert is_projector("M-mmproj-f16.GGUF")
    assert not is_projector("M-Q4_0.gguf")
    assert not is_projector("mmproj-F16.gguf.json")


def test_on_the_disk(tmp_path: Path) -> None:
    model = tmp_path / "M-Q4_0.gguf"
    assert projector_beside(model) is None
    (tmp_path / "mmproj-F16.gguf").mkdir()  # a folder is no file
    assert projector_beside(model) is None
    (tmp_path / "mmproj-BF16.gguf").touch()
    assert projector_beside(model) == tmp_path / "mmproj-BF16.gguf"
    assert projector_beside(tmp_path / "gone" / "M-Q4_0.gguf") is None
