"""What is learnt of a machine: rates behind times, files that come back as they were, files that lie."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.host.knowing import (
    calibration_path,
    key_of_machine,
    key_text,
    known_machine,
    load_calibration,
    load_knowledge,
    save_calibration,
)
from engine.jobs.calibrating import (
    ALONE,
    DEEP,
    EXPERTS,
    PLAIN,
    SMALL,
    SMALL_EXPERTS,
    THIN,
    THIN_EXPERTS,
    TYPES,
    Run,
    Timed,
    calibration_of,
    typed_model,
)
from engine.jobs.calibration_models import HEAD, CalibrationModel, write_calibration_model
from engine.paths import Paths
from engine.planning.attention import POSITION_ELEMENTS, LookBack, crowding_of
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.cpu_speed import kernel_at
from engine.planning.machine import machine_of
from engine.planning.placement import plan_on
from engine.planning.sharpen import MOST_FACTOR
from engine.runtime.values import Timing
from engine.telemetry.history import History, Quantity, ScoreRecord
from tests.unit.planning_machines import RYZEN_64, gpu, published

CALIBRATION = Calibration((KernelPoint("Q4_K", 1, 5e9, 5e10),), (FixedPoint(1, 5e-5, 1e-4, 5e9),))


def paths(folder: Path) -> Paths:
    return Paths(folder / "data", folder / "config", folder / "state")


def keep_run(place: Paths, measured: float = 8.0, **changes: object) -> None:
    """A run of generation that was predicted at 10 tokens a second."""
    known = load_knowledge(place, RYZEN_64)
    quantity = Quantity.GENERATION.value
    key = key_text(known.key)
    named = (time.time(), key, known.basis, "m", "Q4_K_M", "llama", quantity)
    run = ScoreRecord(*named, 9, 1.0, 10.0, measured, 10.0, quiet=1)
    history = History(place.history)
    history.add([replace(run, **{"ram_s": 0.1, **changes})])  # type: ignore[arg-type]
    history.close()


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("experts", [0, 4])
def test_calibration_models_are_sound_files(tmp_path: Path, kind: str, experts: int) -> None:
    model = CalibrationModel(kind, 2, 256, 256, 8, 4, experts, min(experts, 2))
    path = tmp_path / "model.gguf"
    write_calibration_model(path, model)
    header = read_file_header(path)
    shape, weights = shape_of(header), weights_of(header)
    assert (shape.layers, shape.embedding_length, shape.experts) == (2, 256, experts)
    assert weights.main_type == kind
    assert len({tensor.name for tensor in header.tensors}) == len(header.tensors)
    typed = sum(part.size_bytes for part in weights.matrices if part.type_name == kind)
    assert typed >= model.bytes_per_token


def test_rates_are_found_behind_times() -> None:
    """Times made from known rates give those rates back."""
    rate, expert_rate, layer, expert_layer, matrix = 10e9, 6e9, 40e-6, 90e-6, 7e-6
    compute, first = 0.14e-9, 0.5e-9
    look = LookBack(compute, first, HEAD, POSITION_ELEMENTS)
    prompt_elements, operations = 30e9, 2e11

    def looking(model: CalibrationModel, depth: int) -> float:
        """Seconds of a token, with one core's second cache of 1 MiB."""
        crowded = crowding_of(HEAD, HEAD, model.kv_heads, depth, 1 << 20)
        element_s = look.element_s(HEAD, model.kv_heads, model.heads // model.kv_heads, crowded)
        return model.layers * model.heads * HEAD * 2 * depth * element_s

    def timed(model: CalibrationModel, fixed: float, cached: float = 1) -> Timed:
        thin = model is THIN_EXPERTS
        experts = 0.0 if thin else model.expert_bytes_per_token
        matrices = 0 if thin else 3 * model.used * model.layers
        scattered = experts / expert_rate + matrices * matrix
        token_s = model.layers * fixed + (model.bytes_per_token - experts) / rate / cached + scattered
        prompt = operations / (2 * model.layers * model.matrices)
        deep_prompt = 1 / (1 / prompt + model.layers * model.heads * HEAD * 2 * 4000 / prompt_elements)
        near_s, deep_s = token_s + looking(model, 500), token_s + looking(model, 4000)
        return Timed(model, (Timing(1, token_s, prompt, deep_s, 4000, deep_prompt, near_s, 500),))

    names = (DEEP, ALONE, PLAIN)
    made = calibration_of(
        Run(
            timed(THIN, layer, 2),
            timed(THIN_EXPERTS, expert_layer, 2),
            timed(EXPERTS, expert_layer),
            timed(SMALL_EXPERTS, expert_layer),
            timed(SMALL, layer, 1.5),
            {name: timed(typed_model(name), layer) for name in names},
        ),
        l2_bytes=1 << 20,
    )
    for name in names:
        found = kernel_at(made.kernels, name, 1)
        assert found.bytes_per_second == pytest.approx(rate, rel=0.03)
        assert found.prompt_operations_per_second == pytest.approx(operations)
    assert kernel_at(made.kernels, "Q6_K", 1, experts=True).bytes_per_second == pytest.approx(
        expert_rate, rel=0.05
    )
    fixed = made.fixed[0]
    assert fixed.layer_s == pytest.approx(layer, rel=0.1)
    assert fixed.expert_layer_s == pytest.approx(expert_layer, rel=0.1)
    assert fixed.expert_matrix_s == pytest.approx(matrix, rel=0.2)
    assert fixed.small_gain == pytest.approx(1.5, rel=0.05)
    assert (fixed.look_compute_s, fixed.look_first_s) == pytest.approx((compute, first), rel=0.02)
    assert fixed.prompt_cache_elements_per_second == pytest.approx(prompt_elements, rel=0.01)


def test_no_threads_read_experts_quicker_together_than_each_alone() -> None:
    """A mixture whose experts stay in the third cache with two threads says nothing of a real one."""

    def timed(model: CalibrationModel, alone_s: float, both_s: float) -> Timed:
        return Timed(
            model,
            tuple(
                Timing(threads, seconds, 100.0, 2 * seconds, 4000, 50.0, 1.5 * seconds, 500)
                for threads, seconds in ((1, alone_s), (2, both_s))
            ),
        )

    made = calibration_of(
        Run(
            timed(THIN, 0.3e-3, 0.4e-3),
            timed(THIN_EXPERTS, 0.4e-3, 0.6e-3),
            timed(EXPERTS, 7.0e-3, 2.4e-3),
            timed(SMALL_EXPERTS, 8.7e-3, 5.0e-3),
            timed(SMALL, 5.0e-3, 3.0e-3),
            {name: timed(typed_model(name), 20e-3, 10e-3) for name in (DEEP, ALONE, PLAIN)},
        ),
        l2_bytes=2 << 20,
    )
    alone, both = (kernel_at(made.kernels, "Q4_K", threads, experts=True) for threads in (1, 2))
    assert both.bytes_per_second == pytest.approx(2 * alone.bytes_per_second)
    assert made.fixed[1].expert_matrix_s >= made.fixed[0].expert_matrix_s > 0


def test_a_type_that_was_not_measured_is_that_of_its_nearest_relative() -> None:
    """With as many bits, a type without blocks of 256 unpacks as others without."""
    points = [
        KernelPoint(name, 1, rate, 1e11) for name, rate in (("Q4_K", 9e9), ("Q4_0", 15e9), ("Q8_0", 14e9))
    ]
    for name, rate in (("Q4_1", 15e9), ("Q5_K", 9e9), ("Q6_K", 9e9), ("F16", 14e9)):
        assert kernel_at(points, name, 1).bytes_per_second == rate


def test_what_a_small_model_gains_from_caches_is_nothing_where_its_kernel_takes_the_time() -> None:
    points = tuple(KernelPoint(name, 1, rate, 1e11) for name, rate in (("Q4_K", 6e9), ("Q8_0", 14e9)))
    speeds = {}
    for gain in (1.0, 1.5):
        fixed = FixedPoint(1, 5e-5, 1e-4, 5e9, small_gain=gain)
        machine = replace(machine_of(RYZEN_64), calibration=Calibration(points, (fixed,)), threads=1)
        for name in ("Q4_K_M", "Q8_0"):
            spec, quantization = published("SmolLM2-135M-Instruct", name)
            speeds[gain, name] = plan_on(machine, spec, quantization, 4096).speed.generation_tps.expected
    assert speeds[1.5, "Q4_K_M"] == pytest.approx(speeds[1.0, "Q4_K_M"])
    assert speeds[1.5, "Q8_0"] > 1.05 * speeds[1.0, "Q8_0"]


def test_what_is_kept_comes_back_for_this_machine_only(tmp_path: Path) -> None:
    place = paths(tmp_path)
    save_calibration(place, RYZEN_64, CALIBRATION)
    keep_run(place)
    assert load_calibration(place, RYZEN_64) == CALIBRATION
    machine = known_machine(place, RYZEN_64)
    assert machine.calibration == CALIBRATION
    assert machine.corrections.observed == 1
    assert dict(machine.own)["llama"].ram == pytest.approx(1.25)
    for other in (
        replace(RYZEN_64, cpu=replace(RYZEN_64.cpu, model="another")),
        replace(RYZEN_64, memory=replace(RYZEN_64.memory, total_bytes=RYZEN_64.memory.total_bytes * 2)),
    ):
        assert load_calibration(place, other) is None
        assert known_machine(place, other).corrections.observed == 0


def test_memory_set_by_hand_is_no_other_machine(tmp_path: Path) -> None:
    place = paths(tmp_path)
    save_calibration(place, RYZEN_64, CALIBRATION)
    memory = replace(RYZEN_64.memory, total_bytes=RYZEN_64.memory.total_bytes // 2)
    told = replace(RYZEN_64, memory=memory, overridden=("memory.total",))
    assert load_calibration(place, told) == CALIBRATION


def test_another_llama_cpp_is_measured_anew(tmp_path: Path) -> None:
    place = paths(tmp_path)
    save_calibration(place, RYZEN_64, CALIBRATION)
    assert key_of_machine(RYZEN_64).engine
    file = calibration_path(place)
    data = json.loads(file.read_text())
    data["machine"]["engine"] = "another build"
    file.write_text(json.dumps(data))
    assert load_calibration(place, RYZEN_64) is None


def test_another_card_makes_runs_void_and_not_the_calibration(tmp_path: Path) -> None:
    place = paths(tmp_path)
    save_calibration(place, RYZEN_64, CALIBRATION)
    keep_run(place)
    other = replace(RYZEN_64, gpus=(gpu("card", 8 << 30, 1e12),))
    machine = known_machine(place, other)
    assert machine.calibration == CALIBRATION
    assert machine.corrections.observed == 0


def test_a_new_calibration_makes_earlier_runs_void(tmp_path: Path) -> None:
    """They tell what the earlier one missed by."""
    place = paths(tmp_path)
    save_calibration(place, RYZEN_64, CALIBRATION)
    keep_run(place)
    faster = replace(CALIBRATION, fixed=(replace(CALIBRATION.fixed[0], layer_s=1e-5),))
    save_calibration(place, RYZEN_64, faster)
    assert known_machine(place, RYZEN_64).corrections.observed == 0


LIES = st.one_of(
    st.none(), st.text(max_size=5), st.integers(), st.floats(), st.lists(st.integers(), max_size=2)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["kernels", "fixed", "machine", "schema"]), LIES, st.booleans())
def test_files_that_lie_are_as_good_as_none(tmp_path: Path, key: str, lie: object, inside: bool) -> None:
    place = paths(tmp_path)
    save_calibration(place, RYZEN_64, CALIBRATION)
    path = calibration_path(place)
    data = json.loads(path.read_text())
    items = data[key]
    if inside and isinstance(items, list):
        items[0][next(iter(items[0]))] = lie
    else:
        data[key] = lie
    path.write_text(json.dumps(data))
    spec, quantization = published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M")
    plan = plan_on(known_machine(place, RYZEN_64), spec, quantization)
    assert plan.speed.generation_tps.expected > 0


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["measured", "ram_s", "compute_s", "plain"]), st.floats(allow_nan=False))
def test_runs_that_lie_change_a_speed_by_so_much_only(tmp_path: Path, name: str, lie: float) -> None:
    place = paths(tmp_path)
    place.history.unlink(missing_ok=True)
    keep_run(place, **{name: lie})  # type: ignore[arg-type]
    spec, quantization = published("DeepSeek-R1-0528-Qwen3-8B", "Q4_K_M")
    taught = plan_on(known_machine(place, RYZEN_64), spec, quantization).speed.generation_tps.expected
    plain = plan_on(machine_of(RYZEN_64), spec, quantization).speed.generation_tps.expected
    assert plain / MOST_FACTOR * 0.99 <= taught <= plain * MOST_FACTOR * 1.01


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 10_000])
def test_broken_files_are_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    place = paths(tmp_path)
    place.state.mkdir(parents=True)
    calibration_path(place).write_bytes(content)
    place.history.write_bytes(content)
    assert load_calibration(place, RYZEN_64) is None
    assert known_machine(place, RYZEN_64).corrections.observed == 0
