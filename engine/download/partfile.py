"""Files of an unfinished download in its destination folder, and the room that they need.

For `NAME.gguf` these are `NAME.gguf.part` (the bytes), `NAME.gguf.part.journal`,
`NAME.gguf.lock` and, when a checksum was wrong twice, `NAME.gguf.quarantine`. None of them
ends in `.gguf`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.errors import DownloadError

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


@dataclass(frozen=True, slots=True)
class PartPaths:
    """All paths of one download, by its final path."""

    final: Path

    @property
    def part(self) -> Path:
        return self.final.with_name(self.final.name + ".part")

    @property
    def journal(self) -> Path:
        return self.final.with_name(self.final.name + ".part.journal")

    @property
    def lock(self) -> Path:
        return self.final.with_name(self.final.name + ".lock")

    @property
    def quarantine(self) -> Path:
        return self.final.with_name(self.final.name + ".quarantine")

    def remove_unfinished(self) -> None:
        """Deletes what is not the finished file, except the lock. Raises: OSError."""
        for path in (self.journal, self.part, self.quarantine):
            path.unlink(missing_ok=True)


def free_bytes(folder: Path) -> int:
    """Room on the volume of a folder that may not exist yet. Raises: OSError."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def allocated_bytes(path: Path) -> int:
    """What a file takes on its disk (holes do not count); 0 if it is not there. Raises: OSError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0
    blocks = getattr(status, "st_blocks", None)  # POSIX: units of 512 bytes; absent on Windows
    return status.st_size if blocks is None else int(blocks) * 512


def preallocate(path: Path, size: int) -> None:
    """Gives a file exactly `size` bytes, reserved on the disk where its file system can.

    Raises: OSError, with ENOSPC when there is no room.
    """
    with path.open("ab") as file:
        if file.tell() > size:
            file.truncate(size)
        if not _reserve(file.fileno(), size):
            file.truncate(size)


def _reserve(descriptor: int, size: int) -> bool:
    """fallocate(2); False where it is not supported.

    Not `os.posix_fallocate`: where the file system cannot reserve, the C library writes into
    every block instead, which takes minutes for a large model.
    """
    if not sys.platform.startswith("linux"):
        return False
    call = ctypes.CDLL(None, use_errno=True).fallocate
    call.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
    while call(descriptor, 0, 0, size) != 0:
        code = ctypes.get_errno()
        if code in FULL or code == errno.EFBIG:
            raise OSError(code, os.strerror(code))
        if code != errno.EINTR:
            return False
    return True


@contextlib.contextmanager
def destination_lock(path: Path, name: str) -> Iterator[None]:
    """Holds the lock of a destination; another process or job that tries gets a sentence.

    The system frees it when its holder dies. Raises: DownloadError when it is taken; OSError.
    """
    file = _locked(path, name)
    try:
        yield
    finally:
        if os.name == "nt":  # an open file cannot be removed there
            file.close()
        with contextlib.suppress(OSError):  # a lock file that stays behind does no harm
            path.unlink()
        file.close()


def _locked(path: Path, name: str) -> IO[bytes]:
    while True:
        file = path.open("ab")
        try:
            _take(file)
            status = os.fstat(file.fileno())
            if os.path.samestat(status, path.stat()):
                return file
        except FileNotFoundError:
            pass
        except (BlockingIOError, PermissionError) as error:
            file.close()
            raise DownloadError.of("download_locked", name=name) from error
        except BaseException:
            file.close()
            raise
        file.close()  # its last holder removed it between our open and our lock


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
