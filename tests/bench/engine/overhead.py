"""Our own CPU time a token: everything of the worker outside decode and native sampling.

Counted inside the worker (counted_worker.py), at the calls themselves; what the whole process
spent comes from its clock. The process that reads the answer is given apart.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.engine.asking import question
from tests.bench.engine.build import ROOT
from tests.bench.engine.clock import cpu_s
from tests.bench.engine.counted_worker import Counters
from tests.bench.engine.ours import OurPath
from tests.bench.engine.report import Row
from tests.bench.engine.speed import PROMPT, Bench

_LIMIT_US = 150.0


def overhead(bench: Bench, open_counted: Callable[[tuple[str, ...]], OurPath], folder: Path) -> list[Row]:
    """The median of some answers, each after its prompt was read."""
    counters = folder / "counters"
    script = ROOT / "tests" / "bench" / "engine" / "counted_worker.py"
    side = open_counted((sys.executable, str(script), str(counters)))
    try:
        parts = [_parts_us(side, counters, number, bench.tokens) for number in range(3 if bench.quick else 8)]
    finally:
        side.close()
    decode, sample, other, client = (statistics.median(column) for column in zip(*parts, strict=True))
    note = (
        f"decode {decode:.0f}, sampling {sample:.0f}, other {other:.0f}, client process {client:.0f} us/token"
    )
    name = bench.settings.model.name
    return [Row(name, "our CPU a token", other, _LIMIT_US, at_least=False, unit="us", note=note)]


def _parts_us(side: OurPath, path: Path, number: int, tokens: int) -> tuple[float, float, float, float]:
    side.answer(question(PROMPT, 1, number))
    workers, me = [pid for pid in side.pids if pid != os.getpid()], [os.getpid()]
    before, worker, client = Counters.read(path), cpu_s(workers), cpu_s(me)
    side.answer(question(PROMPT, tokens, number))  # of its prompt, one token is left to compute
    after, worker, client = Counters.read(path), cpu_s(workers) - worker, cpu_s(me) - client
    count = after.decodes - before.decodes
    decode, sample = after.decode_s - before.decode_s, after.sample_s - before.sample_s
    parts = (decode, sample, worker - decode - sample, client)
    return tuple(1e6 * part / count for part in parts)  # type: ignore[return-value]
