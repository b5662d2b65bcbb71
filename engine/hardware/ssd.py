"""Uncached sequential read of a disk, measured: direct reads of 1 MiB by several threads.

Reads a large file that is there already (a model), else a temporary file of random bytes that
has no name from its first moment on, so that nothing is left behind however the program ends.
"""

from __future__ import annotations

import errno
import itertools
import mmap
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.cancellation import CancelToken
from engine.errors import ProbeError
from engine.hardware.busy import machine_times, was_busy
from engine.hardware.cgroup import read_text
from engine.hardware.direct_file import DirectFile, existing, is_supported, nameless
from engine.hardware.report import BandwidthMeasurement, DiskInfo

_MIB = 2**20
_BLOCK_BYTES = _MIB
_WRITE_BYTES = 4 * _MIB
MOST_BYTES = 1024 * _MIB
_LEAST_BYTES = 32 * _MIB
_FREE_SHARE = 20  # a temporary file takes at most one part in twenty of the free space
_WRITE_SECONDS = 3.0
READERS = 8  # threads, each with one read under way
_WINDOW_S = 0.2
_JOIN_S = 2.0

# A file with fewer blocks than that share of its size has holes or is compressed.
_SOLID_SHARE = 0.95
# Less than that share of what was read came from the device: the rest was the cache's.
_DEVICE_SHARE = 0.8
# No drive of today reads that fast; memory does.
_IMPLAUSIBLE_BYTES_PER_S = 60e9
_IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})

RateSeen = Callable[[float, float], None]  # (fraction 0 to 1, bytes per second so far)


def measure_disk(
    disk: DiskInfo,
    model_files: Sequence[Path],
    seen: RateSeen,
    token: CancelToken,
    seconds: float = 3.0,
    most_bytes: int = MOST_BYTES,
) -> BandwidthMeasurement:
    """Reads from the disk that holds the folder `disk.path` for about `seconds`.

    Writes at most `most_bytes`, and only if none of `model_files` on that disk will do.
    Raises: ProbeError (cannot be measured truthfully, and why), Cancelled.
    """
    if not is_supported():
        raise ProbeError.of("disk_not_measured_here", system=sys.platform)
    folder = Path(disk.path)
    if disk.filesystem in _IN_MEMORY:
        raise ProbeError.of("disk_in_memory", path=disk.path, filesystem=disk.filesystem)
    if not folder.is_dir():
        raise ProbeError.of("disk_folder_missing", path=disk.path)
    try:
        # elsewhere nothing says that a file that was there before is not read from the cache
        model = usable_file(folder, model_files) if sys.platform.startswith("linux") else None
        if model is not None:
            with existing(model) as file:
                return _read(file, model.stat().st_size, disk.path, seen, token, seconds)
        with nameless(folder) as file:
            size = _fill(file, _room(disk, most_bytes), token)
            return _read(file, size, disk.path, seen, token, seconds)
    except OSError as error:
        raise _as_probe_error(error, disk) from error


def usable_file(folder: Path, files: Sequence[Path]) -> Path | None:
    """The largest of `files` that is on the folder's disk, large enough, and without holes."""
    device = folder.stat().st_dev
    best: tuple[int, Path] | None = None
    for file in files:
        try:
            facts = file.stat()
        except OSError:
            continue  # deleted meanwhile: another file, or a temporary one, will do
        if facts.st_dev != device or facts.st_size < _LEAST_BYTES or not is_solid(facts):
            continue
        if best is None or facts.st_size > best[0]:
            best = (facts.st_size, file)
    return None if best is None else best[1]


def is_solid(facts: os.stat_result) -> bool:
    """False for a sparse or compressed file: reading a hole takes no time."""
    return facts.st_blocks * 512 >= _SOLID_SHARE * facts.st_size


