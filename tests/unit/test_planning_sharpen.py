"""What a machine's own runs change: medians, a model for itself, others once models agree."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.planning.calibration import UNCORRECTED, Calibration, FixedPoint, KernelPoint
from engine.planning.machine import Machine, machine_of
from engine.planning.placement import plan_on
from engine.planning.sharpen import MOST_FACTOR, RECENT, Observation, build_of, sharpen
from engine.planning.speed import SpeedQuestion
from engine.planning.speed_inputs import TokenTime
from tests.unit.planning_machines import RYZEN_64, published

BARE = machine_of(RYZEN_64)
CALIBRATED = replace(
    BARE, calibration=Calibration((KernelPoint("Q4_K", 1, 5e9, 5e10),), (FixedPoint(1, 5e-5, 1e-4, 5e9),))
)
TIME = TokenTime(0.0, 0.0, 0.1, 0.0)


def runs(factor: float, build: str, count: int = 3) -> list[Observation]:
    return [Observation(TIME, 0.1 * factor, build=build)] * count


def tps(machine: Machine, model: tuple[str, str], depth: int = 1024) -> float:
    plan = plan_on(machine, *published(*model), asked=SpeedQuestion(depth=depth))
    return plan.speed.generation_tps.expected


def test_a_disturbed_run_among_others_changes_nothing() -> None:
    steady = sharpen(BARE, [*runs(1.2, "a", 4), *runs(6.0, "a", 1), *runs(1.2, "a", 2)])
    assert steady.corrections.fixed == pytest.approx(1.2)


def test_machines_change_and_the_newest_runs_count() -> None:
    assert sharpen(BARE, [*runs(3.0, "a", 40), *runs(1.1, "a", RECENT)]).corrections.fixed == pytest.approx(
        1.1
    )


def test_one_run_speaks_for_all_where_nothing_was_measured() -> None:
    assert sharpen(BARE, runs(1.5, "a", 1)).corrections.fixed == pytest.approx(1.5)


def test_a_calibration_gives_way_to_models_that_agree() -> None:
    one = sharpen(CALIBRATED, runs(1.5, "a", 30))
    assert one.corrections.fixed == 1.0  # however often it ran
    assert dict(one.own)["a"].fixed == pytest.approx(1.5)
    two = sharpen(CALIBRATED, [*runs(1.5, "a"), *runs(1.4, "b")])
    assert two.corrections.fixed == pytest.approx(1.4)


def test_a_model_is_predicted_by_its_own_runs() -> None:
    eight, small = ("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M"), ("DeepSeek-R1-Distill-Qwen-1.5B", "Q4_K_M")
    spec, quantization = published(*eight)
    build = build_of(spec.shape, quantization)
    assert build != build_of(published(*small)[0].shape, published(*small)[1])
    time = TokenTime(0.0, 0.05, 0.05, 0.0)
    taught = sharpen(CALIBRATED, [Observation(time, 0.2, build=build)] * 3)
    assert tps(taught, eight) == pytest.approx(tps(CALIBRATED, eight) / 2, rel=0.01)
    assert tps(taught, small) == pytest.approx(tps(CALIBRATED, small))


def test_only_what_a_run_spent_its_time_on_is_corrected() -> None:
    shallow = Observation(TokenTime(0.0, 0.0, 0.1, 0.0, cache=0.001), 0.2, build="a")
    deep = Observation(TokenTime(0.0, 0.0, 0.01, 0.0, cache=0.1), 0.11, build="a")
    found = sharpen(BARE, [shallow, shallow, shallow, deep, deep, deep]).corrections
    assert found.fixed == pytest.approx(2.0, rel=0.05)
    assert found.cache == pytest.approx(1.0)


def test_prompts_are_learnt_apart() -> None:
    nothing = TokenTime(0.0, 0.0, 0.0, 0.0)
    found = sharpen(BARE, [Observation(nothing, 0.0, 100.0, 50.0, "a")] * 2).corrections
    assert (found.prompt, found.prompts_observed) == (2.0, 2)
    assert (found.fixed, found.observed) == (1.0, 0)


def test_nothing_usable_leaves_everything_as_it_is() -> None:
    for run in (Observation(TIME, 0.0), Observation(TIME, float("inf")), Observation(TIME, -1.0)):
        assert sharpen(BARE, [run]).corrections == UNCORRECTED


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(1e-6, 1e6)), min_size=1, max_size=30), st.booleans()
)
def test_corrections_stay_among_what_was_seen(seen: list[tuple[str, float]], calibrated: bool) -> None:
    machine = CALIBRATED if calibrated else BARE
    found = sharpen(machine, [Observation(TIME, 0.1 * factor, build=build) for build, factor in seen])
    factors = [min(max(factor, 1 / MOST_FACTOR), MOST_FACTOR) for _, factor in seen]
    factors += [1.0] if calibrated else []
    assert min(factors) * 0.999 <= found.corrections.fixed <= max(factors) * 1.001
