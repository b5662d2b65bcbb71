"""Room that is kept beside the chat database for the moment when the disk is full.

An answer that is being written when the disk fills up is then saved into it; without it, what was
shown would live in memory only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

RESERVE_BYTES: Final = 8 * 1024 * 1024
_PLENTY: Final = 8  # reserves that must be free before one is taken


class Reserve:
    """A file of nothing beside the database. Several programs share it."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_suffix(".reserve")

    def hold(self) -> None:
        """Takes the room, where there is plenty; that it cannot be had is no failure."""
        with contextlib.suppress(OSError):
            if self._path.exists() or shutil.disk_usage(self._path.parent).free < _PLENTY * RESERVE_BYTES:
                return
            with self._path.open("xb") as file:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
                else:
                    file.write(bytes(RESERVE_BYTES))

    def release(self) -> bool:
        """Gives the room back; True if there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
