"""Memory read bandwidth, measured: NumPy looks for the largest number of a large array, over a sweep of
thread counts.

NumPy releases the GIL inside a reduction. Of its reductions, that of 32-bit integers to their largest is
most bound by memory: it reads as fast as a sum in C, within some percent (a sum in NumPy: an eighth less).
The memory is the kind that any program is given: in large pages, where the system does not give them unasked,
all of them read a third more, and what is said of them could not be compared with what others measure.
"""

from __future__ import annotations

import itertools
import math
import mmap
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.cancellation import CancelToken
from engine.errors import ProbeError
from engine.hardware.busy import machine_times, was_busy
from engine.hardware.report import BandwidthMeasurement, CpuInfo

if TYPE_CHECKING:
    import numpy as np

_MIB = 2**20
_FILL_CHUNK_BYTES = 8 * _MIB
_READ_CHUNK_BYTES = 64 * _MIB  # 1 to 10 ms: often enough to look at the token; smaller ones cost some percent
_WANTED_BYTES = 256 * _MIB
_MOST_BYTES = 2048 * _MIB
_LEAST_BYTES = 64 * _MIB
_CACHE_MULTIPLE = 4  # the array is that many times the last cache, so that little of it is found there
_MOST_POINTS = 6
_POLL_S = 0.05
_FILL_S = 3.0  # for writing the array
_PATIENCE = 1.8  # times the time of a point
_PASS_S = 0.03  # a pass lasts about this long, so that starting the threads does not count

RateSeen = Callable[[float, float], None]  # (fraction 0 to 1, bytes per second so far)


