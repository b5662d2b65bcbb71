"""Reading back a part file: checking what a journal claims, and the checksum of the whole."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from engine.download.journal import Journal

_BLOCK_BYTES = 1 << 20


class Frontier:
    """SHA-256 over the segments that are complete from the front on, as they become complete.

    Segments from an earlier run are compared with their CRC-32 on the way, since the disk may
    have lost them. Those of this run were just written, so that is done for them only when the
    checksum of the whole turns out wrong (`restart` with `thorough`): it halves the work.
    """

    def __init__(self, part: Path, journal: Journal) -> None:
        self._file = part.open("rb", buffering=0)
        self._journal = journal
        self._hash = hashlib.sha256()
        self._earlier = {segment for segment, done in enumerate(journal.done) if done}
        self.segment = 0  # the next one to read
        self.thorough = False

    @property
    def at_end(self) -> bool:
        return self.segment == len(self._journal.done)

    @property
    def hashed_bytes(self) -> int:
        return min(self.segment * self._journal.segment_size, self._journal.size)

    def advance(self, length: int) -> bool:
        """Reads the next segment, of `length` bytes, in full. False, and no step forward, if its
        CRC-32 was compared and is not the journal's. Raises: OSError."""
        compared = self.thorough or self.segment in self._earlier
        digest = self._hash.copy()
        crc = 0
        for block in _blocks(self._file, self.segment * self._journal.segment_size, length):
            digest.update(block)
            crc = zlib.crc32(block, crc) if compared else 0
        if compared and crc != self._journal.crc[self.segment]:
            return False
        self._hash = digest
        self.segment += 1
        return True

    def restart(self, thorough: bool) -> None:
        """Begins again with the first segment."""
        self.thorough = thorough
        self._hash = hashlib.sha256()
        self.segment = 0

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def close(self) -> None:
        self._file.close()


def recheck_unfinished(part: Path, journal: Journal) -> None:
    """Resets journal entries of unfinished segments whose bytes are not there. Raises: OSError.

    Finished ones are left to the `Frontier`, which reads them anyway.
    """
    with part.open("rb", buffering=0) as file:
        for segment, done in enumerate(journal.done):
            start = segment * journal.segment_size
            if not 0 < done < min(journal.segment_size, journal.size - start):
                continue
            crc = 0
            for block in _blocks(file, start, done):
                crc = zlib.crc32(block, crc)
            if crc != journal.crc[segment]:
                journal.advance(segment, 0, 0)


def sha256_of(path: Path, step: Callable[[int], None]) -> str:
    """The checksum of a file in hexadecimal; `step` is told how far it is and may raise. Raises: OSError."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        done = 0
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            step(done)
    return digest.hexdigest()


def _blocks(file: IO[bytes], start: int, length: int) -> Iterator[bytes]:
    file.seek(start)
    while length > 0:
        block = file.read(min(_BLOCK_BYTES, length))
        if not block:
            return  # shorter than it should be: the CRC will not match
        length -= len(block)
        yield block
