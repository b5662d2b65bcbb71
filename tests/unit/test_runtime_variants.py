"""Which CPU parts of ggml are kept from a model, by its header or by what was read of it before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.runtime.values import LoadRequest
from engine.runtime.worker.variants import avoided_variants
from tests.modelfile import write_model
from tests.models import deepseek2, llama, tiny


@pytest.fixture
def latent(tmp_path: Path) -> LoadRequest:
    return LoadRequest(str(write_model(tmp_path / "latent.gguf", deepseek2())), 512, 1)


def test_what_is_no_plain_matrix_is_kept_from_the_matrix_unit(latent: LoadRequest, tmp_path: Path) -> None:
    plain = LoadRequest(str(write_model(tmp_path / "plain.gguf", llama())), 512, 1)
    recurrent = LoadRequest(str(tiny(tmp_path, "mamba")), 512, 1)
    assert avoided_variants(latent) == avoided_variants(recurrent) == {"sapphirerapids"}
    assert avoided_variants(plain) == frozenset()
    assert avoided_variants(replace(latent, repack=False)) == frozenset()


def test_a_header_that_was_read_is_not_read_again(latent: LoadRequest) -> None:
    assert avoided_variants(replace(latent, beyond_amx=False)) == frozenset()
    gone = replace(latent, path="/nowhere/model.gguf", beyond_amx=True)
    assert avoided_variants(gone) == {"sapphirerapids"}
    assert avoided_variants(replace(gone, beyond_amx=None)) == frozenset()
