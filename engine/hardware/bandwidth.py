"""Memory read bandwidth, measured: NumPy sums over a large array, over a sweep of thread counts.

NumPy releases the GIL inside a reduction, and a sum of 64-bit integers is bound by memory:
it reads as fast as the same loop in C.
"""

from __future__ import annotations

import itertools
import math
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
_CHUNK_BYTES = 8 * _MIB  # about 1 ms: often enough to look at the token
_WANTED_BYTES = 256 * _MIB
_MOST_BYTES = 2048 * _MIB
_LEAST_BYTES = 64 * _MIB
_CACHE_MULTIPLE = 4  # the array is that many times the last cache, so that little of it is found there
_MOST_POINTS = 6
_POLL_S = 0.05
_PASS_S = 0.03  # a pass lasts about this long, so that starting the threads does not count

RateSeen = Callable[[float, float], None]  # (fraction 0 to 1, bytes per second so far)


def array_bytes(available_bytes: int, l3_bytes: int | None) -> int:
    """How much to read in one pass: several times the cache, at most an eighth of the free memory.

    Raises: ProbeError, when so little memory is free that the figure would be the cache's.
    """
    cache = l3_bytes or 0
    size = min(max(_WANTED_BYTES, _CACHE_MULTIPLE * cache), _MOST_BYTES, available_bytes // 8)
    if size < max(_LEAST_BYTES, 2 * cache):
        raise ProbeError.of("memory_too_full", free=f"{available_bytes / 2**30:.1f} GiB")
    return size // _CHUNK_BYTES * _CHUNK_BYTES


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
    data = np.empty(array_bytes(available_bytes, cpu.l3_bytes) // 8, dtype=np.int64)
    _prefault(data, counts[-1], token)
    before = machine_times()
    sweep: list[tuple[int, float]] = []
    for index, threads in enumerate(counts):

        def point_seen(fraction: float, rate: float, index: int = index) -> None:
            seen((index + fraction) / len(counts), max([rate, *(known for _, known in sweep)]))

        rates = _read_with(data, threads, seconds / len(counts), point_seen, token)
        sweep.append((threads, statistics.median(rates)))
    threads, best = max(sweep, key=lambda point: point[1])
    return BandwidthMeasurement(best, threads, was_busy(before, machine_times()), tuple(sweep))


def _prefault(data: np.ndarray, threads: int, token: CancelToken) -> None:
    """Writes every page, by the threads that will read it, so that it lies near them."""

    def write(part: np.ndarray) -> None:
        for chunk in _chunks(part):
            if token.cancelled:
                return
            chunk.fill(1)

    writers = [threading.Thread(target=write, args=(part,), daemon=True) for part in _parts(data, threads)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    token.raise_if_cancelled()


@dataclass(slots=True)
class _Point:
    """One thread count of the sweep: passes are started together and timed as one."""

    total_bytes: int
    deadline: float
    token: CancelToken
    rates: list[float] = field(default_factory=list)
    started: float = 0.0
    rounds: int = 1  # over the array, in the pass that begins
    over: bool = False

    def between_passes(self) -> None:
        """Runs in one thread while all others wait at the barrier."""
        now = time.perf_counter()
        if self.started:
            self.rates.append(self.rounds * self.total_bytes / max(now - self.started, 1e-9))
            self.rounds = max(1, math.ceil(_PASS_S * self.rates[-1] / self.total_bytes))
        # Three passes at least: a median needs them, however slow the machine.
        self.over = self.token.cancelled or (now >= self.deadline and len(self.rates) >= 3)
        self.started = time.perf_counter()


def _read_with(
    data: np.ndarray, threads: int, seconds: float, seen: RateSeen, token: CancelToken
) -> list[float]:
    """Bytes per second of each pass of that many threads over the whole array."""
    begun = time.perf_counter()
    point = _Point(data.nbytes, begun + seconds, token)
    barrier = threading.Barrier(threads, action=point.between_passes)

    def read(part: np.ndarray) -> None:
        while True:
            barrier.wait()
            if point.over:
                return
            for chunk in _chunks(part) * point.rounds:
                if token.cancelled:
                    break
                chunk.sum()

    readers = [threading.Thread(target=read, args=(part,), daemon=True) for part in _parts(data, threads)]
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


def _parts(data: np.ndarray, threads: int) -> list[np.ndarray]:
    bounds = [len(data) * index // threads for index in range(threads + 1)]
    return [data[start:end] for start, end in itertools.pairwise(bounds)]


def _chunks(part: np.ndarray) -> list[np.ndarray]:
    step = _CHUNK_BYTES // 8
    return [part[start : start + step] for start in range(0, len(part), step)]
