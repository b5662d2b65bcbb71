"""Cancelling, and what an idle worker costs."""

from __future__ import annotations

import os
import random
import time

from tests.bench.engine.asking import question
from tests.bench.engine.clock import cpu_s
from tests.bench.engine.ours import OurPath
from tests.bench.engine.ratios import quantile
from tests.bench.engine.report import Row
from tests.bench.engine.speed import Bench

_LONG_PROMPT = 1500  # tokens; takes seconds
_LIMIT_MS = 150.0
_IDLE_SHARE = 0.5  # percent of a core


def cancel(bench: Bench) -> list[Row]:
    """From the cancel to the last event of that stream, at random moments of both phases."""
    times = 10 if bench.quick else 50
    moments = random.Random(0)
    side = bench.open_ours(bench.settings)
    try:
        reading = [_cancelled_ms(side, number, moments.uniform(0.02, 0.6), False) for number in range(times)]
        writing = [_cancelled_ms(side, number, moments.uniform(0, 0.3), True) for number in range(times)]
    finally:
        side.close()
    return [_row(bench, "prompt", reading), _row(bench, "answer", writing)]


def _cancelled_ms(side: OurPath, number: int, after_s: float, writing: bool) -> float:
    """Milliseconds. `after_s` counts from asking or, when `writing`, from the first token."""
    answer = side.begin(question(64 if writing else _LONG_PROMPT, 512, number))
    if writing and not answer.begun.wait(60):
        raise RuntimeError("no first token")
    time.sleep(after_s)
    asked = time.monotonic()
    side.cancel(answer)
    if not answer.over.wait(60):
        raise RuntimeError("a cancelled answer did not end")
    time.sleep(0.02)  # an event after the end would count too
    return max(0.0, answer.last_event_s - asked) * 1000


def _row(bench: Bench, phase: str, taken: list[float]) -> Row:
    note = f"p50 {quantile(taken, 0.5):.1f} ms, p99 {quantile(taken, 0.99):.1f} ms of {len(taken)}"
    name = bench.settings.model.name
    return Row(
        name, f"cancel in {phase}, slowest", max(taken), _LIMIT_MS, at_least=False, unit="ms", note=note
    )


def idle(bench: Bench) -> list[Row]:
    """Every process that works for us but this one, after an answer."""
    seconds = 5 if bench.quick else 20
    side = bench.open_ours(bench.settings)
    try:
        side.answer(question(64, 8, 0))
        time.sleep(1)
        others = [pid for pid in side.pids if pid != os.getpid()]
        before, client_before = cpu_s(others), cpu_s([os.getpid()])
        time.sleep(seconds)
        share = 100 * (cpu_s(others) - before) / seconds
        client = 100 * (cpu_s([os.getpid()]) - client_before) / seconds
    finally:
        side.close()
    note = f"the client's process {client:.3f} %"
    name = bench.settings.model.name
    return [Row(name, "idle worker", share, _IDLE_SHARE, at_least=False, unit="% of a core", note=note)]
