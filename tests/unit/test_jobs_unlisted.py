"""Quantizations that people ask for and the catalogue does not list for that model."""

from __future__ import annotations

import pytest

from engine.catalog.catalog import find
from engine.catalog.quant_mix import known_mixes
from engine.errors import UsageError
from engine.jobs.advising import shipped_catalog
from engine.jobs.unlisted import quantization_named
from engine.planning.plan import Verdict
from engine.planning.recommend import plan_model
from tests.unit.planning_machines import RYZEN_64


@pytest.mark.parametrize("spec", shipped_catalog(), ids=lambda spec: spec.name)
def test_every_known_mix_is_planned_for_every_model(spec) -> None:
    """More bits take more bytes, whether a file was published or not."""
    sizes = [quantization_named(spec, name).size_bytes for name in ("q2_k", "Q5_K_S", "q6_K", "BF16")]
    assert sizes == sorted(sizes)
    for name in (*known_mixes(), "UD-Q4_K_XL", "UD-IQ1_S"):
        chosen = quantization_named(spec, name)
        assert chosen.size_bytes > 0
        assert 0.5 < chosen.bits_per_weight < 33


def test_a_computed_size_is_near_the_published_one_of_the_same_name() -> None:
    spec = find(shipped_catalog(), "Qwen3-8B")
    listed = {each.name for each in spec.quantizations}
    assert "Q3_K_M" not in listed
    computed = quantization_named(spec, "Q3_K_M")
    assert computed.size_bytes == pytest.approx(4.12e9, rel=0.02)  # Qwen's own files of the same shape
    assert not computed.exact and not computed.is_obtainable and computed.matrices


def test_a_plan_says_that_nobody_may_have_published_it() -> None:
    spec = find(shipped_catalog(), "Qwen3-8B")
    plan = plan_model(RYZEN_64, spec, quantization_named(spec, "IQ3_M"), 4096)
    assert plan.verdict is not Verdict.WILL_NOT_RUN
    assert plan.memory.origin == "estimated"
    assert [reason.code for reason in plan.reasons].count("plan_unlisted") == 1
    listed = plan_model(RYZEN_64, spec, quantization_named(spec, "Q4_K_M"), 4096)
    assert "plan_unlisted" not in [reason.code for reason in listed.reasons]


def test_a_listed_one_is_taken_as_it_is() -> None:
    spec = find(shipped_catalog(), "DeepSeek-R1-0528")
    assert quantization_named(spec, "ud-tq1_0") in spec.quantizations


@pytest.mark.parametrize(("name", "near"), [("Q4_K_N", "Q4_K_M"), ("q5km", "Q5_K_M"), ("zzz", "Q4_K_M")])
def test_a_name_that_nobody_uses_is_answered_with_the_nearest(name: str, near: str) -> None:
    spec = find(shipped_catalog(), "Qwen3-8B")
    with pytest.raises(UsageError) as refused:
        quantization_named(spec, name)
    assert refused.value.message.code == "quantization_unknown"
    assert near in str(refused.value.message.values["nearest"])
