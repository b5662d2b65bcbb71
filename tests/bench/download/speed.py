"""Time, processor and memory beside curl and aria2c, which fetch the same file from the same server."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.download.hub import hub_process
from tests.bench.download.program import Home, Used, run
from tests.bench.engine.report import Row

_THROTTLE = 5e6  # bytes per second of each connection
_THROTTLED_BYTES = 200_000_000


def measure(folder: Path, file: Path, sha256: str, rounds: int) -> Iterator[Row]:
    yield from _whole(folder, file, sha256, rounds)
    yield _throttled(folder, file, rounds)


def _whole(folder: Path, file: Path, sha256: str, rounds: int) -> Iterator[Row]:
    home, copy = Home(folder / "home"), folder / "copy"
    gigabytes = file.stat().st_size / 1e9
    with hub_process(file) as (endpoint, address):
        ways: dict[str, Callable[[], Used]] = {
            "ours": lambda: home.pull(endpoint),
            "curl": lambda: run(["curl", "-s", "-o", str(copy), address]),
            "aria2c": lambda: run([*_aria2(copy, address), f"--checksum=sha-256={sha256}"]),
            "sha256sum": lambda: run(["sha256sum", str(file)]),
        }
        used = _in_turn(ways, rounds, lambda: (home.clear(), copy.unlink(missing_ok=True)))
        home.pull(endpoint)
        start = home.pull(endpoint)  # it is there: what is left is the program's start and its look at it
        home.clear()
    wall = {way: statistics.median(each.wall_s for each in runs) for way, runs in used.items()}
    cpu = {way: statistics.median(each.cpu_s for each in runs) / gigabytes for way, runs in used.items()}
    peak = statistics.median(each.peak_bytes for each in used["ours"]) / 1e6
    name = f"loopback {gigabytes:.2g} GB with sha256"
    yield Row(
        *("speed", name, wall["ours"] / wall["curl"], 2.0, False),
        peer="curl, no hash",
        ours=wall["ours"],
        theirs=wall["curl"],
        note=f"seconds by the clock, medians of {rounds}; aria2c -x8 with sha-256: {wall['aria2c']:.2f}",
    )
    rate = cpu["ours"] - start.cpu_s / gigabytes
    yield Row(
        *("speed", "CPU with sha256, a GB", rate, 2.5, False),
        unit="s",
        peer="curl + sha256sum",
        ours=rate,
        theirs=cpu["curl"] + cpu["sha256sum"],
        note=f"seconds a GB without the program's start ({start.cpu_s:.2f} s of CPU, {start.wall_s:.2f} s);"
        f" aria2c with sha-256: {cpu['aria2c']:.2f}",
    )
    yield Row("speed", "memory, most of the process", peak, 120, False, unit="MB")


def _throttled(folder: Path, file: Path, rounds: int) -> Row:
    home, copy, small = Home(folder / "home"), folder / "copy", folder / "small"
    with file.open("rb") as whole:
        small.write_bytes(whole.read(_THROTTLED_BYTES))
    with hub_process(small, _THROTTLE) as (endpoint, address):
        ways: dict[str, Callable[[], Used]] = {
            "ours": lambda: home.pull(endpoint),
            "aria2c": lambda: run(_aria2(copy, address)),
        }
        used = _in_turn(ways, rounds, lambda: (home.clear(), copy.unlink(missing_ok=True)))
    ours, theirs = (statistics.median(each.wall_s for each in used[way]) for way in ("ours", "aria2c"))
    return Row(
        *("speed", "5 MB/s a connection, 200 MB", ours / theirs, 1.15, False),
        peer="aria2c -x8",
        ours=ours,
        theirs=theirs,
        note=f"seconds by the clock, medians of {rounds}, the program's start included",
    )


def _aria2(copy: Path, address: str) -> list[str]:
    spread = ["-x8", "-s8", "-k1M", "--file-allocation=none", "-q"]
    return ["aria2c", *spread, "-d", str(copy.parent), "-o", copy.name, address]


def _in_turn(
    ways: dict[str, Callable[[], Used]], rounds: int, clear: Callable[[], object]
) -> dict[str, list[Used]]:
    used: dict[str, list[Used]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, fetch in ways.items():
            clear()
            one = fetch()
            if one.code:
                raise RuntimeError(f"{way} ended with {one.code}")
            used[way].append(one)
    clear()
    return used
