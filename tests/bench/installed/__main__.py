"""The command; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.bench.engine.models import NAMES
from tests.bench.engine.report import Row, as_json, table
from tests.bench.engine.rounds import Limits
from tests.bench.installed import measures

_MEASURES = ("sizes", "window", "generation")


def main() -> int:
    wish = _arguments()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="deskside-bench.") as folder:
        tree = measures.unpacked(wish.packages, Path(folder) / "tree")
        if "sizes" in wish.measures:
            rows += measures.sizes(wish.packages, tree)
        if "window" in wish.measures:
            rows += measures.window(tree, wish.rounds)
        limits = Limits(wish.precision, min(4, wish.max_rounds), wish.max_rounds)
        for name in wish.models if "generation" in wish.measures else ():
            print(f"bench: generation, {name}", file=sys.stderr, flush=True)
            rows += measures.generation(tree, name, limits, wish.threads, Path(folder))
    print(table(rows))
    if wish.json:
        wish.json.write_text(json.dumps(as_json(rows), indent=1) + "\n")
    return int(wish.check and not all(row.met for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.installed")
    parser.add_argument("packages", type=Path, metavar="FOLDER", help="what installer/build.sh filled")
    parser.add_argument(
        "--measures", type=_of(_MEASURES), default=_MEASURES, help=f"of {','.join(_MEASURES)}"
    )
    parser.add_argument("--models", type=_of(NAMES), default=("smollm2", "1b"), help=f"of {','.join(NAMES)}")
    parser.add_argument("--rounds", type=int, default=7, help="of starts (7)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", type=float, default=0.02, help="half the 95 %% interval (0.02)")
    parser.add_argument("--max-rounds", type=int, default=12)
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the figures there as well")
    parser.add_argument("--check", action="store_true", help="exit status 1 when a target is missed")
    return parser.parse_args()


def _of(known: tuple[str, ...]):
    def chosen(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if not set(names) <= set(known):
            raise argparse.ArgumentTypeError(f"choose from {', '.join(known)}")
        return names

    return chosen


if __name__ == "__main__":
    raise SystemExit(main())
