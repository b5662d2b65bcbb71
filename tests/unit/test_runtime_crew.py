"""Threads that make room for other programs."""

from __future__ import annotations

from engine.runtime.worker.crew import Crew


class Machine:
    """Other programs take a share of the processors; batches of 0.1 s are computed on what is left."""

    def __init__(self, threads: int) -> None:
        self.now = self.cpu_s = 0.0
        self.pages = 0
        self.used = [threads]
        self.crew = Crew(threads, self.used.append, lambda: self.cpu_s, lambda: self.pages)

    def compute(self, seconds: float, others: float = 0.0, pages: int = 0) -> None:
        for _ in range(round(seconds / 0.1)):
            self.crew.begins()
            self.now += 0.1
            self.cpu_s += 0.1 * self.crew.threads * (1 - others)
            self.pages += pages
            self.crew.computed(0.1, self.now)


def test_alone_it_keeps_all_its_threads() -> None:
    machine = Machine(8)
    machine.compute(10, others=0.05)
    assert machine.used == [8]


def test_it_gives_way_and_comes_back() -> None:
    machine = Machine(8)
    machine.compute(1, others=0.5)
    assert machine.crew.threads < 8
    machine.compute(10)
    assert machine.crew.threads == 8


def test_while_others_stay_it_tries_again_less_and_less_often() -> None:
    machine = Machine(2)

    def busy(seconds: float) -> int:
        tries = machine.used.count(2)
        for _ in range(round(seconds / 0.3)):
            machine.compute(0.3, others=0.4 if machine.crew.threads == 2 else 0.0)
        return machine.used.count(2) - tries

    first, later = busy(60), busy(60)
    assert first > later >= 0
    assert machine.crew.threads == 1 or machine.used[-2] == 1


def test_waiting_for_the_disk_is_no_crowd() -> None:
    machine = Machine(4)
    machine.compute(5, others=0.9, pages=3)
    assert machine.used == [4]


def test_one_thread_is_never_less() -> None:
    machine = Machine(1)
    machine.compute(5, others=0.9)
    assert machine.used == [1]
