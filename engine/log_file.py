"""Where this program writes down what nobody was there to read."""

from __future__ import annotations

import logging
import logging.handlers
import time
from typing import Final

from engine.paths import Paths

_REST_S: Final = 60.0  # before a log that could not be put aside is tried again


def log_to_file(paths: Paths) -> None:
    """Warnings and errors of this program go to its log, at most 2 MiB of it. Raises: OSError."""
    handler = _LogFile(paths.log, maxBytes=1024 * 1024, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _LogFile(logging.handlers.RotatingFileHandler):
    """Windows renames no file that another program of ours has open: it grows on until that one ends."""

    _not_before = 0.0  # seconds of the monotonic clock; each try closes the file

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        return time.monotonic() >= self._not_before and bool(super().shouldRollover(record))

    def rotate(self, source: str, dest: str) -> None:
        try:
            super().rotate(source, dest)
        except PermissionError:
            self._not_before = time.monotonic() + _REST_S
