"""Headers that are well formed and lie: whatever they claim ends in a plan or in a sentence."""

from __future__ import annotations

import struct
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.gguf import GgufHeader, GgufTensor, read_header, shape_of, weights_of
from engine.catalog.gguf_header import ArrayLength
from engine.catalog.hollow import write_hollow
from engine.errors import ModelFileError
from engine.planning.placement import plan_model, spec_of_file
from tests.unit.planning_machines import RYZEN_64

KEYS = (
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "expert_feed_forward_length",
    "expert_count",
    "expert_used_count",
    "nextn_predict_layers",
    "full_attention_interval",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
    "attention.key_length_mla",
    "attention.key_length_swa",
    "attention.sliding_window",
    "attention.sliding_window_pattern",
    "attention.shared_kv_layers",
    "attention.recurrent_layers",
    "attention.kv_lora_rank",
    "rope.dimension_count",
    "ssm.inner_size",
    "ssm.state_size",
    "ssm.conv_kernel",
    "ssm.group_count",
    "shortconv.l_cache",
    "wkv.head_size",
)
ARCHITECTURES = (
    "llama",
    "deepseek2",
    "gemma3",
    "gpt-oss",
    "qwen35moe",
    "mamba",
    "rwkv7",
    "lfm2",
    "tomorrow",
    "clip",
)
COUNTS = st.sampled_from(
    [0, 1, 2, 3, 7, 64, 4096, 1 << 16, 1 << 31, (1 << 32) - 1, 1 << 62, (1 << 64) - 1, -1]
)
SCALARS = COUNTS | st.floats() | st.booleans() | st.text(max_size=4)
VALUES = (
    st.integers(0, 300)
    | SCALARS
    | st.lists(st.integers(0, 64) | COUNTS | st.booleans(), max_size=8).map(tuple)
    | st.builds(ArrayLength, st.integers(0, 1 << 21))
)
NAMES = (
    "token_embd.weight",
    "output.weight",
    "blk.0.attn_q.weight",
    "blk.1.ffn_up_exps.weight",
    "blk.9.norm",
    "x",
)
TENSORS = st.lists(
    st.builds(
        GgufTensor,
        st.sampled_from(NAMES),
        st.sampled_from(["F32", "Q4_K", "MXFP4"]),
        st.sampled_from([(256,), (256, 8), (256, 1 << 20), (256, 8, 64), (1 << 20, 1 << 20, 1 << 10)]),
        st.just(0),
        st.integers(1, 1 << 50),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda tensor: tensor.name,
)


@st.composite
def headers(draw: st.DrawFn) -> GgufHeader:
    architecture = draw(st.sampled_from(ARCHITECTURES))
    sane = {"block_count": 2, "embedding_length": 64, "attention.head_count": 4}
    lies = draw(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8))
    metadata = {f"{architecture}.{key}": value for key, value in {**sane, **lies}.items()}
    tensors = tuple(draw(TENSORS))
    size = sum(tensor.size_bytes for tensor in tensors)
    return GgufHeader(
        3, MappingProxyType({"general.architecture": architecture, **metadata}), tensors, 0, size, size
    )


@settings(max_examples=300, deadline=None)
@given(headers())
def test_whatever_a_header_claims_is_planned_or_refused(header: GgufHeader) -> None:
    try:
        shape, weights = shape_of(header), weights_of(header)
    except ModelFileError as error:
        assert error.message.code.startswith("header_")
        return
    plan = plan_model(RYZEN_64, *spec_of_file(shape, "model", header.file_size, weights, "Q4_K_M"))
    assert plan.memory.reserved >= 0


@settings(max_examples=60, deadline=None)
@given(headers())
def test_whatever_a_header_claims_can_be_written_down(
    tmp_path_factory: pytest.TempPathFactory, header: GgufHeader
) -> None:
    path = tmp_path_factory.mktemp("hollow") / "model.gguf"
    try:
        write_hollow(header, 100, path)
    except OSError:
        return  # larger than the file system allows
    finally:
        path.unlink(missing_ok=True)


def test_tensors_that_overlap_are_refused() -> None:
    rows = b"".join(
        struct.pack("<Q1sIQIQ", 1, name, 1, 32, 0, offset) for name, offset in ((b"a", 0), (b"b", 64))
    )
    content = b"GGUF" + struct.pack("<IQQ", 3, 2, 0) + rows + bytes(4096)
    with pytest.raises(ModelFileError, match="overlap"):
        read_header(lambda offset, size: content[offset : offset + size], len(content))
