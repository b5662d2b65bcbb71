"""The downloader's figures: the real program against curl, aria2c and servers that misbehave.

    python -m tests.bench.download [--only speed|faults|repair] [--size GB] [--rounds N] [--json FILE]

Everything runs on loopback and on the disk of this folder. aria2c and curl come from the system's packages
and are installed where they are missing and that is allowed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.download import faults, speed
from tests.bench.engine.report import Row, as_json, table

_FAULTS_BYTES = 200_000_000
_TOOLS = {"curl": "curl", "aria2c": "aria2"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.download", description=__doc__)
    parser.add_argument("--only", choices=["speed", "faults", "repair"])
    parser.add_argument("--size", type=float, default=2.0, metavar="GB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    words = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-download-") as folder:
        if words.only in (None, "speed"):
            _need_tools()
            file, sha256 = _file(Path(folder), int(words.size * 1e9))
            _collect(rows, speed.measure(Path(folder), file, sha256, words.rounds))
            file.unlink()
        if words.only != "speed":
            content = random.Random(5).randbytes(_FAULTS_BYTES)
            measure = faults.measure_repair if words.only == "repair" else faults.measure
            _collect(rows, measure(Path(folder), content))
    print()
    print(table(rows))
    if words.json:
        words.json.write_text(json.dumps(as_json(rows), indent=1))
    return int(not all(row.met for row in rows))


def _collect(rows: list[Row], measured: object) -> None:
    """Each row is shown as soon as it is there: the whole takes some minutes."""
    for row in measured:  # type: ignore[attr-defined]
        print(f"{row.measure}: {row.value:.4g} {row.unit} (at most {row.target:g})", file=sys.stderr)
        rows.append(row)


def _file(folder: Path, size: int) -> tuple[Path, str]:
    path, digest = folder / "numbers", hashlib.sha256()
    with path.open("wb") as file:
        for start in range(0, size, 1 << 24):
            block = os.urandom(min(1 << 24, size - start))
            digest.update(block)
            file.write(block)
    return path, digest.hexdigest()


def _need_tools() -> None:
    missing = [package for tool, package in _TOOLS.items() if not shutil.which(tool)]
    if not missing:
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update"], env=quiet, stdout=subprocess.DEVNULL, check=False)
        install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
        subprocess.run(install, env=quiet, stdout=subprocess.DEVNULL, check=False)
    absent = [tool for tool in _TOOLS if not shutil.which(tool)]
    if absent:
        sys.exit(f"{' and '.join(absent)} not found: install {' '.join(missing)}, then run this again")


if __name__ == "__main__":
    sys.exit(main())
