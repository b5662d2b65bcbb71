"""The GGUF reader on real, generated, damaged and hostile files."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import gguf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.gguf import (
    ArrayLength,
    GgufHeader,
    GgufTensor,
    merge_headers,
    read_file_header,
    read_header,
    shape_of,
    shard_names,
    weights_of,
)
from engine.catalog.model import AttentionKind
from engine.errors import ModelFileError
from tests.unit.catalog_files import starter_path, write_model

DENSE = {
    "block_count": 2,
    "embedding_length": 64,
    "context_length": 512,
    "attention.head_count": 4,
    "attention.head_count_kv": 2,
}
TENSORS = {"token_embd.weight": (96, 64), "blk.0.ffn_up.weight": (128, 64)}


@cache
def real_header_bytes() -> bytes:
    header = read_file_header(starter_path())
    with starter_path().open("rb") as file:
        return file.read(header.data_offset)


@cache
def small_file() -> bytes:
    """A generated mixture of experts with MLA, whole."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return mixture(Path(folder) / "m.gguf").read_bytes()


def mixture(path: Path) -> Path:
    facts = {
        **DENSE,
        "attention.head_count_kv": 1,
        "attention.key_length": 48,
        "attention.value_length": 32,
        "attention.key_length_mla": 24,
        "attention.value_length_mla": 16,
        "expert_count": 8,
        "expert_used_count": 2,
        "nextn_predict_layers": 0,
    }
    tensors = {
        **TENSORS,
        "output.weight": (96, 64),
        "blk.1.ffn_up_exps.weight": (8, 32, 64),
        "blk.1.ffn_gate_inp.weight": (8, 64),
    }
    return write_model(path, "deepseek2", facts, tensors, gguf.GGMLQuantizationType.Q4_0)


def parse(content: bytes, file_size: int | None = None) -> GgufHeader:
    return read_header(lambda offset, size: content[offset : offset + size], file_size or len(content))


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(ModelFileError) as caught:
        action()
    return caught.value.message.code


def test_the_starter_is_read_as_the_reference_reader_reads_it() -> None:
    header = read_file_header(starter_path())
    reference = gguf.GGUFReader(starter_path())
    assert header.data_offset == reference.data_offset
    assert [
        (t.name, t.type_name, t.shape, header.data_offset + t.offset, t.size_bytes) for t in header.tensors
    ] == [
        (t.name, t.tensor_type.name, tuple(int(n) for n in t.shape), int(t.data_offset), int(t.n_bytes))
        for t in reference.tensors
    ]
    for key in (
        "general.architecture",
        "llama.block_count",
        "llama.rope.freq_base",
        "tokenizer.chat_template",
    ):
        assert header.metadata[key] == reference.fields[key].contents()
    assert header.metadata["tokenizer.ggml.tokens"] == ArrayLength(49152)
    assert header.file_size == starter_path().stat().st_size


def test_the_starter_has_the_published_shape() -> None:
    shape = shape_of(read_file_header(starter_path()))
    assert (shape.architecture, shape.layers, shape.embedding_length) == ("llama", 30, 576)
    assert (shape.heads, shape.kv_heads, shape.key_length, shape.value_length) == (9, 3, 64, 64)
    assert (shape.vocabulary, shape.trained_context, shape.tied_embeddings) == (49152, 8192, True)
    assert shape.total_parameters == shape.active_parameters == 134_515_008


def test_mla_with_experts_keeps_one_row_and_counts_its_experts(tmp_path: Path) -> None:
    header = read_file_header(mixture(tmp_path / "m.gguf"))
    shape, weights = shape_of(header), weights_of(header)
    assert shape.attention is AttentionKind.MLA
    assert (shape.kv_heads, shape.key_length, shape.value_length) == (1, 48, 0)
    assert (shape.experts, shape.experts_used) == (8, 2)
    assert weights.expert_bytes == 8 * 32 * 64 // 32 * 18
    assert shape.active_parameters == shape.total_parameters - 8 * 32 * 64 * 6 // 8
    assert not shape.tied_embeddings
    # the embedding is looked up and stays as it is; all other matrices have rows in eights
    table = 96 * 64 // 32 * 18
    copied = sum(one.size_bytes for one in weights.matrices)
    assert copied == weights.tensor_bytes - table


