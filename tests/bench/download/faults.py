"""What misfortunes cost: bytes that are fetched again, seconds until something is noticed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests import xet_storage
from tests.bench.download.program import NAME, REPOSITORY, Home, Pull
from tests.bench.engine.report import Row
from tests.hub import Faults, StandInHub

MB = 1_000_000
_SLOW = Faults(bytes_per_second=4 * MB)  # of each connection, so that there is time to act
_AWAY_S = 35.0  # long enough for the longest pause between two tries


class Bench:
    """A hub with one file, and a user."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self.content = content
        self.home = Home(folder / "home")
        self.hub = self._opened(0)

    def _opened(self, port: int) -> StandInHub:
        hub = StandInHub(port)
        hub.add_file(REPOSITORY, NAME, self.content)
        return hub.__enter__()

    def again(self, faults: Faults) -> None:
        """Nothing fetched and nothing served."""
        self.home.clear()
        self.hub.faults = faults
        self.hub.served.body_bytes = 0
        self.hub.flips = 0

    def back(self) -> None:
        self.hub = self._opened(self.hub.port)

    def start(self, *before: str) -> Pull:
        return Pull(self.home, self.hub.endpoint, before)

    def reach(self, served: float) -> None:
        deadline = time.monotonic() + 120
        while self.hub.served.body_bytes < served:
            if time.monotonic() > deadline:
                raise RuntimeError("nothing arrives")
            time.sleep(0.005)

    def finish(self) -> float:
        """Bytes that were served beyond the file's own, once it is there as it should be."""
        code = self.start().finish()
        if code or not self.is_right():
            raise RuntimeError(f"it did not arrive ({code})")
        return self.hub.served.body_bytes - len(self.content)

    def is_right(self) -> bool:
        published = self.home.published()
        return len(published) == 1 and published[0].read_bytes() == self.content


def measure(folder: Path, content: bytes) -> Iterator[Row]:
    bench = Bench(folder, content)
    try:
        yield _row("refetched per kill -9", _interrupted(bench, Pull.kill, 4) / MB, 4, "MB")
        yield _row("refetched per pause", _interrupted(bench, Pull.pause, 4) / MB, 2, "MB")
        yield from _drops(bench)
        yield from _pauses(bench)
        yield from _stalls(bench)
        yield _away(bench)
        yield from _wrong_bytes(bench)
        yield from _repairs(bench)
        yield _small_disk(bench)
        yield _two_processes(bench)
    finally:
        bench.hub.close()
    yield _repair_in_chunks(folder)


def measure_repair(folder: Path, content: bytes) -> Iterator[Row]:
    """What a wrong byte costs, of `measure`."""
    bench = Bench(folder, content)
    try:
        yield from _repairs(bench)
    finally:
        bench.hub.close()
    yield _repair_in_chunks(folder)


def _row(measure: str, value: float, most: float, unit: str, note: str = "") -> Row:
    return Row("faults", measure, value, most, False, unit=unit, note=note)


def _interrupted(bench: Bench, interrupt: Callable[[Pull], object], times: int) -> float:
    bench.again(_SLOW)
    for number in range(times):
        pull = bench.start()
        bench.reach(len(bench.content) * (number + 0.7) / (times + 1))
        interrupt(pull)
        pull.finish()
        time.sleep(0.3)
    bench.hub.faults = Faults()
    return bench.finish() / times


def _drops(bench: Bench) -> Iterator[Row]:
    for name, faults in (("RST", Faults(reset_every=20 * MB)), ("FIN", Faults(close_every=20 * MB))):
        bench.again(faults)
        yield _row(f"refetched, {name} every 20 MB", bench.finish() / len(bench.content) * 100, 1, "%")


def _pauses(bench: Bench) -> Iterator[Row]:
    ways = {
        "": _SLOW,
        ", stalled": Faults(stall_after=100_000),
        ", no answer": Faults(stall_heads=True),
        ", at 20 kB/s": Faults(bytes_per_second=20_000),
    }
    for name, faults in ways.items():
        took = []
        for _ in range(3):
            bench.again(faults)
            pull = bench.start()
            gets = bench.hub.served.requests["GET"]
            while bench.hub.served.requests["GET"] < gets + 8:
                time.sleep(0.01)
            time.sleep(1.0)
            took.append(pull.pause() * 1000)
            pull.finish()
        yield _row(f"pause to sockets closed{name}", max(took), 250, "ms", "slowest of 3")


