"""What is learnt of a machine: rates behind times, files that come back as they were, files that lie."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.jobs.calibrating import TYPES, calibration_of
from engine.jobs.calibration_models import CalibrationModel, write_calibration_model
from engine.jobs.knowing import (
    MOST_RUNS,
    add_run,
    calibration_path,
    known_machine,
    load_calibration,
    load_runs,
    runs_path,
    save_calibration,
)
from engine.paths import Paths
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.sharpen import Observation
from engine.planning.speed_inputs import TokenTime
from engine.runtime.values import Timing
from tests.unit.planning_machines import RYZEN_64

CALIBRATION = Calibration((KernelPoint("Q4_K", 1, 5e9, 5e10),), (FixedPoint(1, 5e-5, 1e-4, 5e9),))
RUN = Observation(TokenTime(0.0, 0.1, 0.01, 0.0), 0.12, 100.0, 90.0)


def paths(folder: Path) -> Paths:
    return Paths(folder / "data", folder / "config", folder / "state")


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
    typed = CalibrationModel("Q8_0", 20, 2048, 4096, 32, 8)
    thin, mixture = (
        CalibrationModel("Q8_0", 24, 64, 64, 4, 2),
        CalibrationModel("Q8_0", 16, 64, 32, 4, 2, 32, 8),
    )
    rate, layer, expert_layer, elements = 10e9, 40e-6, 90e-6, 4e9
    deeper = 24 * 4 * 64 * 2 * 2000 / elements

    def token(model: CalibrationModel, fixed: float) -> float:
        cached = 1 if model is typed else 2
        return model.layers * fixed + model.bytes_per_token / rate / cached

    made = calibration_of(
        {"Q8_0": (typed, (Timing(1, token(typed, layer), 50.0),))},
        (Timing(1, token(thin, layer), 100.0, token(thin, layer) + deeper, 2000),),
        (Timing(1, token(mixture, expert_layer), 100.0),),
    )
    assert made.kernels[0].bytes_per_second == pytest.approx(rate, rel=0.03)
    assert made.fixed[0].layer_s == pytest.approx(layer, rel=0.1)
    assert made.fixed[0].expert_layer_s == pytest.approx(expert_layer, rel=0.1)
    assert made.fixed[0].cache_elements_per_second == pytest.approx(elements, rel=0.01)
    assert made.kernels[0].prompt_operations_per_second == 2 * 20 * typed.matrices * 50


def test_what_is_kept_comes_back_for_this_machine_only(tmp_path: Path) -> None:
    place = paths(tmp_path)
    save_calibration(place, RYZEN_64, CALIBRATION)
    add_run(place, RYZEN_64, RUN)
    assert load_calibration(place, RYZEN_64) == CALIBRATION
    assert load_runs(place, RYZEN_64) == (RUN,)
    machine = known_machine(place, RYZEN_64)
    assert machine.calibration == CALIBRATION
    assert machine.corrections.observed == 1
    other = replace(RYZEN_64, cpu=replace(RYZEN_64.cpu, model="another"))
    assert load_calibration(place, other) is None
    assert load_runs(place, other) == ()


def test_only_the_newest_runs_are_kept(tmp_path: Path) -> None:
    for number in range(MOST_RUNS + 3):
        add_run(paths(tmp_path), RYZEN_64, replace(RUN, measured_s=1.0 + number))
    runs = load_runs(paths(tmp_path), RYZEN_64)
    assert len(runs) == MOST_RUNS
    assert runs[-1].measured_s == MOST_RUNS + 3


LIES = st.one_of(
    st.none(), st.text(max_size=5), st.integers(), st.floats(), st.lists(st.integers(), max_size=2)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["kernels", "fixed", "busy", "runs", "machine", "schema"]), LIES, st.booleans())
def test_files_that_lie_are_as_good_as_none(tmp_path: Path, key: str, lie: object, inside: bool) -> None:
    place = paths(tmp_path)
    runs_path(place).unlink(missing_ok=True)
    save_calibration(place, RYZEN_64, CALIBRATION)
    add_run(place, RYZEN_64, RUN)
    for path in (calibration_path(place), runs_path(place)):
        data = json.loads(path.read_text())
        if key in data:
            items = data[key]
            if inside and isinstance(items, list):
                items[0][next(iter(items[0]))] = lie
            else:
                data[key] = lie
            path.write_text(json.dumps(data))
    machine = known_machine(place, RYZEN_64)
    assert machine.corrections.observed in (0, 1)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 10_000])
def test_broken_files_are_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    place = paths(tmp_path)
    place.state.mkdir(parents=True)
    calibration_path(place).write_bytes(content)
    runs_path(place).write_bytes(content)
    assert load_calibration(place, RYZEN_64) is None
    assert load_runs(place, RYZEN_64) == ()
