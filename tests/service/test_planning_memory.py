"""The formulae against what the real engine says it allocated for the starter."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.planning.memory import compute_bytes, kv_cache_bytes
from engine.planning.plan import KvType
from engine.planning.recommend import plan_model, spec_of_file
from tests.service.runtime_bench import Bench, starter
from tests.unit.planning_machines import GIB, machine

MIB = 1 << 20


@pytest.mark.parametrize(
    ("context", "kv_type", "kv_mib"),
    [(4096, KvType.F16, 90.0), (4096, KvType.Q8_0, 47.8125), (8192, KvType.F16, 180.0)],
)
def test_the_formulae_give_what_the_engine_allocates(
    tmp_path: Path, context: int, kv_type: KvType, kv_mib: float
) -> None:
    header = read_file_header(starter())
    shape, weights = shape_of(header), weights_of(header)
    spec, quantization = spec_of_file(shape, "starter", header.file_size, weights)
    plan = plan_model(machine(8 * GIB, 2), spec, quantization, context, kv_type)
    bench = Bench(tmp_path)
    try:
        bench.loaded(context_length=context, kv_type=str(kv_type))
        facts = bench.client.facts
    finally:
        bench.client.close()
    assert facts is not None
    assert plan.memory.kv_cache == kv_cache_bytes(shape, context, kv_type) == kv_mib * MIB
    # the engine prints hundredths of a MiB
    assert facts.kv_cache_bytes == pytest.approx(plan.memory.kv_cache, abs=0.01 * MIB)
    assert facts.weights_bytes == pytest.approx(plan.memory.weights, rel=0.001)
    assert facts.compute_bytes == pytest.approx(compute_bytes(shape, context), rel=0.08)
    assert facts.repack_bytes == plan.memory.repack == 0
    real = facts.weights_bytes + facts.kv_cache_bytes + facts.compute_bytes
    formula = plan.memory.weights + plan.memory.kv_cache + plan.memory.compute
    assert formula == pytest.approx(real, rel=0.03)
