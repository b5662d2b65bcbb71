"""Measures how fast llama.cpp computes with a model: one token, a batch, one token behind many others."""

from __future__ import annotations

import time
from array import array

from engine.errors import LoadError
from engine.runtime.values import LoadRequest, Timing
from engine.runtime.worker.batch import Portion
from engine.runtime.worker.context import Context, Outcome
from engine.runtime.worker.load import computing
from engine.runtime.worker.native import Native

_LEAST_STEPS, _MOST_STEPS = 5, 40  # tokens a measurement
_LEAST_S = 0.12  # of a measurement
_MOST_S = 0.8  # of a measurement, on a machine that is busy with other things
_BATCH = 128  # tokens of a prompt
_DEEP = 1024  # a context that is this long is filled, too
_WARM_UP = 2  # tokens


def time_load(native: Native, request: LoadRequest) -> tuple[Timing, ...]:
    """At one thread, two, four ... and `request.threads`. Raises: ModelFileError, LoadError."""
    with computing(native, request) as context:
        run = _Run(context)
        counts = [1 << power for power in range(10) if 1 << power < request.threads]
        shallow = []
        for threads in (*counts, request.threads):
            context.use_threads(threads)
            shallow.append(Timing(threads, run.token(), _BATCH / run.prompt()))
        if request.context_length < _DEEP:
            return tuple(shallow)
        run.fill(request.context_length - _MOST_STEPS * (len(shallow) + 1) - _WARM_UP * len(shallow))
        return tuple(_deep(run, context, timing) for timing in shallow)


def _deep(run: _Run, context: Context, timing: Timing) -> Timing:
    context.use_threads(timing.threads)
    depth = run.position
    return Timing(timing.threads, timing.token_s, timing.prompt_tps, run.token(keep=True), depth)


class _Run:
    """Tokens of one sequence, computed one batch after the other. What they mean does not matter."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.position = 0

    def token(self, keep: bool = False) -> float:
        """Seconds of a token, the lower quartile: noise only ever adds. `keep` leaves what stands before."""
        if not keep:
            self._restart()
        for _ in range(_WARM_UP):
            self._decode(1)
        spent: list[float] = []
        while sum(spent) < _LEAST_S or len(spent) < _LEAST_STEPS:
            spent.append(self._decode(1))
            if len(spent) == _MOST_STEPS or sum(spent) > _MOST_S:
                break
        return sorted(spent)[len(spent) // 4]

    def prompt(self) -> float:
        """Seconds of a batch, the better of two: the first one grows buffers."""
        self._restart()
        return min(self._decode(_BATCH), self._decode(_BATCH))

    def fill(self, depth: int) -> None:
        self._restart()
        while self.position < depth:
            self._decode(min(self._context.batch_size, depth - self.position))

    def _restart(self) -> None:
        self._context.truncate(0, self.position, 0)
        self.position = 0

    def _decode(self, count: int) -> float:
        tokens = array("i", [1]) * count
        began = time.perf_counter()
        outcome, _ = self._context.decode([Portion(0, self.position, tokens, True)])
        spent = time.perf_counter() - began
        if outcome is not Outcome.DONE:
            raise LoadError.of("calibration_failed", reason=f"llama_decode gave {self._context.last_code}")
        self.position += count
        return spent
