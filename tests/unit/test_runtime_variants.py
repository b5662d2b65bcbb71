"""Which CPU parts of ggml are kept from a model, by its header or by what was read of it before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.runtime.values import LoadRequest
from engine.runtime.worker.variants import avoided_variants
from tests.modelfile import write_model
from tests.models import deepseek2, llama


@pytest.fixture
def latent(tmp_path: Path) -> LoadRequest:
    return LoadRequest(str(write_model(tmp_path / "latent.gguf", deepseek2())), 512, 1)


def test_latent_attention_is_kept_from_the_matrix_unit(latent: LoadRequest, tmp_path: Path) -> None:
    plain = LoadRequest(str(write_model(tmp_path / "plain.gguf", llama())), 512, 1)
    assert avoided_variants(latent) == {"sapphirerapids"}
    assert avoided_variants(plain) == frozenset()
    assert avoided_variants(replace(latent, repack=False)) == frozenset()


def test_a_header_that_was_read_is_not_read_again(latent: LoadRequest) -> None:
    assert avoided_variants(replace(latent, by_head=False)) == frozenset()
    gone = replace(latent, path="/nowhere/model.gguf", by_head=True)
    assert avoided_variants(gone) == {"sapphirerapids"}
    assert avoided_variants(replace(gone, by_head=None)) == frozenset()
