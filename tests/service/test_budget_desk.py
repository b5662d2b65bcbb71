"""The desk compares machines for a budget: told as they come, and ended when nobody wants to know."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.events import BudgetAdvised, BudgetProgressed, Event, JobCancelled, JobFinished, JobId
from engine.jobs.local_desk import LocalDesk
from engine.jobs.purchase_questions import BudgetQuestion
from engine.paths import Paths, prepare
from engine.planning.plan import Aim, Purpose, Wish
from engine.planning.terms import Terms
from engine.settings import Settings

PROGRAM = Path(__file__).parents[2] / "deskside.py"


class Watcher:
    """A desk whose comparisons are ended as soon as a first machine is known, where `impatient`."""

    def __init__(self, paths: Paths) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.impatient = False
        command = (sys.executable, str(PROGRAM))
        self.desk = LocalDesk(self._take, paths, Settings(), command, live=False)

    def _take(self, event: Event) -> None:
        if self.impatient and isinstance(event, BudgetProgressed) and event.comparison.planned:
            self.desk.cancel(event.job)
        self.events.put(event)

    def all_of(self, job: JobId) -> list[Event]:
        """Up to the end of that job."""
        heard: list[Event] = []
        while not heard or not isinstance(heard[-1], JobFinished | JobCancelled):
            event = self.events.get(timeout=240)
            heard += [event] if event.job == job else []
        return heard


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator[Watcher]:
    paths = Paths(*(tmp_path / name for name in ("data", "config", "state")))
    prepare(paths)
    watcher = Watcher(paths)
    yield watcher
    watcher.desk.close()


def test_a_comparison_is_told_as_it_comes_and_can_be_ended(watcher: Watcher) -> None:
    question = BudgetQuestion(20_000.0, Aim(Purpose.CHAT, Wish.SPEED), Terms())
    watcher.impatient = True
    ended = watcher.all_of(watcher.desk.ask_budget(question))
    assert isinstance(ended[-1], JobCancelled)
    assert not any(isinstance(event, BudgetAdvised) for event in ended)
    watcher.impatient = False
    *told, advised, _ = watcher.all_of(watcher.desk.ask_budget(question))
    assert isinstance(advised, BudgetAdvised)
    so_far = [event.comparison for event in told if isinstance(event, BudgetProgressed)]
    counts = [len(one.planned) for one in so_far]
    assert counts == sorted(set(counts)) and counts[-1] < so_far[-1].total
    for one in so_far:
        assert all(machine.spent <= question.budget for machine in one.machines)
