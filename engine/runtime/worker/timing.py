"""Measures how fast llama.cpp computes with a model: one token, a batch, both behind many others."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence
from dataclasses import replace

from engine.errors import LoadError
from engine.runtime.values import LoadRequest, Timing
from engine.runtime.worker.batch import Portion
from engine.runtime.worker.context import Context, Outcome
from engine.runtime.worker.load import computing
from engine.runtime.worker.native import Native

# What disturbs comes in bursts, so the same is measured again when others had their turn: more often what is
# compared with what lies behind other tokens.
_ROUNDS, _COMPARED_ROUNDS = 2, 3
_LEAST_STEPS, _MOST_STEPS = 2, 20  # tokens a measurement
_LEAST_S = 0.04  # of a measurement
_MOST_S = 0.5  # of a measurement, on a machine that is busy with other things
_BATCH = 64  # tokens of a prompt, with all threads; with fewer as many less, so that it takes no longer
_LEAST_BATCH = 32
_DEEP = 1024  # a context that is this long is filled, too
_NEAR_COPIES = 3  # beside what was filled
_WARM_UP = 2  # tokens; one that takes so long needs none
_LONG_S = 0.03
_IDS = 32  # different tokens take different experts; every vocabulary has so many


def time_load(native: Native, request: LoadRequest) -> tuple[Timing, ...]:
    """At one thread, two, four ... and `request.threads`. Raises: ModelFileError, LoadError."""
    counts = [1 << power for power in range(10) if 1 << power < request.threads]
    with computing(native, request) as context:
        run = Run(context)
        timings = _shallow(run, (*counts, request.threads), _rounds(context))
        return _deep(run, context, timings) if context.room >= _DEEP else timings


def _rounds(context: Context) -> int:
    return _COMPARED_ROUNDS if context.sequences > 1 else _ROUNDS


def _shallow(run: Run, counts: Sequence[int], rounds: int) -> tuple[Timing, ...]:
    tokens = _in_turns(run, counts, rounds)
    return tuple(
        Timing(threads, token_s, _prompt_tps(run, threads, counts[-1]))
        for threads, token_s in zip(counts, tokens, strict=True)
    )


def _deep(run: Run, context: Context, timings: Sequence[Timing]) -> tuple[Timing, ...]:
    """With what it takes behind a context that is nearly full, and where sequences may be copied, behind some
    of it."""
    counts, rounds, copies = [one.threads for one in timings], _rounds(context), context.sequences - 1
    steps = rounds * (_MOST_STEPS + _WARM_UP) * len(counts) * (2 if copies else 1)
    run.fill((context.room - steps - _BATCH) // context.sequences)
    if copies:
        run.join(min(_NEAR_COPIES, copies))
        depth, tokens = run.depth, _in_turns(run, counts, rounds, keep=True)
        timings = [
            replace(one, near_depth=depth, near_token_s=token_s)
            for one, token_s in zip(timings, tokens, strict=True)
        ]
        run.join(copies - min(_NEAR_COPIES, copies))
    depth, tokens = run.depth, _in_turns(run, counts, _ROUNDS, keep=True)
    *fewer, most = (
        replace(one, depth=depth, deep_token_s=token_s) for one, token_s in zip(timings, tokens, strict=True)
    )
    return (*fewer, replace(most, deep_prompt_tps=_BATCH / run.decode(_BATCH)))


def _in_turns(run: Run, counts: Sequence[int], rounds: int, keep: bool = False) -> list[float]:
    """Seconds of a token, for each number of threads: of two rounds the quicker one, of three the one
    between."""
    spent: list[list[float]] = [[] for _ in counts]
    for _ in range(rounds):
        for threads, found in zip(counts, spent, strict=True):
            run.use_threads(threads)
            found.append(run.token(keep))
    return [sorted(found)[(rounds - 1) // 2] for found in spent]


def _prompt_tps(run: Run, threads: int, most_threads: int) -> float:
    run.use_threads(threads)
    batch = max(_LEAST_BATCH, _BATCH * threads // most_threads)
    return batch / run.prompt(batch)


class Run:
    """Tokens of one sequence, computed one batch after the other. What they mean does not matter."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._position = 0
        self._part = 0  # tokens that were filled
        self._copied = 0  # tokens beside those, which it sees as well

    @property
    def depth(self) -> int:
        """Tokens that the next one looks back at."""
        return self._position + self._copied

    def use_threads(self, threads: int) -> None:
        self._context.use_threads(threads)

    def token(self, keep: bool = False) -> float:
        """Seconds of a token, the lower quartile: noise only ever adds. `keep` leaves what stands before."""
        if not keep:
            self.restart()
        first_s = self.decode(1)
        spent = [first_s] if first_s > _LONG_S else []
        for _ in range(0 if spent else _WARM_UP - 1):
            self.decode(1)
        while sum(spent) < _LEAST_S or len(spent) < _LEAST_STEPS:
            spent.append(self.decode(1))
            if len(spent) == _MOST_STEPS or sum(spent) > _MOST_S:
                break
        return sorted(spent)[len(spent) // 4]

    def prompt(self, count: int) -> float:
        """Seconds of a batch."""
        self.restart()
        return self.decode(count)

    def fill(self, depth: int) -> None:
        """Reads so many tokens."""
        self.restart()
        while self._position < depth:
            self.decode(min(self._context.batch_size, depth - self._position))
        self._part = depth

    def join(self, copies: int) -> None:
        """So many more sequences are copies of what was filled, and the first one sees them: it takes as long
        to look back at them."""
        first = 1 + self._copied // max(self._part, 1)
        source = min(self._copied, 1)  # the first sequence has gone on since the first copy was made
        if not self._context.join_copies(source, range(first, first + copies)):
            raise LoadError.of("calibration_failed", reason="a sequence cannot be copied")
        self._copied += self._part * copies

    def restart(self) -> None:
        """Forgets what was computed."""
        self._context.truncate(0, self._position, 0)
        self._position = 0

    def decode(self, count: int) -> float:
        """Seconds of that many tokens at once."""
        tokens = array("i", [number % _IDS for number in range(self._position, self._position + count)])
        began = time.perf_counter()
        outcome, _ = self._context.decode([Portion(0, self._position, tokens, True)])
        self._context.finish()
        spent = time.perf_counter() - began
        if outcome is not Outcome.DONE:
            raise LoadError.of("calibration_failed", reason=f"llama_decode gave {self._context.last_code}")
        self._position += count
        return spent