def test_a_table_that_is_the_output_too_is_copied_but_by_bitnet(tmp_path: Path) -> None:
    def copied(architecture: str) -> int:
        path = write_model(tmp_path / f"{architecture}.gguf", architecture, DENSE, TENSORS)
        return sum(one.size_bytes for one in weights_of(read_file_header(path)).matrices)

    header = read_file_header(write_model(tmp_path / "m.gguf", "llama", DENSE, TENSORS))
    table = next(tensor.size_bytes for tensor in header.tensors if tensor.name == "token_embd.weight")
    assert copied("llama") == header.tensor_bytes
    assert copied("bitnet") == header.tensor_bytes - table


def test_a_window_is_found_with_and_without_its_pattern(tmp_path: Path) -> None:
    facts = {**DENSE, "block_count": 12, "attention.sliding_window": 128}
    shape = shape_of(read_file_header(write_model(tmp_path / "a.gguf", "gemma3", facts, TENSORS)))
    assert (shape.attention, shape.sliding_layers, shape.sliding_window) == (AttentionKind.SLIDING, 10, 128)
    listed = {
        **facts,
        "attention.sliding_window_pattern": [True, True, False] * 4,
        "attention.head_count_kv": [4, 4, 1] * 4,
        "attention.key_length": 32,
        "attention.value_length": 32,
        "attention.key_length_swa": 16,
        "attention.value_length_swa": 16,
        "attention.shared_kv_layers": 3,
    }
    shape = shape_of(read_file_header(write_model(tmp_path / "b.gguf", "gemma4", listed, TENSORS)))
    assert (shape.sliding_layers, shape.shared_kv_layers) == (6, 3)
    assert (shape.kv_heads, shape.sliding_kv_heads) == (1, 4)
    assert (shape.key_length, shape.sliding_key_length) == (32, 16)


def test_a_hybrid_keeps_state_instead_of_cache(tmp_path: Path) -> None:
    facts = {
        **DENSE,
        "block_count": 8,
        "full_attention_interval": 4,
        "ssm.conv_kernel": 4,
        "ssm.inner_size": 128,
        "ssm.state_size": 16,
        "ssm.group_count": 2,
    }
    shape = shape_of(read_file_header(write_model(tmp_path / "h.gguf", "qwen35", facts, TENSORS)))
    assert shape.recurrent_layers == 6
    assert shape.recurrent_state_bytes == 6 * 4 * (3 * (128 + 2 * 2 * 16) + 16 * 128)


def test_an_unknown_architecture_is_planned_by_the_common_keys(tmp_path: Path) -> None:
    header = read_file_header(write_model(tmp_path / "x.gguf", "tomorrow", dict(DENSE), TENSORS))
    shape = shape_of(header)
    assert (shape.layers, shape.kv_heads, shape.key_length, shape.vocabulary) == (2, 2, 16, 96)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"block_count": None}, "header_key_missing"),
        ({"embedding_length": None}, "header_key_missing"),
        ({"block_count": 100_000}, "header_key_absurd"),
        ({"block_count": "two"}, "header_key_absurd"),
        ({"block_count": 0}, "header_damaged"),
        ({"attention.head_count_kv": [1]}, "header_key_absurd"),
        ({"general.type": "adapter"}, "header_not_a_model"),
    ],
)
def test_impossible_keys_are_refused_with_a_sentence(
    tmp_path: Path, changes: dict[str, object], code: str
) -> None:
    facts = {key: value for key, value in {**DENSE, **changes}.items() if value is not None}
    header = read_file_header(write_model(tmp_path / "x.gguf", "llama", facts, TENSORS))  # type: ignore[arg-type]
    assert code_of(lambda: shape_of(header)) == code