def _stalls(bench: Bench) -> Iterator[Row]:
    bench.again(_SLOW)
    pull = bench.start()
    bench.reach(60 * MB)
    gets = bench.hub.served.requests["GET"]
    bench.hub.faults = Faults(stall_after=0)
    time.sleep(1.0)  # bodies under way go on as they began: only new ones stall
    begun = bench.hub.served.last_sent_at
    while bench.hub.served.last_sent_at > begun:
        begun = bench.hub.served.last_sent_at
        time.sleep(1.0)
    while time.monotonic() - bench.hub.served.last_sent_at < 1.5:
        time.sleep(0.05)
    begun, gets = bench.hub.served.last_sent_at, bench.hub.served.requests["GET"]
    while bench.hub.served.requests["GET"] == gets:
        time.sleep(0.02)
    noticed = time.monotonic() - begun
    zero = [at - begun for at, told in pull.progress(begun) if not told["speed_bytes_per_second"]]
    pull.kill()
    yield _row("stall: another try after", noticed, 15, "s")
    yield _row("stall: speed shows 0 after", min(zero, default=float("inf")), 3, "s")


def _away(bench: Bench) -> Row:
    bench.again(_SLOW)
    pull = bench.start()
    bench.reach(50 * MB)
    bench.hub.close()
    time.sleep(_AWAY_S)
    bench.back()
    returned = time.monotonic()
    bench.reach(1)
    took = time.monotonic() - returned
    if pull.finish() or not bench.is_right():
        took = float("inf")
    return _row(f"back after {_AWAY_S:.0f} s away", took, 15, "s", "without a click")


def _wrong_bytes(bench: Bench) -> Iterator[Row]:
    middle = len(bench.content) // 2
    ways = {
        "bit flip": Faults(flip_at=middle),
        "truncation": Faults(truncate=1000, bytes_per_second=4 * MB),
        "HTML": Faults(html=True),
        "wrong Range": Faults(shift_range=1),
        "gzip": Faults(compress=True),
    }
    published = 0
    for faults in ways.values():
        bench.again(faults)
        bench.start().finish()
        published += bool(bench.home.published()) and not bench.is_right()
    bench.again(_SLOW)
    pull = bench.start()
    bench.reach(30 * MB)
    bench.hub.faults = Faults(etag='"new"', hub_sha256="e" * 64)
    pull.finish()
    published += bool(bench.home.published())
    yield _row("wrong bytes published", published, 0, "files", ", ".join([*ways, "changed ETag"]))


def _repairs(bench: Bench) -> Iterator[Row]:
    """A segment of a file of less than 512 MiB is a 64th of it."""
    segment = -(-len(bench.content) // 64)
    bench.again(_SLOW)
    pull = bench.start()
    bench.reach(0.6 * len(bench.content))
    pull.pause()
    pull.finish()
    with bench.home.part.open("r+b") as part:
        part.seek(5 * segment + 100)
        part.write(b"rotten")
    bench.hub.faults = Faults()
    yield _row("repair: rotten on the disk", bench.finish() / segment, 2, "segments")
    flips = (("in the first", 100), ("in the middle", len(bench.content) // 2))
    note = "decision 10: the source tells no digest of a part, so parts are compared from the front on"
    for name, at in flips:
        bench.again(Faults(flip_at=at, flip_times=1))
        yield _row(f"repair: wrong on arrival, {name}", bench.finish() / segment, 2, "segments", note)
    bench.hub.digests = True
    for name, at in flips:
        bench.again(Faults(flip_at=at, flip_times=1))
        took = bench.finish() / segment
        yield _row(f"repair: wrong on arrival, {name}, answers have digests", took, 2, "segments")
    bench.hub.digests = False


def _repair_in_chunks(folder: Path) -> Row:
    """As the hub keeps most files: in objects of 64 MiB that are called by their hash."""
    letters = ("abcd" * xet_storage.CHUNKS)[: xet_storage.CHUNKS]
    xorbs = [letters[number:] + letters[:number] for number in range(3)]
    bench = Bench(folder, xet_storage.content_of("".join(xorbs)))
    try:
        bench.hub.xet = True
        bench.hub.xet_parts = json.dumps(xet_storage.reconstruction(xorbs)).encode()
        bench.again(Faults(flip_at=len(bench.content) * 5 // 6, flip_times=1))
        took = bench.finish() / (64 << 20)
    finally:
        bench.hub.close()
    note = "in the middle of the last of three; the storage tells in which it is"
    return _row("repair: wrong on arrival, kept in chunks", took, 1, "objects of 64 MiB", note)


def _small_disk(bench: Bench) -> Row:
    bench.again(Faults())
    bench.home.base.mkdir(parents=True)
    mount = 'mount -t tmpfs -o size=64m none "$0" && exec "$@"'
    pull = bench.start("unshare", "-rm", "sh", "-c", mount, str(bench.home.base))
    code = pull.finish()
    said = "" if code == 9 else f"ended with {code}, not 9"
    return _row("disk too small: body bytes", bench.hub.served.body_bytes, 0, "bytes", said)


def _two_processes(bench: Bench) -> Row:
    bench.again(_SLOW)
    pulls = [bench.start(), bench.start()]
    for pull in pulls:
        pull.finish()
    served = bench.hub.served.body_bytes / len(bench.content)
    return _row("two processes, one file", served, 1.01, "of its bytes")
