"""What is measured of the installed program, each against what was asked for (issue 8)."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

from tests.bench.engine.asking import question
from tests.bench.engine.clock import Spent
from tests.bench.engine.models import bench_model
from tests.bench.engine.ours import HostPath
from tests.bench.engine.ratios import paired_ratio
from tests.bench.engine.report import Row, speed_row
from tests.bench.engine.rounds import Limits, Side, Started, play
from tests.bench.engine.settings import Settings
from tests.bench.engine.speed import PROMPT, asked
from tests.bench.installed.native import native_command
from tests.bench.start import window_s
from tests.e2e.desktop import ROOT, Desktop

_MB = 1e6
_PLAIN = (sys.executable, str(ROOT / "deskside.py"))


def unpacked(packages: Path, folder: Path) -> Path:
    """The tree of the .deb, without the starter model."""
    (deb,) = packages.glob("deskside_*.deb")
    subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)
    return folder


def program_in(tree: Path) -> tuple[str, ...]:
    return (str(tree / "usr" / "lib" / "deskside" / "deskside"),)


def sizes(packages: Path, tree: Path) -> list[Row]:
    """In MB of a million bytes, as files are long."""
    (deb,), (image,) = packages.glob("deskside_*.deb"), packages.glob("*.AppImage")
    installed = sum(path.lstat().st_size for path in tree.rglob("*") if path.is_file() or path.is_symlink())
    found = (
        (".deb", deb.stat().st_size, 70),
        ("AppImage", image.stat().st_size, 90),
        ("installed", installed, 220),
    )
    return [Row("", name, size / _MB, most, at_least=False, unit="MB") for name, size, most in found]


def window(tree: Path, rounds: int) -> list[Row]:
    """From the start of the process to a window that has the focus, a second start of each."""
    commands = (program_in(tree), _PLAIN)
    times: list[tuple[float, float]] = []
    with Desktop() as desktop, tempfile.TemporaryDirectory() as base:
        for command in commands:
            window_s(desktop, Path(base), command)  # the files are in memory from here on, for both
        for number in range(rounds):
            turns = [(side, window_s(desktop, Path(base), commands[side])) for side in _order(number)]
            times.append(tuple(seconds for _, seconds in sorted(turns)))  # type: ignore[arg-type]
    ours, plain = ([pair[side] for pair in times] for side in (0, 1))
    ratio = paired_ratio(ours, plain)
    return [
        Row(
            "",
            "click to window",
            ratio.mean,
            1.5,
            at_least=False,
            peer="virtual environment",
            ours=statistics.median(ours),
            theirs=statistics.median(plain),
            interval=ratio,
            note="medians in seconds; the window is looked for every 0.1 s",
        )
    ]


def generation(tree: Path, name: str, limits: Limits, threads: int, folder: Path) -> list[Row]:
    """One stream through the engine's host, as every front end asks."""
    model = bench_model(name)
    settings, numbers = Settings(model, threads), count()
    native = native_command()

    def start(command: tuple[str, ...]) -> Started:
        own = folder / f"{name}-{next(numbers)}"
        own.mkdir()
        return asked(HostPath(own, settings, command), work)

    def work(side: HostPath, number: int) -> Spent:
        return side.answer(question(PROMPT, model.generated_tokens, number)).generation

    sides = [
        Side("installed", lambda: start(program_in(tree))),
        Side("native wheel", lambda: start(native)),
    ]
    spent = play(sides, limits)
    return [speed_row(name, "generation", spent["installed"], "native wheel", spent["native wheel"], 0.97)]


def _order(number: int) -> tuple[int, int]:
    return (0, 1) if number % 2 == 0 else (1, 0)
