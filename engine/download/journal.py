"""The journal of a part file: what of it has arrived, kept so that kill -9 loses nothing.

One entry of 8 bytes per segment: the number of bytes that are in the part file (low 32 bits)
and their CRC-32 (high 32 bits), written in one call after the bytes themselves. A dead process
loses none of it, since the page cache outlives it. After a power loss entries may be ahead of
the data; the CRC shows it, and only those segments are fetched again. Plain writes are used
rather than a mapping: a mapped file on a full disk kills the process with SIGBUS.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

_MAGIC = b"DSKJRNL1"
_HEADER = struct.Struct("<8sQQ32s40s")  # magic, size, segment size, sha256, commit
_CHECK = struct.Struct("<I")
_ENTRY = struct.Struct("<II")
_ENTRIES_AT = _HEADER.size + _CHECK.size


class Journal:
    """Open for one transfer. `done` and `crc` are as in the file. Not thread-safe."""

    def __init__(self, path: Path, size: int, segment_size: int, sha256: str, commit: str) -> None:
        """Opens the journal of exactly this content, or begins a new one. Raises: OSError."""
        self.path = path
        self.size = size
        count = -(-size // segment_size)
        self.segment_size = segment_size
        self.done = [0] * count
        self.crc = [0] * count
        identity = _HEADER.pack(_MAGIC, size, segment_size, bytes.fromhex(sha256), commit.encode()[:40])
        stored = _read_if_there(path)
        if not self._take_over(stored, sha256):
            _write_new(path, identity + _CHECK.pack(zlib.crc32(identity)) + bytes(_ENTRY.size * count))
        self._file = path.open("r+b", buffering=0)

    def advance(self, segment: int, done: int, crc: int) -> None:
        """Notes that `done` bytes of a segment are in the part file. Raises: OSError."""
        self.done[segment] = done
        self.crc[segment] = crc
        self._file.seek(_ENTRIES_AT + segment * _ENTRY.size)
        self._file.write(_ENTRY.pack(done, crc))

    def flush(self) -> None:
        """Makes the entries durable. Flush the part file first. Raises: OSError."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def _take_over(self, stored: bytes, sha256: str) -> bool:
        """Reads a stored journal; False when it is damaged or of other content.

        The checksum is what makes content the same; a commit may differ. The segment size is
        taken from the file, so that a new default does not cost what is there.
        """
        if len(stored) < _ENTRIES_AT:
            return False
        identity = stored[: _HEADER.size]
        magic, size, segment_size, digest, _ = _HEADER.unpack(identity)
        (check,) = _CHECK.unpack_from(stored, _HEADER.size)
        if magic != _MAGIC or check != zlib.crc32(identity):
            return False
        if size != self.size or digest != bytes.fromhex(sha256) or not 0 < segment_size < 1 << 32:
            return False
        count = -(-size // segment_size)
        if len(stored) != _ENTRIES_AT + count * _ENTRY.size:
            return False
        self.segment_size = segment_size
        entries = [_ENTRY.unpack_from(stored, _ENTRIES_AT + k * _ENTRY.size) for k in range(count)]
        lengths = [min(segment_size, size - k * segment_size) for k in range(count)]
        sound = [done <= length for (done, _), length in zip(entries, lengths, strict=True)]
        self.done = [done if good else 0 for (done, _), good in zip(entries, sound, strict=True)]
        self.crc = [crc if good else 0 for (_, crc), good in zip(entries, sound, strict=True)]
        return True


def _read_if_there(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _write_new(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
