"""The command; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from tests.bench.engine import latency, overhead, speed, turns
from tests.bench.engine.build import peers
from tests.bench.engine.models import NAMES, bench_model
from tests.bench.engine.ours import PATHS, OurPath
from tests.bench.engine.report import Row, as_json, table
from tests.bench.engine.rounds import Limits
from tests.bench.engine.settings import Settings
from tests.bench.engine.speed import Bench


def main() -> int:
    wish = _arguments()
    tools = peers()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="deskside-bench.") as folder:
        for name in wish.models:
            for measure in wish.measures:
                began = time.monotonic()
                print(f"bench: {name}: {measure}", file=sys.stderr, flush=True)
                found = _measure(
                    measure, tools, Settings(bench_model(name), wish.threads), wish, Path(folder)
                )
                rows += found
                print(table(found), file=sys.stderr)  # an hour is long: what is known is shown
                print(f"bench: {name}: {measure} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(table(rows))
    if wish.json:
        Path(wish.json).write_text(json.dumps(as_json(rows), indent=1) + "\n")
    return int(wish.check and not all(row.met for row in rows))


_SIMPLE: dict[str, Callable[[Bench], list[Row]]] = {
    "generation": speed.generation,
    "prompt": speed.prompt,
    "streams": speed.streams,
    "followup": turns.follow_up,
    "cancel": latency.cancel,
    "idle": latency.idle,
}
MEASURES = (*_SIMPLE, "restart", "overhead")


def _measure(
    measure: str, tools: Path, settings: Settings, wish: argparse.Namespace, folder: Path
) -> list[Row]:
    limits = Limits(wish.precision, min(4, wish.max_rounds), wish.max_rounds)
    path, numbers = PATHS[wish.through], count()

    def fresh(settings: Settings) -> OurPath:
        own = folder / f"{settings.model.name}-{measure}-{next(numbers)}"
        own.mkdir()
        return path(own, settings)

    bench = Bench(tools, settings, fresh, limits, wish.quick)
    if measure in _SIMPLE:
        return _SIMPLE[measure](bench)
    kept = folder / f"{settings.model.name}-{measure}"
    kept.mkdir()
    if measure == "restart":
        return turns.restart(bench, lambda own: path(own, settings, parked=True), kept)
    return overhead.overhead(bench, lambda command: path(kept, settings, command=command), kept)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.engine", description="Ours beside llama.cpp's own tools."
    )
    names = partial(_names, "--models", NAMES)
    measures = partial(_names, "--measures", MEASURES)
    parser.add_argument("--models", type=names, default=list(NAMES), help=f"of {','.join(NAMES)}")
    parser.add_argument("--measures", type=measures, default=list(MEASURES), help=f"of {','.join(MEASURES)}")
    parser.add_argument(
        "--through", choices=sorted(PATHS), default="host", help="our path to the model (host)"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", type=float, default=0.02, help="half the 95 %% interval (0.02)")
    parser.add_argument("--max-rounds", type=int, default=20)
    parser.add_argument(
        "--quick", action="store_true", help="shorter answers, at most 3 rounds: a look, not a proof"
    )
    parser.add_argument("--json", metavar="FILE", help="writes the figures there as well")
    parser.add_argument("--check", action="store_true", help="exit status 1 when a target is missed")
    wish = parser.parse_args()
    if wish.quick:
        wish.max_rounds = min(wish.max_rounds, 3)
    return wish


def _names(option: str, known: tuple[str, ...], text: str) -> list[str]:
    chosen = text.split(",")
    unknown = [name for name in chosen if name not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"{option}: {', '.join(unknown)}: choose from {', '.join(known)}")
    return chosen


if __name__ == "__main__":
    raise SystemExit(main())
