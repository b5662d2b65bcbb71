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
from typing import NamedTuple

from tests.bench.engine.asking import question
from tests.bench.engine.build import ROOT
from tests.bench.engine.clock import cpu_s
from tests.bench.engine.counted_worker import Counters
from tests.bench.engine.ours import OurPath
from tests.bench.engine.report import Row
from tests.bench.engine.speed import PROMPT, Bench

_LIMIT_US = 150.0
_SHORTER = 8  # times
_FOLDER = ROOT / "tests" / "bench" / "engine"


def overhead(bench: Bench, open_counted: Callable[[tuple[str, ...]], OurPath], folder: Path) -> list[Row]:
    """Medians of some pairs of answers, a short one and a long one, each after its prompt was read: what a
    further token costs, and what an answer costs besides."""
    counters, pairs = folder / "counters", 3 if bench.quick else 8
    command = (sys.executable, str(_FOLDER / "counted_worker.py"), str(counters))
    side = open_counted(command)
    try:
        costs = [_costs(side, counters, number, bench.tokens) for number in range(pairs)]
    finally:
        side.close()
    decode, sample, *ours = (
        statistics.median(column) for column in zip(*(token for token, _ in costs), strict=True)
    )
    answer = statistics.median(sum(answer[2:]) for _, answer in costs)
    bare = _bare_us(bench, counters, pairs)
    note = (
        f"us: decode {decode:.0f}, sampling {sample:.0f}, rest of the worker, host and client {_told(ours)}, "
        f"of a bare loop in Python {_told(bare)}; besides {answer / 1e3:.0f} ms an answer, so that one of "
        f"{bench.tokens} tokens costs {sum(ours) + answer / bench.tokens:.0f} us a token"
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


def _costs(side: OurPath, counters: Path, number: int, tokens: int) -> tuple[list[float], list[float]]:
    """Microseconds of decode, sampling, worker, host, client: of a token, and of an answer without them."""
    side.answer(question(PROMPT, 1, number))
    few = _spent(side, counters, number, tokens // _SHORTER)  # of its prompt, one token is left to compute
    many = _spent(side, counters, number, tokens)
    between = many.decodes - few.decodes
    token = [1e6 * (more - less) / between for more, less in zip(many.parts_s, few.parts_s, strict=True)]
    return token, [1e6 * all_s - few.decodes * one for all_s, one in zip(few.parts_s, token, strict=True)]


class _Spent(NamedTuple):
    decodes: float
    parts_s: tuple[float, ...]  # decode, sampling, rest of the worker, host, client


def _spent(side: OurPath, path: Path, number: int, tokens: int) -> _Spent:
    worker, *hosts, me = side.pids
    processes = ([worker], hosts, [me])
    before, counted = [cpu_s(pids) for pids in processes], Counters.read(path)
    side.answer(question(PROMPT, tokens, number))
    now = Counters.read(path)
    rest, host, client = (cpu_s(pids) - then for pids, then in zip(processes, before, strict=True))
    decode, sample = now.decode_s - counted.decode_s, now.sample_s - counted.sample_s
    parts_s = (decode, sample, rest - decode - sample, host, client)
    return _Spent(now.decodes - counted.decodes, parts_s)
