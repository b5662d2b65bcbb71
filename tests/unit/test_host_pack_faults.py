"""A runtime pack with which models crash: when it is put aside, when it is not, and when it is taken back."""

from __future__ import annotations

import dataclasses
import platform
import sys
from pathlib import Path

import pytest

from engine.catalog.model import InstalledModel
from engine.host.pack_faults import PackFaults
from engine.host.resident import Resident
from engine.host.restarts import Return
from engine.messages import Sentence, sentence
from engine.packs.manifest import Pack
from engine.packs.shelf import BUILT_IN, Shelf
from engine.paths import Paths
from engine.runtime.values import LoadWish, ModelFacts

WISH = LoadWish(InstalledModel("/models/one.gguf", "one", "Q4_0", 1000, "hub"))
FACTS = ModelFacts("one", "llama", 8192, 8192, 1000, 0.5, 99, "CPU", True, pack="cuda-1")
FAULT = sentence("worker_segfault", model="one", log="l")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")


@pytest.fixture
def shelf(paths: Paths) -> Shelf:
    made, machine = Shelf(paths.runtimes, "1.0"), platform.machine().lower()
    made.folder.mkdir(parents=True)
    for name in ("vulkan-1", "cuda-1"):
        unpacked = paths.data / name
        unpacked.mkdir(parents=True)
        backend = name.partition("-")[0]
        made.add(Pack(name, backend, sys.platform, machine, "1.0", "a.tar.xz", 10, 20, "0" * 64), unpacked)
    made.use("cuda-1")
    return made


def test_the_second_crash_in_answers_puts_it_aside(paths: Paths, shelf: Shelf) -> None:
    assert PackFaults(paths, shelf).crashed(Resident(WISH), FACTS, FAULT, Return.SAME) is None
    assert shelf.in_use() == "cuda-1"
    # Of another host: a command line's ends soon after each answer.
    said = PackFaults(paths, shelf).crashed(Resident(WISH), FACTS, FAULT, Return.SAME)
    assert said is not None and said.code == "pack_crashed"
    assert shelf.in_use() == "vulkan-1"
    assert shelf.choice().aside["cuda-1"] == said
    shelf.use("cuda-1")  # who chooses it again begins anew
    assert PackFaults(paths, shelf).crashed(Resident(WISH), FACTS, FAULT, Return.SAME) is None
    assert shelf.in_use() == "cuda-1"


def test_an_answer_between_two_crashes_speaks_for_it(paths: Paths, shelf: Shelf) -> None:
    faults, resident = PackFaults(paths, shelf), Resident(WISH)
    for _ in range(4):
        resident.facts = FACTS
        faults.answered(resident)
        assert faults.crashed(resident, FACTS, FAULT, Return.LOWER) is None
    assert shelf.in_use() == "cuda-1"


def test_a_load_that_would_be_given_up_is_tried_without_it_at_once(paths: Paths, shelf: Shelf) -> None:
    assert PackFaults(paths, shelf).crashed(Resident(WISH), None, FAULT, Return.NOT) is not None
    assert shelf.in_use() == "vulkan-1"


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        (sentence("worker_killed", model="one"), Return.SAME),
        (sentence("worker_out_of_memory", model="one"), Return.LOWER),
        (sentence("worker_aborted", model="one", detail="failed to allocate buffer", log="l"), Return.LOWER),
        (sentence("worker_lost_device", model="one", device="d", log="l"), Return.LOWER),
        (sentence("worker_file_vanished", model="one"), Return.NOT),
        (sentence("worker_bad_instruction", model="one", log="l"), Return.PLAIN),
    ],
)
def test_what_is_not_its_fault_is_not_held_against_it(
    paths: Paths, shelf: Shelf, reason: Sentence, step: Return
) -> None:
    faults = PackFaults(paths, shelf)
    assert not any(faults.crashed(Resident(WISH), FACTS, reason, step) for _ in range(5))
    assert shelf.in_use() == "cuda-1"


def test_a_model_that_crashes_without_it_too_gives_it_back(paths: Paths, shelf: Shelf) -> None:
    faults, resident = PackFaults(paths, shelf), Resident(WISH)
    vulkan, none = (dataclasses.replace(FACTS, pack=name) for name in ("vulkan-1", BUILT_IN))
    assert faults.crashed(resident, None, FAULT, Return.NOT) is not None
    assert faults.crashed(resident, vulkan, FAULT, Return.NOT) is not None
    assert shelf.in_use() == BUILT_IN
    assert faults.crashed(resident, none, FAULT, Return.NOT) is None
    faults.acquit(resident)
    assert shelf.in_use() == "cuda-1" and shelf.choice().aside == {}


def test_a_model_that_answers_without_it_does_not(paths: Paths, shelf: Shelf) -> None:
    faults, resident = PackFaults(paths, shelf), Resident(WISH)
    assert faults.crashed(resident, FACTS, FAULT, Return.NOT) is not None
    resident.facts = dataclasses.replace(FACTS, pack=BUILT_IN)
    faults.answered(resident)
    faults.acquit(resident)  # of crashes long after
    assert shelf.in_use() == "vulkan-1"


def test_a_disk_that_takes_no_mark_costs_nothing_else(
    paths: Paths, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(name: str) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shelf, "crashed", full)
    assert PackFaults(paths, shelf).crashed(Resident(WISH), FACTS, FAULT, Return.SAME) is None
