"""Memory by formula, against published and measured figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.catalog import find
from engine.catalog.model import AttentionKind, FileWeights, Matrices, ModelShape, ModelSpec, Quantization
from engine.figures import Origin
from engine.jobs.advising import shipped_catalog
from engine.planning.memory import compute_bytes, kv_cache_bytes, weights_of
from engine.planning.plan import KvType
from engine.planning.recommend import plan_model, spec_of_file
from tests.unit.planning_machines import GIB, RYZEN_64, catalog, gpu, machine, published

MIB = 1 << 20
TIGHT = machine(2 * GIB, 2)


def shape_named(name: str) -> ModelShape:
    return next(spec.shape for spec in catalog() if spec.name == name)


@pytest.mark.parametrize(
    ("name", "per_token"),
    [
        ("DeepSeek-R1-0528", 70_272),  # printed by the engine: 2,196 MiB at 32,768
        ("DeepSeek-R1-0528-Qwen3-8B", 147_456),
        ("DeepSeek-R1-Distill-Qwen-32B", 262_144),
        ("DeepSeek-R1-Distill-Llama-70B", 327_680),
        ("Qwen3-30B-A3B", 98_304),
        ("SmolLM2-135M-Instruct", 23_040),
    ],
)
def test_the_cache_of_a_token_is_as_published(name: str, per_token: int) -> None:
    assert kv_cache_bytes(shape_named(name), 32_768) == per_token * 32_768


@pytest.mark.parametrize(
    ("kv_type", "mib"), [(KvType.F16, 90.0), (KvType.Q8_0, 47.8125), (KvType.Q4_0, 25.3125)]
)
def test_quantised_caches_are_as_measured_on_the_starter(kv_type: KvType, mib: float) -> None:
    assert kv_cache_bytes(shape_named("SmolLM2-135M-Instruct"), 4096, kv_type) == mib * MIB


def test_a_sliding_window_bounds_its_layers() -> None:
    """Gemma 3 270M at 8k was measured: 144 MiB with all layers full, of 18 only 3 see everything."""
    shape = shape_named("Gemma 3 270M it")
    everything = replace(shape, sliding_layers=0, sliding_window=0)
    assert kv_cache_bytes(everything, 8192) == 144 * MIB
    windowed = 18 * 1024 * 8192 * 3 // 18 + 1024 * 1024 * 15
    assert kv_cache_bytes(shape, 8192) == windowed


def test_recurrent_layers_keep_a_state_whatever_the_context() -> None:
    shape = shape_named("Qwen3.6-27B")
    long, short = kv_cache_bytes(shape, 32_768), kv_cache_bytes(shape, 256)
    assert short > shape.recurrent_state_bytes > 100 * MIB
    assert long - short == (32_768 - 256) * 16 * 4 * 512 * 2


@pytest.mark.parametrize(("context", "mib"), [(2048, 15.51), (4096, 17.51), (8192, 21.51), (32_768, 45.51)])
def test_the_compute_buffer_is_as_the_engine_reserves_it(context: int, mib: float) -> None:
    """Dry runs of the starter, one output, steps of 512 tokens."""
    assert compute_bytes(shape_named("SmolLM2-135M-Instruct"), context) == pytest.approx(mib * MIB, rel=0.01)


def test_the_parts_of_a_file_are_the_file() -> None:
    for spec in catalog():
        for quantization in spec.quantizations:
            parts = weights_of(spec.shape, quantization)
            assert parts.total == quantization.size_bytes
            assert min(parts.embedding, parts.output, parts.dense, parts.experts) >= 0
            assert (parts.experts > 0) == (spec.shape.experts > 0)


@pytest.mark.parametrize("computed", [False, True])
def test_tables_that_are_looked_up_are_not_read_for_every_token(computed: bool) -> None:
    """Gemma 4 E2B: half of its parameters are embeddings of single layers, 6 bits each."""
    spec = find(shipped_catalog(), "gemma-4-E2B-it")
    quantization = spec.quantizations[0]
    chosen = quantization if computed else replace(quantization, matrices=())
    parts = weights_of(spec.shape, chosen)
    assert parts.looked_up == pytest.approx(1.93e9, rel=0.02 if computed else 0.2)
    assert parts.total == quantization.size_bytes
    lean = plan_model(RYZEN_64, spec, chosen).speed.generation_tps.expected
    full = replace(spec, shape=replace(spec.shape, per_layer_length=0))
    assert lean > 1.5 * plan_model(RYZEN_64, full, chosen).speed.generation_tps.expected


def test_repacking_doubles_what_it_copies() -> None:
    """Measured: a Q4_0 model of 655 MiB showed 1,352 MiB resident."""
    shape = replace(shape_named("Qwen3-1.7B"), experts=0)
    copied = (Matrices("Q4_0", False, 640 * MIB),)
    weights = FileWeights(655 * MIB, 1_000_000_000, 5.5, 0, 0, copied, ((), ()), "Q4_0")
    spec, quantization = spec_of_file(shape, "local", 655 * MIB, weights)
    plan = plan_model(RYZEN_64, spec, quantization, 1024)
    assert plan.repack
    assert plan.memory.weights == 655 * MIB
    assert plan.memory.repack == plan.memory.ram - plan_model(TIGHT, spec, quantization, 1024).memory.ram
    assert 400 * MIB < plan.memory.repack <= 640 * MIB
    assert plan.memory.origin is Origin.PLANNED


def test_repacking_is_off_where_it_would_not_fit() -> None:
    spec, quantization = published("DeepSeek-R1-Distill-Qwen-32B", "Q4_K_M")
    roomy = plan_model(machine(64 * GIB, 8), spec, quantization, 4096)
    tight = plan_model(machine(26 * GIB, 8), spec, quantization, 4096)
    assert (roomy.repack, tight.repack) == (True, False)
    assert tight.memory.streamed == 0
    assert roomy.memory.ram - tight.memory.ram == roomy.memory.repack


def test_only_what_is_read_off_the_file_counts_as_planned() -> None:
    rounded = plan_model(RYZEN_64, *published("DeepSeek-R1-0528-Qwen3-8B", "Q8_0"))
    exact = plan_model(RYZEN_64, *published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M"))
    assert rounded.memory.origin is Origin.ESTIMATED
    assert exact.memory.origin is Origin.PLANNED
    assert exact.speed.origin is Origin.ESTIMATED


def test_a_file_with_few_keys_is_planned_too() -> None:
    shape = ModelShape("tomorrow", 1, 0, 0, 0, 0, 0, 0, 0, AttentionKind.FULL)
    spec, quantization = spec_of_file(shape, "bare", 5 * GIB)
    plan = plan_model(machine(16 * GIB, 4, gpus=(gpu("card", 8 * GIB, None),)), spec, quantization)
    assert plan.memory.weights == 5 * GIB
    assert plan.speed.generation_tps.expected > 0


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([(spec, each) for spec in catalog() for each in spec.quantizations]),
    st.sampled_from([4, 16, 64, 512]),
    st.lists(st.sampled_from([8, 24, 80]), max_size=3),
    st.integers(1, 200_000),
    st.sampled_from(list(KvType)),
)
def test_what_is_resident_follows_from_what_is_reserved(
    chosen: tuple[ModelSpec, Quantization], ram: int, cards: list[int], context: int, kv_type: KvType
) -> None:
    """The program around it and pages that were read once come on top, nothing else (docs/cli.md)."""
    report = machine(ram * GIB, 8, None, tuple(gpu("card", vram * GIB, 900e9) for vram in cards))
    memory = plan_model(report, *chosen, context, kv_type).memory
    parts = memory.weights + memory.repack + memory.kv_cache + memory.compute + memory.output
    assert memory.reserved == parts
    assert 0 <= memory.resident <= memory.reserved + memory.overhead + memory.repack
    if not memory.streamed:
        assert memory.resident >= memory.reserved - memory.compute
