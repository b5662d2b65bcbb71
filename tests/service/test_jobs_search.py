"""The desk asks the hub, and reads a header there, only when it is told to."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events import Event, JobFailed, JobFinished, ModelPlanned, ModelsFound
from engine.figures import Origin
from engine.hardware.report_json import save_report
from engine.jobs.checking import report_path
from engine.jobs.local_desk import LocalDesk
from engine.paths import Paths, prepare
from engine.settings import Settings
from tests.hub import StandInHub
from tests.models import tiny
from tests.unit.planning_machines import RYZEN_64

PROGRAM = Path(__file__).parents[2] / "deskside.py"
REPOSITORY = "someone/Tiny-GGUF"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInHub]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with StandInHub() as hub:
        hub.add_file(REPOSITORY, "Tiny-Q8_0.gguf", tiny(tmp_path, "llama").read_bytes())
        hub.facts[REPOSITORY] = {"total": 6_500_000, "architecture": "llama", "context_length": 8192}
        yield hub


class Listener:
    """A desk, and the events of its jobs one after the other."""

    def __init__(self, paths: Paths, endpoint: str) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        settings = Settings(endpoint=endpoint)
        self.desk = LocalDesk(self.events.put, paths, settings, (sys.executable, str(PROGRAM)), live=False)

    def next(self) -> Event:
        return self.events.get(timeout=200)


@pytest.fixture
def listener(hub: StandInHub, tmp_path: Path) -> Iterator[Listener]:
    paths = Paths(*(tmp_path / name for name in ("data", "config", "state")))
    prepare(paths)
    listener = Listener(paths, hub.endpoint)
    yield listener
    listener.desk.close()


def checked(tmp_path: Path) -> None:
    """As if this machine had been checked."""
    paths = Paths(*(tmp_path / name for name in ("data", "config", "state")))
    save_report(report_path(paths), RYZEN_64)


def test_nothing_is_asked_until_someone_searches(listener: Listener, hub: StandInHub, tmp_path: Path) -> None:
    checked(tmp_path)
    assert hub.served.connections == 0
    job = listener.desk.search("tiny")
    found = listener.next()
    assert isinstance(found, ModelsFound) and found.job == job
    (result,) = found.results
    assert result.plan is not None and not result.plan.quantization.exact
    assert isinstance(listener.next(), JobFinished)


def test_a_closer_look_is_exact(listener: Listener, tmp_path: Path) -> None:
    checked(tmp_path)
    listener.desk.plan_elsewhere(REPOSITORY, "Q8_0")
    planned = listener.next()
    assert isinstance(planned, ModelPlanned) and planned.repository == REPOSITORY
    assert planned.plan.quantization.exact
    assert planned.plan.memory.origin is Origin.PLANNED
    folder = tmp_path / "state"
    assert not list(folder.glob("planning-*"))  # nothing of the file that llama.cpp was given stays
    assert (folder / "probe.log").exists()
    assert isinstance(listener.next(), JobFinished)


def test_a_look_before_the_first_check_is_a_sentence(listener: Listener) -> None:
    listener.desk.plan_elsewhere(REPOSITORY, "Q8_0")
    failed = listener.next()
    assert isinstance(failed, JobFailed) and failed.message.code == "machine_not_checked"
