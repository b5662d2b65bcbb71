"""What tuning chooses: with a machine whose speed is known, and noise on top."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from engine.errors import LoadError
from engine.jobs.tuning_search import Candidate, Clock, search, turn_s
from engine.runtime.values import LoadRequest, Timing

DEFAULT = LoadRequest("model.gguf", 576, 4)
Truth = Callable[[LoadRequest], tuple[float, float]]  # seconds a token, prompt tokens a second


class Machine:
    """Measures by what is true of it; every measurement takes a second of its own clock."""

    def __init__(self, truth: Truth, noise: float = 0.0, seed: int = 0) -> None:
        self._truth, self._noise, self._chance = truth, noise, random.Random(seed)
        self.now = 0.0
        self.measured: list[LoadRequest] = []

    def measure(self, request: LoadRequest) -> Timing:
        self.now += 1.0
        self.measured.append(request)
        token_s, prompt_tps = self._truth(request)
        wrong = 1 + self._noise * abs(self._chance.gauss())
        return Timing(request.threads, token_s * wrong, prompt_tps / wrong)

    def clock(self, seconds: float) -> Clock:
        return Clock(self.measure, lambda: self.now, seconds)


def by_threads(request: LoadRequest) -> tuple[float, float]:
    """Two threads are best for answers, and as good as four for prompts."""
    return {1: 0.02, 2: 0.01, 3: 0.012, 4: 0.014}[request.threads], 100.0 if request.threads > 1 else 50.0


THREADS = [Candidate(f"threads {count}", partial(replace, threads=count)) for count in (1, 2, 3)]
PLAIN = [Candidate("no copied weights", partial(replace, repack=False))]


def test_the_fastest_is_found_and_stated() -> None:
    found = search(Machine(by_threads).clock(1000), DEFAULT, [THREADS, PLAIN])
    assert found.best == replace(DEFAULT, threads=2)
    assert found.complete
    assert found.gain == pytest.approx((5.12 + 256 * 0.014) / (5.12 + 256 * 0.01))
    assert turn_s(found.default_timing) / turn_s(found.best_timing) == pytest.approx(found.gain)
    assert [trial.name for trial in found.trials if trial.taken] == ["threads 2"]


def test_what_is_better_only_after_another_change_is_found() -> None:
    def truth(request: LoadRequest) -> tuple[float, float]:
        token_s, prompt_tps = by_threads(request)
        better = not request.repack and request.threads == 2
        return token_s * (0.8 if better else 1.0 if request.repack else 1.2), prompt_tps

    found = search(Machine(truth).clock(1000), DEFAULT, [THREADS, PLAIN])
    assert found.best == replace(DEFAULT, threads=2, repack=False)


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_not_taken_for_speed(seed: int) -> None:
    found = search(Machine(lambda _: (0.01, 100.0), 0.1, seed).clock(10_000), DEFAULT, [THREADS, PLAIN])
    assert found.best == DEFAULT
    assert found.gain == 1.0


@pytest.mark.parametrize("seed", range(10))
def test_a_gain_is_found_through_noise(seed: int) -> None:
    found = search(Machine(by_threads, 0.02, seed).clock(10_000), DEFAULT, [THREADS, PLAIN])
    assert found.best.threads == 2


def test_nothing_that_makes_prompts_slower_is_taken_for_quicker_answers() -> None:
    def truth(request: LoadRequest) -> tuple[float, float]:
        return (0.005, 95.0) if request.threads == 2 else (0.01, 100.0)

    assert search(Machine(truth).clock(1000), DEFAULT, [THREADS]).best == DEFAULT


@pytest.mark.parametrize("seconds", [1, 5, 15, 25, 40])
def test_the_time_is_kept_to(seconds: float) -> None:
    machine = Machine(by_threads)
    found = search(machine.clock(seconds), DEFAULT, [THREADS, PLAIN])
    assert machine.now <= max(seconds, 1)
    if seconds <= 5:
        assert found.best == DEFAULT
        assert not found.complete


def test_what_cannot_be_confirmed_in_time_is_not_taken() -> None:
    """It was best while it was tried, and is slower when it is compared once more."""
    machine = Machine(by_threads)

    def truth(request: LoadRequest) -> tuple[float, float]:
        return by_threads(request) if machine.now < 20 else (0.01 / request.threads, 100.0)

    machine._truth = truth
    assert search(machine.clock(1000), DEFAULT, [THREADS]).best == DEFAULT


def test_a_setting_that_does_not_load_is_passed_over() -> None:
    def truth(request: LoadRequest) -> tuple[float, float]:
        if request.threads == 1:
            raise LoadError.of("model_refused", model="one", reason="no")
        return by_threads(request)

    found = search(Machine(truth).clock(1000), DEFAULT, [THREADS, PLAIN])
    assert found.best.threads == 2
    assert [trial.name for trial in found.trials] == ["threads 2", "threads 3", "no copied weights"]
