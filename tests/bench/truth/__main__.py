"""The command; see the package's docstring."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
import time
from pathlib import Path

from tests.bench.engine.report import Row, as_json, table

MEASURES = ("memory", "formula", "architectures", "speed", "described", "batches", "measuring")


def main() -> int:
    wish = _arguments()
    rows: list[Row] = []
    for name in wish.only:
        module = f"tests.bench.truth.{name}"
        if importlib.util.find_spec(module) is None:
            _say(f"{name}: is not there yet")
            continue
        began = time.monotonic()
        _say(name)
        rows += importlib.import_module(module).measure(wish.quick)
        _say(f"{name} took {time.monotonic() - began:.0f} s")
    print(table(rows))
    if wish.json:
        Path(wish.json).write_text(json.dumps(as_json(rows), indent=1) + "\n")
    return int(wish.check and not all(row.met for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.truth", description="What is said of a machine, against what is so."
    )
    parser.add_argument("--only", type=_names, default=list(MEASURES), help=f"of {','.join(MEASURES)}")
    parser.add_argument("--quick", action="store_true", help="fewer cases and rounds: a look, not a proof")
    parser.add_argument("--json", metavar="FILE", help="writes the figures there as well")
    parser.add_argument("--check", action="store_true", help="exit status 1 when a target is missed")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    chosen = text.split(",")
    unknown = [name for name in chosen if name not in MEASURES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(MEASURES)}")
    return chosen


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
