"""The timing probe, a calibration and a measured run, by the real engine. Speeds are not asserted."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.errors import Cancelled, LoadError
from engine.hardware.check import quick_report
from engine.host.knowing import calibration_path
from engine.jobs.calibrating import calibrate
from engine.jobs.calibration_models import CalibrationModel, write_calibration_model
from engine.paths import Paths
from engine.runtime.timing import timer
from engine.runtime.values import LoadRequest
from tests.service.runtime_bench import COMMAND
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]  # a fixture


def test_a_probe_times_one_model_after_the_other(tmp_path: Path) -> None:
    with timer(COMMAND, tmp_path / "log") as probe:
        for experts in (0, 4):
            path = tmp_path / f"{experts}.gguf"
            model = CalibrationModel("Q4_K", 2, 256, 256, 8, 4, experts, min(experts, 2))
            write_calibration_model(path, model)
            one, two = probe.time(LoadRequest(str(path), 1200, 2))
            assert (one.threads, two.threads) == (1, 2)
            assert one.token_s > 0
            assert one.prompt_tps > 0
            assert one.depth > 1000
            assert one.deep_token_s > 0
        assert probe.process_time() > 0


def test_a_probe_refuses_what_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with timer(COMMAND, tmp_path / "log") as probe, pytest.raises(LoadError):
        probe.time(LoadRequest(str(path), 512, 1))


def test_a_cancelled_calibration_keeps_nothing(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")
    token = CancelToken()
    report = quick_report([tmp_path])
    with pytest.raises(Cancelled):
        calibrate(paths, COMMAND, report, lambda fraction: token.cancel(), token)
    assert not calibration_path(paths).exists()
    assert [path.name for path in paths.state.iterdir() if path.is_dir()] == []


def test_a_run_is_predicted_and_measured(environment: dict[str, str]) -> None:
    done = deskside(environment, "bench", "--json", "--prompt", "80", "--tokens", "32", "--threads", "1")
    assert done.returncode == 0, done.stderr
    bench = records(done.stdout)[-1]
    assert bench["event"] == "bench"
    assert (bench["prompt_tokens"], bench["generated_tokens"], bench["threads"]) == (80, 32, 1)
    predicted, measured = bench["predicted"], bench["measured"]
    assert measured["origin"] == "measured"
    assert predicted["generation_tps"]["low"] <= predicted["generation_tps"]["high"]
    for figure in ("generation_tps", "prompt_tps", "time_to_first_token_s", "load_s", "memory_peak_bytes"):
        assert measured[figure] > 0
        assert predicted[figure]
    assert bench["kept"] is not bench["busy"]
