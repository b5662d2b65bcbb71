"""The catalogue that ships, and damaged ones."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from engine.catalog.catalog import find, load_catalog
from engine.catalog.model import AttentionKind
from engine.errors import ModelFileError, UsageError

CATALOG = resources.path("catalog", "models.json")


def test_the_r1_0528_family_comes_first_with_its_true_figures() -> None:
    catalog = load_catalog(CATALOG)
    assert [spec.name for spec in catalog[:2]] == ["DeepSeek-R1-0528", "DeepSeek-R1-0528-Qwen3-8B"]
    flagship, distill = catalog[0], catalog[1]
    assert flagship.shape.attention is AttentionKind.MLA
    assert (flagship.shape.trained_context, flagship.shape.active_parameters) == (163_840, 36_700_000_000)
    sizes = {quant.name: quant.size_bytes for quant in flagship.quantizations}
    assert sizes["Q4_K_M"] == pytest.approx(377.1 * 2**30)
    assert sizes["Q8_0"] == pytest.approx(664.295 * 2**30)
    exact = {quant.name: quant for quant in distill.quantizations}["Q4_K_M"]
    assert (exact.size_bytes, exact.exact) == (5_027_783_040, True)


def test_every_entry_is_sound() -> None:
    for spec in load_catalog(CATALOG):
        shape = spec.shape
        assert spec.quantizations, spec.name
        assert 0 < shape.active_parameters <= shape.total_parameters, spec.name
        assert shape.vocabulary > 0 and shape.trained_context >= 8192, spec.name
        sizes = [quant.size_bytes for quant in spec.quantizations]
        assert sizes == sorted(sizes, reverse=True), spec.name
        for quant in spec.quantizations:
            bits = quant.size_bytes * 8 / shape.total_parameters
            assert bits == pytest.approx(quant.bits_per_weight, rel=0.01), (spec.name, quant.name)
            assert 1.4 < bits < 19, (spec.name, quant.name)


def test_published_16_bit_files_agree_with_the_shapes() -> None:
    """A shape that were wrong would not fill a BF16 file with 16 bits a weight."""
    seen = 0
    for spec in load_catalog(CATALOG):
        for quant in spec.quantizations:
            if quant.name == "BF16":
                assert quant.bits_per_weight == pytest.approx(16, rel=0.03), spec.name
                seen += 1
    assert seen > 10


def test_the_starter_is_there_exactly() -> None:
    starter = find(load_catalog(CATALOG), "smollm2-135m-instruct")
    file = {quant.name: quant for quant in starter.quantizations}["Q4_1"]
    assert (file.size_bytes, file.exact, file.repository) == (98_362_432, True, "")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("DeepSeek-R1", "DeepSeek-R1-0528"), ("qwen3 30b a3b", "Qwen3-30B-A3B"), ("", ""), ("x" * 100_000, "")],
)
def test_an_unknown_name_is_answered_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UsageError) as refused:
        find(load_catalog(CATALOG), name)
    values = refused.value.message.values
    assert nearest in str(values["nearest"])
    assert len(str(values["name"])) <= 100


def entry() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(CATALOG.read_text("utf-8"))
    content["models"] = content["models"][:1]
    content["models"][0]["quantizations"] = content["models"][0]["quantizations"][:1]
    return content


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_catalogue_is_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = copy.deepcopy(entry())
    model = content["models"][0]
    target = data.draw(st.sampled_from([content, model, model["shape"], model["quantizations"][0]]))
    key = data.draw(st.sampled_from(sorted(target)))
    if data.draw(st.booleans()):
        del target[key]
    else:
        target[key] = data.draw(ANYTHING)
    path = tmp_path_factory.mktemp("c") / "models.json"
    path.write_text(json.dumps(content))
    try:
        load_catalog(path)
    except ModelFileError as error:
        assert error.message.code == "catalog_unreadable"


@pytest.mark.parametrize("text", ["", "[", "[]", "[" * 100_000, '{"schema": 2, "models": []}', "9" * 5000])
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "models.json"
    path.write_text(text)
    with pytest.raises(ModelFileError):
        load_catalog(path)
    with pytest.raises(ModelFileError):
        load_catalog(tmp_path / "missing.json")
