"""Measures how fast llama.cpp computes with a model: one token, a batch, both behind many others."""

from __future__ import annotations

import time
from array import array
from dataclasses import replace

from engine.errors import LoadError
from engine.runtime.values import LoadRequest, Timing
from engine.runtime.worker.batch import Portion
from engine.runtime.worker.context import Context, Outcome
from engine.runtime.worker.load import computing
from engine.runtime.worker.native import Native

_LEAST_STEPS, _MOST_STEPS = 4, 40  # tokens a measurement
_LEAST_S = 0.1  # of a measurement
_MOST_S = 0.8  # of a measurement, on a machine that is busy with other things
_BATCH = 64  # tokens of a prompt, with all threads; with fewer as many less, so that it takes no longer
_LEAST_BATCH = 32
_DEEP = 1024  # a context that is this long is filled, too
_WARM_UP = 2  # tokens
_IDS = 32  # different tokens take different experts; every vocabulary has so many


def time_load(native: Native, request: LoadRequest) -> tuple[Timing, ...]:
    """At one thread, two, four ... and `request.threads`. Raises: ModelFileError, LoadError."""
    with computing(native, request) as context:
        run = Run(context)
        counts = [1 << power for power in range(10) if 1 << power < request.threads]
        shallow = []
        for threads in (*counts, request.threads):
            context.use_threads(threads)
            batch = max(_LEAST_BATCH, _BATCH * threads // request.threads)
            shallow.append(Timing(threads, run.token(), batch / run.prompt(batch)))
        if context.room < _DEEP:
            return tuple(shallow)
        copied = context.sequences > 1
        steps = (_MOST_STEPS + _WARM_UP) * len(shallow) * (2 if copied else 1)
        run.fill((context.room - steps - _BATCH) // context.sequences)
        if copied:
            run.join(1)
            shallow = [_near(run, context, timing) for timing in shallow]
            run.join(context.sequences - 2)
        deep = [_deep(run, context, timing) for timing in shallow]
        deep[-1] = replace(deep[-1], deep_prompt_tps=_BATCH / run.decode(_BATCH))
        return tuple(deep)


def _deep(run: Run, context: Context, timing: Timing) -> Timing:
    context.use_threads(timing.threads)
    return replace(timing, depth=run.depth, deep_token_s=run.token(keep=True))


def _near(run: Run, context: Context, timing: Timing) -> Timing:
    context.use_threads(timing.threads)
    return replace(timing, near_depth=run.depth, near_token_s=run.token(keep=True))


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

    def token(self, keep: bool = False) -> float:
        """Seconds of a token, the lower quartile: noise only ever adds. `keep` leaves what stands before."""
        if not keep:
            self.restart()
        for _ in range(_WARM_UP):
            self.decode(1)
        spent: list[float] = []
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