def array_bytes(available_bytes: int, l3_bytes: int | None) -> int:
    """How much to read in one pass: several times the cache, at most an eighth of the free memory.

    Raises: ProbeError, when so little memory is free that the figure would be the cache's.
    """
    cache = l3_bytes or 0
    size = min(max(_WANTED_BYTES, _CACHE_MULTIPLE * cache), _MOST_BYTES, available_bytes // 8)
    if size < least_bytes(l3_bytes):
        raise ProbeError.of("memory_too_full", free=f"{available_bytes / 2**30:.1f} GiB")
    return size // _FILL_CHUNK_BYTES * _FILL_CHUNK_BYTES


def least_bytes(l3_bytes: int | None) -> int:
    """Below that the figure could be the cache's."""
    return max(_LEAST_BYTES, 2 * (l3_bytes or 0))


def thread_counts(cpu: CpuInfo) -> tuple[int, ...]:
    """1, 2, 4 ... and the machine's own marks: its fast, physical and usable cores."""
    most = max(1, math.floor(cpu.usable_cores))
    counts = {min(most, 2**power) for power in range(most.bit_length() + 1)}
    counts |= {min(most, cpu.performance_cores), min(most, cpu.physical_cores), most}
    ordered = sorted(count for count in counts if count >= 1)
    # On large machines the low end of the sweep says little; one thread is kept for comparison.
    return tuple(ordered if len(ordered) <= _MOST_POINTS else [1, *ordered[1 - _MOST_POINTS :]])


def measure_memory(
    cpu: CpuInfo,
    available_bytes: int,
    seen: RateSeen,
    token: CancelToken,
    seconds: float = 3.0,
) -> BandwidthMeasurement:
    """Reads memory for about `seconds` and gives the best median of the sweep.

    Raises: ProbeError (too little free memory), Cancelled.
    """
    # Imported here: it takes a tenth of a second that the start of the window need not pay.
    import numpy as np

    counts = thread_counts(cpu)
    # Not NumPy's own memory, for which it asks for large pages.
    data = np.frombuffer(mmap.mmap(-1, array_bytes(available_bytes, cpu.l3_bytes)), dtype=np.int32)
    pieces = _prefault(data, counts[-1], least_bytes(cpu.l3_bytes), token)
    before = machine_times()
    sweep: list[tuple[int, float]] = []
    for index, threads in enumerate(counts):

        def point_seen(fraction: float, rate: float, index: int = index) -> None:
            seen((index + fraction) / len(counts), max([rate, *(known for _, known in sweep)]))

        rates = _read_with(pieces, threads, seconds / len(counts), point_seen, token)
        sweep.append((threads, statistics.median(rates)))
    threads, best = max(sweep, key=lambda point: point[1])
    return BandwidthMeasurement(best, threads, was_busy(before, machine_times()), tuple(sweep))


def _prefault(data: np.ndarray, threads: int, least: int, token: CancelToken) -> list[np.ndarray]:
    """Writes every page, by the threads that will read it, so that it lies near them.

    Gives what was written. Where new pages come slowly, as in a guest whose host has to find them
    first, that is less than the whole after some seconds, but never less than `least` bytes.
    """
    parts = [data[start:end] for start, end in _bounds(len(data), threads)]
    written = [0] * threads  # numbers, by thread
    deadline = time.monotonic() + _FILL_S

    def write(index: int) -> None:
        for chunk in _chunks(parts[index], _FILL_CHUNK_BYTES):
            enough = written[index] * data.itemsize * threads >= least
            if token.cancelled or (enough and time.monotonic() > deadline):
                return
            chunk.fill(1)
            written[index] += len(chunk)

    writers = [threading.Thread(target=write, args=(index,), daemon=True) for index in range(threads)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    token.raise_if_cancelled()
    return [part[:length] for part, length in zip(parts, written, strict=True)]


@dataclass(slots=True)
class _Point:
    """One thread count of the sweep: passes are started together and timed as one."""

    total_bytes: int
    deadline: float
    patience: float  # a pass is broken off then; both time.perf_counter() seconds
    token: CancelToken
    done: list[int]  # bytes of this pass, by thread
    rates: list[float] = field(default_factory=list)
    started: float = 0.0
    rounds: int = 1  # over the array, in the pass that begins
    over: bool = False

    def between_passes(self) -> None:
        """Runs in one thread while all others wait at the barrier."""
        now = time.perf_counter()
        if self.started:
            # What was really read: a pass may have been broken off.
            self.rates.append(max(1, sum(self.done)) / max(now - self.started, 1e-9))
            self.rounds = max(1, math.ceil(_PASS_S * self.rates[-1] / self.total_bytes))
        # Three passes for a median; on a machine that is too slow for them one has to do.
        enough = len(self.rates) >= 3 or (now >= self.patience and bool(self.rates))
        self.over = self.token.cancelled or (now >= self.deadline and enough)
        self.done = [0] * len(self.done)
        self.started = time.perf_counter()


def _read_with(
    pieces: list[np.ndarray], threads: int, seconds: float, seen: RateSeen, token: CancelToken
) -> list[float]:
    """Bytes per second of each pass of that many threads over all the pieces."""
    begun = time.perf_counter()
    point = _Point(
        sum(piece.nbytes for piece in pieces),
        begun + seconds,
        begun + _PATIENCE * seconds,
        token,
        [0] * threads,
    )
    barrier = threading.Barrier(threads, action=point.between_passes)

    def read(index: int, chunks: list[np.ndarray]) -> None:
        while True:
            barrier.wait()
            if point.over:
                return
            for chunk in chunks * point.rounds:
                if token.cancelled or time.perf_counter() > point.patience:
                    break
                chunk.max()
                point.done[index] += chunk.nbytes

    shares = _shares(pieces, threads)
    readers = [threading.Thread(target=read, args=each, daemon=True) for each in enumerate(shares)]
    for reader in readers:
        reader.start()
    for reader in readers:
        while reader.is_alive():
            reader.join(_POLL_S)
            if point.rates and not token.cancelled:
                fraction = min(1.0, (time.perf_counter() - begun) / seconds)
                seen(fraction, statistics.median(point.rates))
    token.raise_if_cancelled()
    return point.rates


def _bounds(length: int, threads: int) -> list[tuple[int, int]]:
    """(start, end) of each thread's equal part."""
    return list(itertools.pairwise(length * index // threads for index in range(threads + 1)))


def _shares(pieces: list[np.ndarray], threads: int) -> list[list[np.ndarray]]:
    """The pieces one after another, dealt out to the threads in equal parts, each in small chunks."""
    starts = list(itertools.accumulate((len(piece) for piece in pieces), initial=0))
    shares = []
    for start, end in _bounds(starts[-1], threads):
        cut = [
            piece[max(0, start - at) : max(0, end - at)] for piece, at in zip(pieces, starts, strict=False)
        ]
        shares.append([chunk for part in cut for chunk in _chunks(part, _READ_CHUNK_BYTES)])
    return shares


def _chunks(part: np.ndarray, size: int) -> list[np.ndarray]:
    step = size // part.itemsize
    return [part[start : start + step] for start in range(0, len(part), step)]
