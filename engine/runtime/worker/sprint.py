"""Several batches of answers in one go.

After each batch the processor's caches hold weights instead of us: every line of Python that runs between two
batches is fetched from memory again, and costs ten times what it costs when warm. So what must happen for
every token stays in one short loop, and what can be done for several tokens at once is left to those who
called it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from engine.runtime.worker.batch import Portion
from engine.runtime.worker.context import Context, Outcome
from engine.runtime.worker.vocabulary import Vocabulary


class Sprint(NamedTuple):
    """What came of it. `outcome`: of the batch behind the last one that counts; DONE where all do."""

    outcome: Outcome
    drawn: list[list[int]]  # tokens of each answer, one for each batch
    times: list[float]  # when each batch was computed, in monotonic seconds
    computing_s: float  # in those batches


def sprint(
    context: Context,
    vocabulary: Vocabulary,
    portions: Sequence[Portion],
    chains: Sequence[Any],
    most: int,
    until: float,
    undisturbed: Callable[[], bool],
) -> Sprint:
    """Computes `portions`, one token of each answer, draws the next ones, computes those, and so on: at most
    `most` batches, until that moment, or until an answer ends, something has happened or a batch fails.
    `chains`: of samplers, one for each answer."""
    batch = context.begin(portions)
    tokens, positions = batch.tokens, batch.positions
    decode, sample, clock = context.llama.llama_decode, context.llama.llama_sampler_sample, time.monotonic
    pointer, native, known = context.pointer, batch.native, vocabulary.known
    drawn: list[list[int]] = [[] for _ in portions]
    runners = [(index, chain, drawn[index].append) for index, chain in enumerate(chains)]
    times: list[float] = []
    computing_s, goes_on = 0.0, True
    while goes_on:
        began = clock()
        code = decode(pointer, native)
        now = clock()
        if code != 0:
            return Sprint(context.outcome(code), drawn, times, computing_s)
        times.append(now)
        computing_s += now - began
        goes_on = now < until and len(times) < most and undisturbed()
        for index, chain, append in runners:
            token = sample(chain, pointer, index)
            append(token)
            tokens[index] = token
            positions[index] += 1
            if known.get(token) is None and vocabulary.answer_bytes(token) is None:
                goes_on = False
    return Sprint(Outcome.DONE, drawn, times, computing_s)