def test_foreign_and_cut_files_are_told_apart(tmp_path: Path) -> None:
    real = real_header_bytes()
    assert code_of(lambda: parse(b"")) == "header_ends_in_header"
    assert code_of(lambda: parse(b"PK\x03\x04" + b"\0" * 100)) == "header_not_gguf"
    assert code_of(lambda: parse(b"GGUF\0\0\0\x03" + b"\0" * 100)) == "header_big_endian"
    assert code_of(lambda: parse(b"GGUF\1\0\0\0" + b"\0" * 100)) == "header_version"
    assert code_of(lambda: parse(real[:5000])) == "header_ends_in_header"
    assert code_of(lambda: parse(real)) == "header_truncated"
    assert code_of(lambda: read_file_header(tmp_path / "none.gguf")) == "header_unreadable"
    assert code_of(lambda: read_file_header(tmp_path)) == "header_unreadable"


def test_a_truncated_download_is_noticed(tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(small_file()[:-1000])
    assert code_of(lambda: read_file_header(cut)) == "header_truncated"


def test_shards_are_found_from_any_of_them_and_summed(tmp_path: Path) -> None:
    names = shard_names("m-00002-of-00002.gguf")
    assert names == ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf")
    write_model(tmp_path / names[0], "llama", dict(DENSE), {"token_embd.weight": (96, 64)})
    write_model(tmp_path / names[1], "llama", dict(DENSE), {"output.weight": (96, 64)})
    header = read_file_header(tmp_path / names[1])
    assert [tensor.name for tensor in header.tensors] == ["token_embd.weight", "output.weight"]
    assert header.tensor_bytes == 2 * 96 * 64 * 4
    assert header.file_size == sum((tmp_path / name).stat().st_size for name in names)
    (tmp_path / names[0]).unlink()
    with pytest.raises(ModelFileError) as caught:
        read_file_header(tmp_path / names[1])
    assert caught.value.message.values["name"] == names[0]
    assert code_of(lambda: shard_names("m-00003-of-00002.gguf")) == "header_damaged"


def preamble(tensors: int, keys: int) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, keys)


def entry(name: bytes, kind: int, value: bytes) -> bytes:
    return struct.pack("<Q", len(name)) + name + struct.pack("<I", kind) + value


@pytest.mark.parametrize(
    "content",
    [
        preamble(1 << 60, 0),
        preamble(0, 1 << 60),
        preamble(0, 1) + struct.pack("<Q", 1 << 62),
        preamble(0, 1) + entry(b"a", 8, struct.pack("<Q", 1 << 40)),
        preamble(0, 1) + entry(b"a", 9, struct.pack("<IQ", 4, 1 << 60)),
        preamble(0, 1) + entry(b"a", 9, struct.pack("<IQ", 9, 1)),
        preamble(0, 1) + entry(b"a", 77, b""),
        preamble(0, 1) + entry(b"\xff\xfe", 4, b"\0\0\0\0"),
        preamble(0, 2) + entry(b"a", 4, b"\0\0\0\0") * 2,
        preamble(0, 1) + entry(b"general.alignment", 4, struct.pack("<I", 3)),
        preamble(1, 0) + struct.pack("<Q1sI", 1, b"t", 9),
        preamble(1, 0) + struct.pack("<Q1sIQQIQ", 1, b"t", 2, 1 << 40, 1 << 40, 0, 0),
        preamble(1, 0) + struct.pack("<Q1sIQIQ", 1, b"t", 1, 33, 2, 0),
        preamble(1, 0) + struct.pack("<Q1sIQIQ", 1, b"t", 1, 8, 0, 7),
    ],
)
def test_absurd_counts_cost_nothing(content: bytes) -> None:
    tracemalloc.start()
    try:
        assert code_of(lambda: parse(content + b"\0" * 4096)).startswith("header_")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_an_endless_list_of_texts_is_given_up_early() -> None:
    """A file of 2^50 bytes that never ends: few reads, little memory."""
    reads: list[int] = []
    start = preamble(0, 4096) + entry(b"a", 9, struct.pack("<IQ", 8, 1 << 21))

    def endless(offset: int, size: int) -> bytes:
        reads.append(size)
        return (start[offset : offset + size] + b"\0" * size)[:size]

    assert code_of(lambda: read_header(endless, 1 << 50)) in ("header_damaged", "header_ends_in_header")
    assert sum(reads) < 128 << 20


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_damaged_headers_never_raise_anything_else(data: st.DataObject) -> None:
    """Bytes changed, cut, or repeated, in the parts that steer the reader."""
    whole = data.draw(st.sampled_from([small_file(), real_header_bytes()]))
    content = bytearray(whole)
    # of the real header most is tokenizer; aim at the keys before and the tensor table behind it
    spots = st.one_of(
        st.integers(0, min(2000, len(content) - 1)),
        st.integers(max(0, len(content) - 20_000), len(content) - 1),
        st.integers(0, len(content) - 1),
    )
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(spots)
        patch = data.draw(st.one_of(st.binary(min_size=1, max_size=8), st.just(b"\xff" * 8)))
        content[at : at + len(patch)] = patch
    if data.draw(st.booleans()):
        del content[data.draw(spots) :]
    size = data.draw(st.sampled_from([len(content), len(content) + (1 << 40)]))
    try:
        header = parse(bytes(content), size)
        shape_of(header)
        weights_of(header)
    except ModelFileError:
        return
    assert header.tensor_bytes >= 0


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_noise_never_raises_anything_else(noise: bytes) -> None:
    for content in (noise, b"GGUF\3\0\0\0" + noise, preamble(2, 3) + noise):
        try:
            parse(content, len(content) + (1 << 30))
        except ModelFileError:
            continue


