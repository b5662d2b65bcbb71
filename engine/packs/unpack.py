"""Unpacks an archive of modules: plain files side by side, no more bytes than were promised.

The archive's checksum was signed, and it is treated as hostile all the same: a key may be stolen.
"""

from __future__ import annotations

import lzma
import re
import tarfile
from pathlib import Path
from typing import IO, Final, cast

from engine.errors import PackError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,100}", re.ASCII)
_MOST_FILES: Final = 100
_OVERHEAD: Final = 1 << 17  # bytes: tar's headers and padding
_MOST_MEMORY: Final = 256 << 20  # of the decompressor
_PIECE: Final = 1 << 20


def unpack(archive: Path, folder: Path, most_bytes: int) -> None:
    """Writes the files into `folder`, which must be empty. Raises: PackError, OSError."""
    seen: set[str] = set()
    try:
        with archive.open("rb") as file:
            bounded = _Bounded(file, most_bytes + _OVERHEAD)
            with tarfile.open(fileobj=cast(IO[bytes], bounded), mode="r|") as members:
                for member in members:
                    _write(members, member, folder, seen)
    except (tarfile.TarError, lzma.LZMAError, EOFError, _Refused) as error:
        raise PackError.of("pack_damaged", name=archive.name, reason=str(error)) from error
    if not seen:
        raise PackError.of("pack_damaged", name=archive.name, reason="it is empty")


class _Refused(Exception):
    """Something that no honest pack holds."""


class _Bounded:
    """The decompressed stream, as far as was promised."""

    def __init__(self, file: IO[bytes], most_bytes: int) -> None:
        self._file = file
        self._left = most_bytes
        self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)

    def read(self, size: int) -> bytes:
        """As a file's. Raises: _Refused, LZMAError, OSError."""
        pieces = b""
        while len(pieces) < size and not self._decompressor.eof:
            given = self._file.read(_PIECE) if self._decompressor.needs_input else b""
            if not given and self._decompressor.needs_input:
                raise _Refused("it ends too early")
            pieces += self._decompressor.decompress(given, size - len(pieces))
        self._left -= len(pieces)
        if self._left < 0:
            raise _Refused("it holds more than its manifest says")
        return pieces


def _write(members: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, seen: set[str]) -> None:
    if not member.isreg() or not _NAME.fullmatch(member.name):
        raise _Refused(f"{member.name[:100]!r} is not a plain file in its folder")
    if member.name.casefold() in seen or len(seen) >= _MOST_FILES:
        raise _Refused(f"{member.name} is there twice, or there are too many files")
    seen.add(member.name.casefold())
    content = members.extractfile(member)
    if content is None:
        raise _Refused(f"{member.name} has no content")
    with (folder / member.name).open("xb") as file:
        while piece := content.read(_PIECE):
            file.write(piece)
