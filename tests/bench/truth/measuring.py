"""What the check measures: the disk against fio, memory against a read-sum in C.

Both sides of a pair read the same bytes with the same number of threads, in turn. fio comes from the
system's packages and is installed where it is missing; the C program is compiled here.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.cancellation import CancelToken
from engine.hardware.bandwidth import array_bytes, measure_memory
from engine.hardware.cpu import probe_cpu
from engine.hardware.disk import probe_disk
from engine.hardware.memory import probe_memory
from engine.hardware.ssd import READERS, measure_disk
from tests.bench.engine.ratios import paired_ratio
from tests.bench.engine.report import Row

_LOW, _HIGH = 0.9, 1.1
_SECONDS = 3.0  # of each measurement, as in the check
_ROUNDS, _QUICK_ROUNDS = 7, 5
_FILE_BYTES = 1 << 30
_SOURCE = Path(__file__).with_name("read_sum.c")
# fio's two ways to keep several reads of one file under way.
_FIO_WAYS = {
    f"fio, {READERS} jobs": ("--ioengine=psync", f"--numjobs={READERS}", "--thread"),
    f"fio, queue of {READERS}": ("--ioengine=libaio", f"--iodepth={READERS}", "--numjobs=1"),
}


def measure(quick: bool) -> list[Row]:
    """Medians over alternating rounds, as ratios to the peer."""
    rounds = _QUICK_ROUNDS if quick else _ROUNDS
    return [*_memory_rows(rounds), *_disk_rows(rounds)]


def _memory_rows(rounds: int) -> Iterator[Row]:
    cpu, available = probe_cpu(), probe_memory().available_bytes
    size = array_bytes(available, cpu.l3_bytes)
    ours: dict[int, list[float]] = {}
    theirs: dict[int, list[float]] = {}
    best: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        program = _compiled(Path(folder))
        for _ in range(rounds):
            measured = measure_memory(cpu, available, _unseen, CancelToken(), _SECONDS)
            best.append(measured.bytes_per_second)
            for threads, rate in measured.sweep:
                ours.setdefault(threads, []).append(rate)
                share = str(_SECONDS / len(measured.sweep))
                told = _output([str(program), str(size), str(threads), share])
                theirs.setdefault(threads, []).append(float(told))
    for threads, rates in ours.items():
        yield from _rows("memory", f"{threads} thread(s)", rates, "C read-sum", theirs[threads])
    fastest = [max(rates) for rates in zip(*theirs.values(), strict=True)]
    yield from _rows("memory", "best of the sweep", best, "C read-sum", fastest)


def _disk_rows(rounds: int) -> Iterator[Row]:
    _need_fio()
    with _solid_file() as file:
        disk = probe_disk(file.parent)
        ours: list[float] = []
        theirs: dict[str, list[float]] = {way: [] for way in _FIO_WAYS}
        for _ in range(rounds):
            measured = measure_disk(disk, [file], _unseen, CancelToken(), _SECONDS)
            ours.append(measured.bytes_per_second)
            for way, words in _FIO_WAYS.items():
                theirs[way].append(_fio(file, words))
    for way, rates in theirs.items():
        yield from _rows("disk", "uncached read", ours, way, rates)


def _rows(what: str, how: str, ours: Sequence[float], peer: str, theirs: Sequence[float]) -> Iterator[Row]:
    middle, other = statistics.median(ours), statistics.median(theirs)
    spread = f"GB/s; ours {_range(ours)}, theirs {_range(theirs)}, {len(ours)} rounds"
    for target, at_least in ((_LOW, True), (_HIGH, False)):
        yield Row(
            what,
            how,
            middle / other,
            target,
            at_least=at_least,
            peer=peer,
            ours=middle / 1e9,
            theirs=other / 1e9,
            interval=paired_ratio(ours, theirs),
            note=spread,
        )


def _range(rates: Sequence[float]) -> str:
    return f"{min(rates) / 1e9:.2f} to {max(rates) / 1e9:.2f}"


def _fio(file: Path, words: Sequence[str]) -> float:
    """Bytes per second of all jobs together, each of which reads its own part of the file."""
    jobs = READERS if "--thread" in words else 1
    part = file.stat().st_size // jobs
    told = _output(
        [
            "fio",
            "--name=read",
            f"--filename={file}",
            "--readonly",
            "--rw=read",
            "--bs=1M",
            "--direct=1",
            "--time_based",
            f"--runtime={_SECONDS:g}",
            f"--size={part}",
            f"--offset_increment={part}",
            "--group_reporting",
            "--output-format=json",
            *words,
        ]
    )
    return float(json.loads(told)["jobs"][0]["read"]["bw_bytes"])


@contextmanager
def _solid_file() -> Iterator[Path]:
    """A file of random bytes on the disk that holds this project, not in a file system in memory."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-disk-") as folder:
        path = Path(folder) / "numbers"
        with path.open("wb") as file:
            for _ in range(_FILE_BYTES >> 24):
                file.write(os.urandom(1 << 24))
            file.flush()
            os.fsync(file.fileno())
        yield path


def _compiled(folder: Path) -> Path:
    program = folder / "read_sum"
    _output(["cc", "-O3", "-march=native", "-pthread", "-o", str(program), str(_SOURCE)])
    return program


def _need_fio() -> None:
    if shutil.which("fio") is None:
        _output(["apt-get", "install", "-y", "--no-install-recommends", "fio"])


def _output(words: Sequence[str]) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=300).stdout


def _unseen(fraction: float, rate: float) -> None:
    """Nobody watches."""
