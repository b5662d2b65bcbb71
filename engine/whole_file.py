"""A small file is replaced whole, or stays as it was: a crash or a full disk leaves no half of it."""

from __future__ import annotations

import os
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def replace_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Other processes see the old content or the new. `private`: nobody but its user may read it, not even
    for a moment. Its folder has to be there. Raises: OSError, and then nothing was changed."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")  # two processes may be at it
    fresh.unlink(missing_ok=True)  # of one that had the same number; and never through somebody's link
    try:
        with os.fdopen(os.open(fresh, _FLAGS, 0o600 if private else 0o666), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
