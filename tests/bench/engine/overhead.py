"""Our own CPU time a token: everything of worker, host and client outside decode and native sampling.

Those two are counted inside the worker (counted_worker.py), at the calls themselves; what the
processes spent comes from their clocks. A bare loop (bare_loop.py) stands beside it: what a virtual processor
takes for waking up, and Python whose memory each token has swept out of the caches, cost that, too.
"""

from __future__ import annotations

import json
import statistics
import subprocess
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
_FOLDER = ROOT / "tests" / "bench" / "engine"


def overhead(bench: Bench, open_counted: Callable[[tuple[str, ...]], OurPath], folder: Path) -> list[Row]:
    """The median of some answers, each after its prompt was read."""
    counters, answers = folder / "counters", 3 if bench.quick else 8
    command = (sys.executable, str(_FOLDER / "counted_worker.py"), str(counters))
    side = open_counted(command)
    try:
        parts = [_parts_us(side, counters, number, bench.tokens) for number in range(answers)]
    finally:
        side.close()
    decode, sample, *ours = (statistics.median(column) for column in zip(*parts, strict=True))
    bare = _bare_us(bench, counters, answers)
    note = (
        f"decode {decode:.0f}, sampling {sample:.0f}, rest of the worker, host and client {_told(ours)}, "
        f"of a bare loop in Python {_told(bare)} us/token"
    )
    return [
        Row(
            bench.settings.model.name,
            "our CPU a token",
            sum(ours),
            _LIMIT_US,
            at_least=False,
            unit="us",
            peer="bare loop",
            ours=sum(ours),
            theirs=sum(bare),
            note=note,
        )
    ]


def _told(parts: list[float]) -> str:
    return " + ".join(f"{part:.0f}" for part in parts)


def _bare_us(bench: Bench, counters: Path, answers: int) -> list[float]:
    """Worker, host and client of the bare loop, medians."""
    model = bench.settings.model.path
    words = (counters, model, bench.settings.threads, bench.tokens, answers)
    command = [sys.executable, str(_FOLDER / "bare_loop.py"), *map(str, words)]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return [statistics.median(column) for column in zip(*json.loads(run.stdout), strict=True)]


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
