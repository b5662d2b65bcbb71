"""A line to a file of this machine, or of a disk that is mounted here."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import IO

from engine.download.answers import Answer
from engine.download.lines import Located


class FolderLine:
    """A `Line`. A path comes from a person, never from a server."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._cut = False

    def locate(self, url: str) -> Located:
        """Raises: OSError, for a disk that does not answer."""
        try:
            size = Path(url).stat().st_size
        except FileNotFoundError:
            return Located("", Answer(404), {})
        except PermissionError:
            return Located("", Answer(403), {})
        return Located(url, Answer(200), {"content-length": str(size)})

    def get(self, url: str, start: int, stop: int, if_range: str | None) -> tuple[Answer, FolderBody]:
        """Raises: OSError."""
        if self._cut:
            raise ConnectionAbortedError("cut")
        self.close()
        try:
            self._file = Path(url).open("rb", buffering=0)  # noqa: SIM115 closed with the line
        except FileNotFoundError:
            return Answer(404), FolderBody(None, 0)
        status = os.fstat(self._file.fileno())
        etag = f'"{status.st_mtime_ns}-{status.st_size}"'
        self._file.seek(start)
        answer = Answer(206, f"bytes {start}-{stop - 1}/{status.st_size}", stop - start, etag)
        return answer, FolderBody(self._file, stop - start)

    def cut(self) -> None:
        self._cut = True

    def break_off(self) -> None:
        """A read of a disk cannot be ended."""

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()


class FolderBody:
    """A `Body`."""

    def __init__(self, file: IO[bytes] | None, length: int) -> None:
        self._file = file
        self._left = length

    def piece(self, most_bytes: int) -> bytes:
        """Raises: OSError."""
        data = self._file.read(min(most_bytes, self._left)) if self._file else b""
        self._left -= len(data)
        return data

    def reusable(self) -> bool:
        return True
