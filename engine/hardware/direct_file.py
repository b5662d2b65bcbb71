"""A file that is read and written past the system's cache, with whole pages at whole pages only.

Linux: O_DIRECT. macOS: F_NOCACHE. Windows: no buffering (direct_file_windows.py). What is for macOS is
written from Apple's documentation and was not run.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

_F_NOCACHE = 48  # sys/fcntl.h of macOS


class DirectFile(Protocol):
    """An open file. Every method raises OSError."""

    def read(self, buffer: mmap.mmap, offset: int) -> int:
        """Fills the buffer with what is there; bytes read."""

    def write(self, buffer: mmap.mmap, offset: int) -> int: ...

    def sync(self) -> None:
        """Returns when what was written is on the device."""

    def again(self) -> DirectFile:
        """The same file by a handle of its own, for another thread."""

    def close(self) -> None: ...


def is_supported() -> bool:
    return sys.platform.startswith("linux") or sys.platform in ("darwin", "win32")


@contextmanager
def existing(path: Path) -> Iterator[DirectFile]:
    """For reading. On Linux only: elsewhere nothing says that none of it comes from the cache."""
    file = _Posix(os.open(path, os.O_RDONLY | os.O_CLOEXEC | _direct()))
    try:
        yield file
    finally:
        file.close()


@contextmanager
def nameless(folder: Path) -> Iterator[DirectFile]:
    """A new file in that folder that vanishes when it is closed, also by kill -9."""
    file = _new(folder)
    try:
        yield file
    finally:
        file.close()


def _new(folder: Path) -> DirectFile:
    if sys.platform == "win32":
        from engine.hardware.direct_file_windows import WindowsFile

        return WindowsFile.new(folder)
    flags = os.O_RDWR | os.O_CLOEXEC | _direct()
    if sys.platform.startswith("linux"):
        try:
            return _Posix(os.open(folder, flags | os.O_TMPFILE, 0o600))
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT):
                raise
    return _unlinked(folder, flags)


def _unlinked(folder: Path, flags: int) -> DirectFile:
    """For file systems without O_TMPFILE: a name for the blink of an eye."""
    handle, name = tempfile.mkstemp(prefix=".deskside-read-test-", dir=folder)
    os.close(handle)
    try:
        return _Posix(os.open(name, flags))
    finally:
        Path(name).unlink()


def _direct() -> int:
    return os.O_DIRECT if sys.platform.startswith("linux") else 0


class _Posix:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        if sys.platform == "darwin":
            import fcntl

            fcntl.fcntl(descriptor, _F_NOCACHE, 1)

    def read(self, buffer: mmap.mmap, offset: int) -> int:
        return os.preadv(self._descriptor, [buffer], offset)

    def write(self, buffer: mmap.mmap, offset: int) -> int:
        return os.pwrite(self._descriptor, buffer, offset)

    def sync(self) -> None:
        os.fsync(self._descriptor)

    def again(self) -> _Posix:
        return _Posix(os.dup(self._descriptor))

    def close(self) -> None:
        os.close(self._descriptor)
