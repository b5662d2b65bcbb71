"""Where this program writes down what nobody was there to read."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers

from engine.paths import Paths


def log_to_file(paths: Paths) -> None:
    """Warnings and errors of this program go to its log, at most 2 MiB of it. Raises: OSError."""
    handler = _LogFile(paths.log, maxBytes=1024 * 1024, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _LogFile(logging.handlers.RotatingFileHandler):
    def rotate(self, source: str, dest: str) -> None:
        """Windows renames no file that another program of ours has open: it grows on until that one ends."""
        with contextlib.suppress(PermissionError):
            super().rotate(source, dest)