def _room(disk: DiskInfo, most_bytes: int) -> int:
    """Size of the temporary file: never more than a twentieth of what is free."""
    size = min(most_bytes, disk.free_bytes // _FREE_SHARE) // _WRITE_BYTES * _WRITE_BYTES
    if size < _LEAST_BYTES:
        raise ProbeError.of("disk_too_full", path=disk.path, free=f"{disk.free_bytes / _MIB:.0f} MiB")
    return size


def _fill(file: DirectFile, size: int, token: CancelToken) -> int:
    """Writes random bytes, at most `size` and for at most 3 s; the size that was reached."""
    # Slices at odd offsets of one random block: no two blocks of the file are alike on any
    # grid that a file system compresses or deduplicates by.
    noise = memoryview(os.urandom(2 * _WRITE_BYTES))
    deadline = time.monotonic() + _WRITE_SECONDS
    written = 0
    with mmap.mmap(-1, _WRITE_BYTES) as page_aligned:
        while written < size and (written < _LEAST_BYTES or time.monotonic() < deadline):
            token.raise_if_cancelled()
            start = written // _WRITE_BYTES * 65_537 % _WRITE_BYTES
            page_aligned[:] = noise[start : start + _WRITE_BYTES]
            done = file.write(page_aligned, written)
            if done != _WRITE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written += done
    file.sync()
    token.raise_if_cancelled()
    return written


@dataclass(slots=True)
class _Readers:
    """Threads that read one file in order, block by block, round and round."""

    files: Sequence[DirectFile]  # the same one, by a handle for each thread
    blocks: int
    stop: threading.Event = field(default_factory=threading.Event)
    done: list[int] = field(default_factory=lambda: [0] * READERS)  # bytes, by thread
    failures: list[OSError] = field(default_factory=list)
    _next: Iterator[int] = field(default_factory=itertools.count)  # `next` on it is atomic

    def read(self, index: int) -> None:
        with mmap.mmap(-1, _BLOCK_BYTES) as buffer:  # page-aligned, as direct reads need it
            while not self.stop.is_set():
                offset = next(self._next) % self.blocks * _BLOCK_BYTES
                try:
                    self.done[index] += self.files[index].read(buffer, offset)
                except OSError as error:
                    self.failures.append(error)
                    self.stop.set()


def _read(
    file: DirectFile, size: int, path: str, seen: RateSeen, token: CancelToken, seconds: float
) -> BandwidthMeasurement:
    # A reader that hangs in a dying disk outlives `file`; it keeps a handle of its own.
    own = [file.again() for _ in range(READERS)]
    readers = _Readers(own, size // _BLOCK_BYTES)
    threads = [threading.Thread(target=readers.read, args=(i,), daemon=True) for i in range(READERS)]
    times_before, device_before = machine_times(), _bytes_from_devices()
    for thread in threads:
        thread.start()
    try:
        rates = _watch(readers, seen, token, seconds)
    finally:
        readers.stop.set()
        _join(threads, own, 0.1 if token.cancelled else _JOIN_S)
    token.raise_if_cancelled()
    if readers.failures:
        raise readers.failures[0]
    rate = statistics.median(rates)
    _refuse_cache(sum(readers.done), device_before, _bytes_from_devices(), rate, path)
    return BandwidthMeasurement(rate, READERS, was_busy(times_before, machine_times()), ((READERS, rate),))


def _watch(readers: _Readers, seen: RateSeen, token: CancelToken, seconds: float) -> list[float]:
    """Bytes per second of each fifth of a second, while the readers run."""
    rates: list[float] = []
    begun = last = time.monotonic()
    before = 0
    while (last - begun < seconds or not rates) and not readers.stop.is_set():
        if token.wait(min(_WINDOW_S, seconds)):
            break
        now, done = time.monotonic(), sum(readers.done)
        rates.append((done - before) / (now - last))
        last, before = now, done
        seen(min(1.0, (now - begun) / seconds), statistics.median(rates))
    return rates or [0.0]


def _join(threads: Sequence[threading.Thread], files: Sequence[DirectFile], seconds: float) -> None:
    """Waits for the readers, then closes their handles; that of a read that never comes back stays open,
    since its number could be another file's by then."""
    deadline = time.monotonic() + seconds
    for thread, file in zip(threads, files, strict=True):
        thread.join(max(0.0, deadline - time.monotonic()))
        if not thread.is_alive():
            file.close()


def _bytes_from_devices() -> int | None:
    """What this process really had fetched from storage; None where the kernel does not count."""
    for line in read_text(Path("/proc/self/io")).splitlines():
        name, _, value = line.partition(":")
        if name == "read_bytes":
            return int(value)
    return None


def _refuse_cache(read: int, before: int | None, after: int | None, rate: float, path: str) -> None:
    """A cached read is never passed off as the disk's speed. Raises: ProbeError."""
    fetched = read if before is None or after is None else after - before
    if rate <= 0 or fetched < _DEVICE_SHARE * read or rate > _IMPLAUSIBLE_BYTES_PER_S:
        raise ProbeError.of("disk_cached", path=path)


def _as_probe_error(error: OSError, disk: DiskInfo) -> ProbeError:
    if error.errno in (errno.EINVAL, errno.EOPNOTSUPP):
        return ProbeError.of("disk_no_direct_read", path=disk.path, filesystem=disk.filesystem or "?")
    if error.errno == errno.EROFS:
        return ProbeError.of("disk_read_only", path=disk.path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return ProbeError.of("disk_not_writable", path=disk.path, reason=os.strerror(error.errno))
    reason = error.strerror or str(error)
    return ProbeError.of("disk_read_failed", path=disk.path, reason=reason)
