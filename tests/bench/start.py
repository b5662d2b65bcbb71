"""How long `./run` takes to show the window once everything is set up.

    python -m tests.bench.start [ROUNDS] [PROGRAM ...]

Prints the median and every round in seconds, and beside them a bare Python start of the same
environment, so that a slow machine is seen as one. PROGRAMs (a frozen build, an AppImage) are started in turn
with it; the first start of each, which may unpack something, does not count.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.desktop import ROOT, Desktop, Program


def window_s(desktop: Desktop, base: Path, command: Sequence[str]) -> float:
    program = Program(desktop, base, command)
    program.config.mkdir(parents=True, exist_ok=True)
    (program.config / "settings.json").write_text(json.dumps({"wizard_done": True}))
    started = time.perf_counter()
    program.start()
    seconds = time.perf_counter() - started
    program.kill()
    return seconds


def python_s() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import PySide6.QtWidgets"], check=True)
    return time.perf_counter() - started


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    commands = [str(ROOT / "run"), *sys.argv[2:]]
    with Desktop() as desktop, tempfile.TemporaryDirectory() as folder:
        for command in commands:
            window_s(desktop, Path(folder), [command])
        rows = [
            [*(window_s(desktop, Path(folder), [command]) for command in commands), python_s()]
            for _ in range(rounds)
        ]
    names = [*(Path(command).name for command in commands), "bare Qt"]
    for name, times in zip(names, zip(*rows, strict=True), strict=True):
        print(f"{name:<30} median {statistics.median(times):.2f}", [f"{each:.2f}" for each in times])


if __name__ == "__main__":
    main()
