"""Quantizations that people ask for and the catalogue does not list for that model."""

from __future__ import annotations

import pytest

from engine.catalog.catalog import find
from engine.catalog.foreign_types import is_foreign
from engine.catalog.quant_mix import known_mixes
from engine.errors import UsageError
from engine.hardware.described_json import description_from_json
from engine.jobs.advising import shipped_catalog
from engine.jobs.unlisted import quantization_named
from engine.planning.described_machine import described_machine
from engine.planning.placement import plan_on
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


@pytest.mark.parametrize(
    ("name", "gib"),
    [
        ("IQ1_S_R4", 130.2),
        ("iq2_k_r4", 219.0),
        ("IQ3_K_R4", 300.9),
        ("IQ4_KS_R4", 367.8),
        ("DQ4_K_R4", 413.1),
    ],
)
def test_what_ik_llama_alone_can_load_is_planned_for_it(name: str, gib: float) -> None:
    """Sizes as they were published."""
    spec = find(shipped_catalog(), "DeepSeek-R1-0528")
    quantization = quantization_named(spec, name)
    assert quantization.size_bytes == pytest.approx(gib * 2**30, rel=0.01)
    described = {"cpu": {"model": "EPYC 9354"}, "memory": {"size_gib": 1152, "channels": 12, "mt_s": 6400}}
    plans = [
        plan_on(described_machine(description_from_json({**described, **engine})), spec, quantization)
        for engine in ({"engine": "ik_llama.cpp"}, {})
    ]
    codes = [[reason.code for reason in plan.reasons] for plan in plans]
    assert plans[0].verdict is not Verdict.WILL_NOT_RUN and "plan_other_engine" not in codes[0]
    assert plans[1].verdict is Verdict.WILL_NOT_RUN and codes[1][0] == "plan_other_engine"


def test_other_engines_copy_no_weights() -> None:
    spec = find(shipped_catalog(), "Qwen3-8B")
    quantization = quantization_named(spec, "Q4_K_M")
    described = {"cpu": {"model": "EPYC 9354"}, "memory": {"size_gib": 64}}

    def copied(engine: str) -> int:
        machine = described_machine(description_from_json({**described, "engine": engine}))
        return plan_on(machine, spec, quantization).memory.repack

    assert copied("llama.cpp") > 2**30
    assert copied("ik_llama.cpp") == copied("ktransformers") == 0


def test_types_of_llama_cpp_are_not_taken_for_those_of_others() -> None:
    names = [*known_mixes(), *(each.name for spec in shipped_catalog() for each in spec.quantizations)]
    assert not [name for name in names if is_foreign(name)]
