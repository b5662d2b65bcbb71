"""Which of several loads is fastest: each is tried beside the best so far, in turns, until it is clear.

Nothing is called better that noise could explain, and nothing that makes prompts or answers slower to make
the other quicker.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.errors import LoadError
from engine.runtime.values import LoadRequest, Timing

# A turn as people have them; what is compared is the time that it takes.
PROMPT_TOKENS, ANSWER_TOKENS = 512, 256
_LEAST_ROUNDS, _MOST_ROUNDS = 3, 6
_SURE_ROUNDS = 6  # of what was found beside the default, at the end
_LEAST_GAIN = 1.02  # less is not worth being different
_HOPELESS = 0.99  # after two rounds
# Of the other's speed, in prompts and in answers each; the lower one where it may be noise.
_LEAST_PART, _LEAST_NOISY_PART = 0.99, 0.97
# Student's t by rounds: two-sided 95 %, and 99 % for the last word, since the best of many is lucky.
_T = {2: 12.71, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571}
_T_SURE = {6: 4.032}

Measure = Callable[[LoadRequest], Timing]


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate beside the best at that time. Gains: speed / that of the other."""

    name: str  # "threads 3"
    gain: float
    rounds: int
    taken: bool


@dataclass(frozen=True, slots=True)
class Found:
    """`best` is `default` where nothing is better."""

    default: LoadRequest
    best: LoadRequest
    gain: float  # of a turn, best / default
    default_timing: Timing  # medians
    best_timing: Timing
    trials: tuple[Trial, ...]
    complete: bool  # there was time for all


@dataclass(frozen=True, slots=True)
class Candidate:
    name: str
    change: Callable[[LoadRequest], LoadRequest]


class OutOfTime(Exception):
    """The time that was given is over."""


class Clock:
    """Measures as long as there is time for it, by what measuring has taken yet."""

    def __init__(self, measure: Measure, now: Callable[[], float], seconds: float) -> None:
        self._measure, self._now = measure, now
        self._until = now() + seconds
        self._longest = 0.0
        self.kept_back_s = 0.0

    def measure(self, request: LoadRequest) -> Timing:
        """Raises: OutOfTime."""
        began = self._now()
        if began + self._longest >= self._until - self.kept_back_s:
            raise OutOfTime
        timing = self._measure(request)
        self._longest = max(self._longest, self._now() - began)
        return timing

    def forget(self) -> None:
        """How long measuring took so far is no measure of what comes."""
        self._longest = 0.0

    def keep_back(self, measurements: int) -> None:
        """Time for so many measurements is not for anything else."""
        self.kept_back_s = measurements * self._longest


def search(clock: Clock, default: LoadRequest, dimensions: Iterable[Sequence[Candidate]]) -> Found:
    """One dimension after the other, each from the best so far. Raises: what measuring raises."""
    best, trials, complete = default, list[Trial](), False
    first = clock.measure(default)
    try:
        clock.forget()  # the first of all starts an engine and reads the file
        clock.measure(default)
        clock.keep_back(2 * _SURE_ROUNDS)
        for candidates in dimensions:
            for candidate in candidates:
                tried = candidate.change(best)
                if tried in (best, default):
                    continue
                try:
                    pairs = _race(clock, tried, best, _MOST_ROUNDS)
                except LoadError:  # this model, or this machine, cannot be loaded so
                    continue
                taken = _is_better(pairs)
                trials.append(Trial(candidate.name, _gain(pairs), len(pairs), taken))
                best = tried if taken else best
        complete = True
    except OutOfTime:
        pass
    clock.kept_back_s = 0.0
    return _confirmed(clock, default, best, first, tuple(trials), complete)


def _confirmed(
    clock: Clock,
    default: LoadRequest,
    best: LoadRequest,
    first: Timing,
    trials: tuple[Trial, ...],
    complete: bool,
) -> Found:
    """Once more beside the default: the best of many is better by luck, too."""
    pairs: list[tuple[Timing, Timing]] = []
    if best != default:
        try:
            pairs = list(_rounds(clock, best, default, _SURE_ROUNDS))
        except OutOfTime:
            pairs = []
    if len(pairs) < _SURE_ROUNDS or not _is_better(pairs, _T_SURE):
        return Found(default, default, 1.0, first, first, trials, complete)
    ours, theirs = zip(*pairs, strict=True)
    return Found(default, best, _gain(pairs), _median(theirs), _median(ours), trials, complete)


def _race(clock: Clock, tried: LoadRequest, best: LoadRequest, most: int) -> list[tuple[Timing, Timing]]:
    """Rounds until it is clear. Raises: OutOfTime."""
    pairs: list[tuple[Timing, Timing]] = []
    for pair in _rounds(clock, tried, best, most):
        pairs.append(pair)
        if len(pairs) >= 2 and _gain(pairs) < _HOPELESS:
            break
        if len(pairs) >= _LEAST_ROUNDS and _is_better(pairs):
            break
    return pairs


def _rounds(
    clock: Clock, tried: LoadRequest, best: LoadRequest, count: int
) -> Iterator[tuple[Timing, Timing]]:
    """Each goes first as often as the other. Raises: OutOfTime."""
    for number in range(count):
        if number % 2:
            theirs = clock.measure(best)
            yield clock.measure(tried), theirs
        else:
            ours = clock.measure(tried)
            yield ours, clock.measure(best)


def _is_better(pairs: Sequence[tuple[Timing, Timing]], t: Mapping[int, float] = _T) -> bool:
    if len(pairs) < 2:
        return False
    mean, half = _logs((turn_s(theirs) / turn_s(ours) for ours, theirs in pairs), t)
    answers = _logs((theirs.token_s / ours.token_s for ours, theirs in pairs), t)
    prompts = _logs((ours.prompt_tps / theirs.prompt_tps for ours, theirs in pairs), t)
    sure = mean - half > 0 and mean > math.log(_LEAST_GAIN)
    return sure and _is_no_slower(*answers) and _is_no_slower(*prompts)


def _is_no_slower(mean: float, half: float) -> bool:
    may_be_noise = mean + half >= 0 and mean >= math.log(_LEAST_NOISY_PART)
    return mean >= math.log(_LEAST_PART) or may_be_noise


def _logs(ratios: Iterable[float], t: Mapping[int, float]) -> tuple[float, float]:
    """The mean of the logarithms, and half of its interval."""
    logs = [math.log(ratio) for ratio in ratios]
    return statistics.fmean(logs), t[len(logs)] * statistics.stdev(logs) / math.sqrt(len(logs))


def turn_s(timing: Timing) -> float:
    """Seconds of a turn."""
    return PROMPT_TOKENS / timing.prompt_tps + ANSWER_TOKENS * timing.token_s


def _gain(pairs: Sequence[tuple[Timing, Timing]]) -> float:
    return _mean_ratio(turn_s(theirs) / turn_s(ours) for ours, theirs in pairs)


def _mean_ratio(ratios: Iterable[float]) -> float:
    return math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))


def _median(timings: Sequence[Timing]) -> Timing:
    return replace(
        timings[0],
        token_s=statistics.median(each.token_s for each in timings),
        prompt_tps=statistics.median(each.prompt_tps for each in timings),
    )
