"""Every front end predicts with what was learnt, and every load and answer of the engine teaches it."""

from __future__ import annotations

import json
import queue
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.events import (
    Calibrated,
    CalibrationProgressed,
    Event,
    JobCancelled,
    JobFailed,
    Recommended,
    Scored,
)
from engine.hardware.check import quick_report
from engine.hardware.report import HardwareReport
from engine.hardware.report_json import save_report
from engine.host.knowing import calibration_path, save_calibration
from engine.host.loading import prepare as prepare_load
from engine.host.surroundings import report_path
from engine.jobs.local_desk import LocalDesk
from engine.jobs.searching import last_machine
from engine.paths import Paths, prepare
from engine.planning.bound import UNBOUND
from engine.planning.calibration import Calibration, FixedPoint, KernelPoint
from engine.planning.speed import token_time
from engine.runtime.values import LoadWish
from engine.settings import Settings
from engine.telemetry.history import Quantity, read_scores
from tests.service.host_bench import Guest, engine_room, wish_for
from tests.service.runtime_bench import installed, question, starter
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]  # a fixture
PROGRAM = Path(__file__).parents[2] / "deskside.py"
# A processor that no published figure would guess.
SLOW = Calibration(
    (KernelPoint("Q8_0", 1, 1e7, 1e8), KernelPoint("Q4_K", 1, 1e7, 1e8)),
    (FixedPoint(1, 1e-3, 1e-3, 1e7),),
)


@pytest.fixture
def paths() -> Iterator[Paths]:
    with engine_room() as paths:
        prepare(paths)
        yield paths


@pytest.fixture
def report(paths: Paths) -> HardwareReport:
    report = replace(quick_report([paths.models]), gpus=())
    save_report(report_path(paths), report)
    return report


class Listener:
    def __init__(self, paths: Paths) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        command = (sys.executable, str(PROGRAM))
        self.desk = LocalDesk(self.events.put, paths, Settings(), command, live=False)

    def next(self, kind: type[Event]) -> Event:
        while True:
            event = self.events.get(timeout=280)
            assert not isinstance(event, JobFailed), event
            if isinstance(event, kind):
                return event


@pytest.fixture
def listener(paths: Paths) -> Iterator[Listener]:
    listener = Listener(paths)
    yield listener
    listener.desk.close()


def fastest_advice(listener: Listener, report: HardwareReport) -> float:
    listener.desk.recommend(report)
    event = listener.next(Recommended)
    assert isinstance(event, Recommended)
    plans = (*event.recommendation.plans, event.recommendation.flagship)
    return max(plan.speed.generation_tps.expected for plan in plans)


def test_window_search_and_host_know_what_the_command_line_knows(
    paths: Paths, report: HardwareReport, listener: Listener
) -> None:
    wish = LoadWish(installed(starter()), 1024)

    def loaded_step() -> float:
        found = prepare_load(wish, report, None, paths, ())
        fit = found.fit(UNBOUND, ())
        assert fit is not None
        return token_time(fit.placement, found.whole, 100).total

    before = fastest_advice(listener, report)
    step = loaded_step()
    save_calibration(paths, report, SLOW)
    assert fastest_advice(listener, report) < before / 20
    assert loaded_step() > step * 20
    machine = last_machine(paths)
    assert machine is not None
    assert machine.calibration == SLOW


def test_a_calibration_from_the_window_can_be_stopped(paths: Paths, listener: Listener) -> None:
    job = listener.desk.calibrate()
    listener.next(CalibrationProgressed)
    listener.desk.cancel(job)
    assert listener.next(JobCancelled).job == job
    assert not calibration_path(paths).exists()


def test_a_calibration_from_the_window(paths: Paths, listener: Listener) -> None:
    job = listener.desk.calibrate()
    event = listener.next(Calibrated)
    assert isinstance(event, Calibrated)
    assert event.job == job
    assert event.kept is calibration_path(paths).exists()


def test_loads_and_answers_of_the_host_are_scored(paths: Paths, listener: Listener) -> None:
    guest, wish = Guest(paths), wish_for(context_length=2048)
    guest.loaded(wish)
    guest.ending(guest.ask(replace(question("Tell me a story. " * 40, max_tokens=60), drafts=False), wish))
    guest.ending(guest.ask(question("Hi.", max_tokens=2), wish))
    deadline = time.monotonic() + 60
    while len(read_scores(paths.history, 0)) < 7 and time.monotonic() < deadline:
        time.sleep(0.1)  # the history has a thread of its own
    found = read_scores(paths.history, 0)
    guest.client.close()
    kinds = [score.quantity for score in found]
    assert kinds.count(Quantity.GENERATION) == 1  # two tokens say nothing
    assert kinds.count(Quantity.PROMPT) == 1
    assert kinds.count(Quantity.FIRST_TOKEN) == 2
    assert {Quantity.RESERVED, Quantity.RESIDENT} <= set(kinds)
    by_kind = {score.quantity: score for score in found}
    reserved, resident = by_kind[Quantity.RESERVED], by_kind[Quantity.RESIDENT]
    assert reserved.predicted == pytest.approx(reserved.measured, rel=0.08)
    assert resident.predicted == pytest.approx(resident.measured, rel=0.15)
    generation = by_kind[Quantity.GENERATION]
    assert generation.depth > 100
    parts = (generation.vram_s, generation.ram_s, generation.compute_s, generation.ssd_s, generation.cache_s)
    assert sum(parts) == pytest.approx(1 / generation.plain, rel=0.01)
    listener.desk.score()
    event = listener.next(Scored)
    assert isinstance(event, Scored)
    said = event.score.of(Quantity.RESERVED)
    assert said is not None
    assert said.median_error < 0.08


def test_score_on_the_command_line(environment: dict[str, str]) -> None:
    done = deskside(environment, "score", "--json")
    assert done.returncode == 0, done.stderr
    (score,) = records(done.stdout)
    assert (score["event"], score["quantities"], score["models"]) == ("score", [], [])
    assert deskside(environment, "chat", "-p", "Tell me a story.", "--max-tokens", "40").returncode == 0
    deskside(environment, "check", "--json")
    done = deskside(environment, "score", "--json", "--days", "1")
    (score,) = records(done.stdout)
    known = {entry["quantity"]: entry for entry in score["quantities"]}
    assert known["memory_reserved_bytes"]["count"] == 1
    assert known["memory_reserved_bytes"]["median_error"] < 0.08
    assert [entry["model"] for entry in score["next"]][:1] == ["SmolLM2-135M-Instruct"]
    assert json.dumps(score)
    plain = deskside(environment, "score")
    assert "memory that is reserved" in plain.stdout
    assert "Next: SmolLM2" in plain.stdout
    assert deskside(environment, "score", "--days", "0").returncode == 2