COUNTS = st.sampled_from([0, 1, 3, 1 << 21, (1 << 21) + 1, 1 << 32, (1 << 63) - 1, (1 << 64) - 1])


def array(kind: int, count: int, content: bytes) -> bytes:
    return struct.pack("<IQ", kind, count) + content


LISTS = st.recursive(
    st.builds(array, st.integers(0, 14), COUNTS, st.binary(max_size=40)),
    lambda inner: st.builds(
        lambda count, inside: array(9, count, b"".join(inside)), COUNTS, st.lists(inner, max_size=3)
    ),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b"a.b", b"general.architecture"]), LISTS), max_size=3), COUNTS)
def test_lists_in_lists_and_absurd_counts_cost_nothing(
    lists: list[tuple[bytes, bytes]], tensors: int
) -> None:
    """Whatever is claimed, no more is read than the file holds, and the end is a header or a sentence."""
    entries = b"".join(entry(name + b"%d" % index, 9, value) for index, (name, value) in enumerate(lists))
    content = preamble(tensors, len(lists)) + entries
    asked = 0

    def read(offset: int, size: int) -> bytes:
        nonlocal asked
        asked += 1
        return content[offset : offset + size]

    with contextlib.suppress(ModelFileError):
        read_header(read, len(content))
    assert asked < 100


def test_a_hundred_thousand_lists_in_a_list_are_refused() -> None:
    deep = struct.pack("<IQ", 9, 1) * 100_000
    assert code_of(lambda: parse(preamble(0, 1) + entry(b"a", 9, deep))) == "header_damaged"


def test_parts_that_claim_ever_more_are_given_up_early() -> None:
    """A server may name a thousand of them, each with as many tensors as a whole model may have."""
    taken = []

    def parts() -> Iterator[GgufHeader]:
        for number in range(1000):
            taken.append(number)
            names = (f"blk.{number}.{index}" for index in range(5000))
            tensors = tuple(GgufTensor(name, "F32", (1,), 0, 4) for name in names)
            yield GgufHeader(3, {}, tensors, 0, 20_000, 1 << 20)

    assert code_of(lambda: merge_headers(parts())) == "header_damaged"
    assert len(taken) == 4


def test_one_part_under_another_name_is_no_whole_model(tmp_path: Path) -> None:
    """As it comes from a browser that was told to save it as something shorter."""
    first = tmp_path / "model.gguf"
    write_model(first, "llama", {**DENSE, "split.count": 3}, {"token_embd.weight": (96, 64)})
    assert code_of(lambda: read_file_header(first)) == "header_part_alone"
    parts = [tmp_path / name for name in shard_names("model-00001-of-00003.gguf")]
    first.rename(parts[0])
    for number, path in enumerate(parts[1:]):
        write_model(path, "llama", {"split.count": 3}, {f"blk.{number}.ffn_up.weight": (128, 64)})
    assert len(read_file_header(parts[1]).tensors) == 3
