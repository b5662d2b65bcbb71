"""Our own CPU time a token: everything of worker, host and client outside decode and native sampling.

Those two are counted inside the worker (counted_worker.py), at the calls themselves; what the
processes spent comes from their clocks.
"""

from __future__ import annotations

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
    decode, sample, worker, host, client = (statistics.median(column) for column in zip(*parts, strict=True))
    note = (
        f"decode {decode:.0f}, sampling {sample:.0f}, rest of the worker {worker:.0f}, host {host:.0f}, "
        f"client {client:.0f} us/token"
    )
    name = bench.settings.model.name
    return [
        Row(name, "our CPU a token", worker + host + client, _LIMIT_US, at_least=False, unit="us", note=note)
    ]


def _parts_us(side: OurPath, path: Path, number: int, tokens: int) -> tuple[float, ...]:
    side.answer(question(PROMPT, 1, number))
    worker, *hosts, me = side.pids
    spent = [cpu_s([worker]), cpu_s(hosts), cpu_s([me])]
    before = Counters.read(path)
    side.answer(question(PROMPT, tokens, number))  # of its prompt, one token is left to compute
    after = Counters.read(path)
    rest, host, client = (
        now - then for now, then in zip((cpu_s([worker]), cpu_s(hosts), cpu_s([me])), spent, strict=True)
    )
    decode, sample = after.decode_s - before.decode_s, after.sample_s - before.sample_s
    parts = (decode, sample, rest - decode - sample, host, client)
    return tuple(1e6 * part / (after.decodes - before.decodes) for part in parts)
