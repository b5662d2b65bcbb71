"""A lock between processes: held as long as the process lives, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Self

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FileLock:
    """Held until `release`, or until the process is gone. The file itself stays."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """The lock, or None when another process has it. Raises: OSError, when the file cannot be
        made or its file system knows no locks."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            if sys.platform == "win32":
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # the second is Windows' word for it
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return cls(descriptor)

    @classmethod
    def is_free(cls, path: Path) -> bool:
        """Whether nobody has it now. Raises: OSError, as `take`."""
        lock = cls.take(path)
        if lock is not None:
            lock.release()
        return lock is not None

    def release(self) -> None:
        os.close(self._descriptor)  # closing unlocks
