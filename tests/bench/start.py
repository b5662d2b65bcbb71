"""How long `./run` takes to show the window once everything is set up.

    python -m tests.bench.start [ROUNDS]

Prints the median and every round in seconds, and beside them a bare Python start of the same
environment, so that a slow machine is seen as one.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.desktop import ROOT, Desktop, Program


def window_s(desktop: Desktop, base: Path) -> float:
    program = Program(desktop, base, [str(ROOT / "run")])
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
    with Desktop() as desktop, tempfile.TemporaryDirectory() as folder:
        pairs = [(window_s(desktop, Path(folder)), python_s()) for _ in range(rounds)]
    windows, bare = [a for a, _ in pairs], [b for _, b in pairs]
    print("window   median", f"{statistics.median(windows):.2f}", [f"{each:.2f}" for each in windows])
    print("bare Qt  median", f"{statistics.median(bare):.2f}", [f"{each:.2f}" for each in bare])


if __name__ == "__main__":
    main()
