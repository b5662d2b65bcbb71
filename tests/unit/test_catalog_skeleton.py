"""Skeletons against published sizes and caches, against a real file, and damaged ones."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import resources
from engine.catalog.catalog import find, load_catalog
from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.catalog.model import ModelShape
from engine.catalog.skeleton import (
    TOLERANCE,
    deviation,
    load_skeletons,
    skeleton_of,
    with_skeletons,
    write_skeleton,
)
from engine.errors import ModelFileError
from engine.planning.memory import kv_cache_bytes
from tests.unit.catalog_files import starter_path

SKELETONS = resources.path("catalog", "skeletons.json")
CATALOG = resources.path("catalog", "models.json")
# Published files that were made by other rules than their names say.
FOREIGN = {
    ("gpt-oss-120b", "F16"),  # experts stay MXFP4
    ("Gemma 3 1B it", "Q4_0"),  # both quantisation-aware, with embeddings of other types
    ("Gemma 3 1B it", "Q4_K_M"),
    ("Gemma 3 27B it", "Q4_0"),
    ("DeepSeek-R1-0528", "IQ1_S"),  # of a fork of llama.cpp
    ("Qwen3.8-27B", "Q4_K_M"),  # larger than any mix of that name
}
# Publishers who give the linear layers of Qwen3.5 more bits than llama.cpp does, by rules of their own.
OWN_RULES = ("qwen35", "qwen35moe")


def test_skeletons_agree_with_published_sizes() -> None:
    """Within what two published digits leave open; exactly, but for the tokens, where bytes are known."""
    seen = own = 0
    skeletons = load_skeletons(SKELETONS)
    for spec in load_catalog(CATALOG):
        for quantization in spec.quantizations if spec.name in skeletons else ():
            skeleton = skeleton_of(skeletons[spec.name], quantization.name)
            if skeleton is None or (spec.name, quantization.name) in FOREIGN:
                continue
            if spec.shape.architecture in OWN_RULES and abs(deviation(skeleton, quantization)) > TOLERANCE:
                own += 1
                continue
            tokens = 40 * spec.shape.vocabulary  # bytes, about
            bound = TOLERANCE * quantization.size_bytes
            if quantization.exact:
                bound = 2 * tokens
                assert skeleton.header.tensor_bytes < quantization.size_bytes
            assert abs(deviation(skeleton, quantization)) * quantization.size_bytes < bound, spec.name
            seen += 1
    assert seen > 280
    assert own < 40


@pytest.mark.parametrize(
    ("model", "quantization", "gib"),
    [
        ("DeepSeek-R1-0528", "Q8_0", 664.295),
        ("DeepSeek-R1-0528", "Q4_K_M", 377.1),
        ("Qwen3-235B-A22B (2507 Instruct/Thinking)", "Q4_K_M", 132.4),
        ("gpt-oss-120b", "MXFP4", 59.0),
        ("DeepSeek-V3.2", "Q4_K_M", 377.6),
    ],
)
def test_the_large_models_agree_within_a_quarter_percent(model: str, quantization: str, gib: float) -> None:
    skeleton = skeleton_of(load_skeletons(SKELETONS)[model], quantization)
    assert skeleton is not None
    assert skeleton.header.tensor_bytes / 2**30 == pytest.approx(gib, rel=0.0025)


def test_the_skeleton_of_the_starter_is_its_tensor_table() -> None:
    """The one file of the catalogue that is here: names, shapes and types, tensor by tensor."""
    real = read_file_header(starter_path())
    skeleton = skeleton_of(load_skeletons(SKELETONS)["SmolLM2-135M-Instruct"], "Q4_1")
    assert skeleton is not None
    of_real = {tensor.name: (tensor.shape, tensor.type_name) for tensor in real.tensors}
    assert {tensor.name: (tensor.shape, tensor.type_name) for tensor in skeleton.header.tensors} == of_real
    assert weights_of(skeleton.header).tensor_bytes == weights_of(real).tensor_bytes


def cache(shape: ModelShape) -> int:
    return kv_cache_bytes(shape, 16_384)


def test_shapes_of_skeletons_are_those_of_the_catalogue() -> None:
    """Both were written down apart: a cache that differs is an error in one of them."""
    catalog = load_catalog(CATALOG)
    for name, architecture in load_skeletons(SKELETONS).items():
        skeleton = skeleton_of(architecture, "Q8_0")
        assert skeleton is not None
        ours, theirs = shape_of(skeleton.header), find(catalog, name).shape
        # rows that stand for several tokens cannot be said in the catalogue
        assert ours.compressed_rows or cache(ours) == cache(theirs), name
        assert (ours.layers, ours.vocabulary, ours.experts) == (
            theirs.layers,
            theirs.vocabulary,
            theirs.experts,
        ), name
        assert ours.total_parameters == pytest.approx(theirs.total_parameters, rel=0.02), name


@pytest.mark.parametrize(
    ("model", "bytes_a_token"),
    [
        ("DeepSeek-R1-0528", 70_272),
        ("DeepSeek-R1-0528-Qwen3-8B", 147_456),
        ("DeepSeek-R1-Distill-Qwen-1.5B", 28_672),
        ("DeepSeek-R1-Distill-Qwen-7B", 57_344),
        ("DeepSeek-R1-Distill-Qwen-14B", 196_608),
        ("DeepSeek-R1-Distill-Qwen-32B", 262_144),
        ("DeepSeek-R1-Distill-Llama-8B", 131_072),
        ("DeepSeek-R1-Distill-Llama-70B", 327_680),
        ("Qwen3-0.6B", 114_688),
        ("Qwen3-1.7B", 114_688),
        ("Qwen3-4B", 147_456),
        ("Qwen3-8B", 147_456),
        ("Qwen3-14B", 163_840),
        ("Qwen3-32B", 262_144),
        ("Qwen3-30B-A3B", 98_304),
        ("Qwen3-235B-A22B (2507 Instruct/Thinking)", 192_512),
        ("gpt-oss-120b", 73_728),
        ("Gemma 3 1B it", 26_624),
        ("Gemma 3 4B it", 139_264),
        ("Gemma 3 12B it", 393_216),
        ("Gemma 3 27B it", 507_904),
        ("SmolLM2-135M-Instruct", 23_040),
        ("SmolLM2-360M-Instruct", 40_960),
        ("SmolLM2-1.7B-Instruct", 196_608),
        ("DeepSeek-V3.1", 70_272),
        ("DeepSeek-V3.1-Terminus", 70_272),
    ],
)
def test_caches_are_those_that_were_published(model: str, bytes_a_token: int) -> None:
    """At f16 and with every layer seeing everything, as publishers count. DeepSeek-V3.2 is left out: its
    index keys come on top of the published 70,272 bytes."""
    shape = find(load_catalog(CATALOG), model).shape
    layers = shape.layers - shape.recurrent_layers - shape.shared_kv_layers
    assert 2 * layers * shape.kv_heads * (shape.key_length + shape.value_length) == bytes_a_token


@pytest.mark.parametrize(
    ("model", "quantization", "gib"),
    [
        ("gemma-4-E2B-it", "Q4_0", 3.1),
        ("gemma-4-12B-it", "Q4_0", 6.5),
        ("gemma-4-26B-A4B-it", "Q4_0", 13.4),
        ("gemma-4-31B-it", "Q4_0", 16.4),
        ("Qwen3.5-0.8B", "BF16", 1.4),
        ("Qwen3.5-9B", "Q8_0", 8.9),
        ("Qwen3.6-27B", "Q8_0", 26.6),
        ("Qwen3.6-35B-A3B", "Q8_0", 34.4),
        ("DeepSeek-V4-Flash-0731", "MXFP4", 144.3),
    ],
)
def test_newer_families_agree_within_a_percent_or_what_rounding_leaves(
    model: str, quantization: str, gib: float
) -> None:
    skeleton = skeleton_of(load_skeletons(SKELETONS)[model], quantization)
    assert skeleton is not None
    size = skeleton.header.tensor_bytes + 40 * skeleton.of.vocabulary
    assert size / 2**30 == pytest.approx(gib, rel=0.01, abs=0.06)


@pytest.mark.parametrize(
    ("model", "tensors"), [("gemma-4-E2B-it", 601), ("gemma-4-12B-it", 667), ("gemma-4-31B-it", 833)]
)
def test_skeletons_have_as_many_tensors_as_published_files(model: str, tensors: int) -> None:
    skeleton = skeleton_of(load_skeletons(SKELETONS)[model], "Q4_K_M")
    assert skeleton is not None
    assert len(skeleton.header.tensors) == tensors


def test_the_catalogue_takes_what_skeletons_know() -> None:
    skeletons = load_skeletons(SKELETONS)
    spec = find(load_catalog(CATALOG), "DeepSeek-R1-0528")
    known = with_skeletons(spec, skeletons[spec.name])
    by_name = {quant.name: quant for quant in known.quantizations}
    assert by_name["Q4_K_M"].matrices and by_name["Q4_K_M"].expert_bytes
    assert by_name["Q4_K_M"].size_bytes == {q.name: q for q in spec.quantizations}["Q4_K_M"].size_bytes
    assert by_name["UD-TQ1_0"].matrices == ()
    assert known.shape.feed_forward_length == 18_432
    assert with_skeletons(spec, None) == spec


def test_a_written_skeleton_is_a_file_of_its_size(tmp_path: Path) -> None:
    skeleton = skeleton_of(load_skeletons(SKELETONS)["DeepSeek-R1-Distill-Qwen-7B"], "Q4_K_M")
    assert skeleton is not None
    path = write_skeleton(skeleton, tmp_path / "model.gguf")
    header = read_file_header(path)
    assert header.tensors == skeleton.header.tensors
    assert shape_of(header) == shape_of(skeleton.header)
    assert path.stat().st_size > 4 << 30
    if shutil.disk_usage(tmp_path).total and hasattr(path.stat(), "st_blocks"):
        assert path.stat().st_blocks * 512 < 1 << 20


DAMAGED = ("SmolLM2-135M-Instruct", "gemma-4-E2B-it", "DeepSeek-V4-Flash-0731", "Qwen3.5-0.8B")
ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just([])
    | st.just({})
    | st.lists(st.integers(-1, 9), max_size=50)
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_skeletons_are_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content: dict[str, Any] = copy.deepcopy(json.loads(SKELETONS.read_text("utf-8")))
    entry = data.draw(st.sampled_from([each for each in content["skeletons"] if each["model"] in DAMAGED]))
    content["skeletons"] = [entry]
    target = data.draw(st.sampled_from([content, entry, entry["keys"], entry["numbers"]]))
    key = data.draw(st.sampled_from(sorted(target)))
    if data.draw(st.booleans()):
        del target[key]
    else:
        target[key] = data.draw(ANYTHING)
    path = tmp_path_factory.mktemp("s") / "skeletons.json"
    path.write_text(json.dumps(content))
    try:
        for architecture in load_skeletons(path).values():
            skeleton_of(architecture, "Q4_K_M")
    except ModelFileError as error:
        assert error.message.code == "catalog_unreadable"


@pytest.mark.parametrize("text", ["", "[", "[]", "[" * 100_000, '{"schema": 2, "skeletons": []}'])
def test_a_file_of_no_skeletons_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "skeletons.json"
    path.write_text(text)
    with pytest.raises(ModelFileError):
        load_skeletons(path)
