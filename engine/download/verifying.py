"""Verifying again: reading a model whole and comparing its checksums."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.cancellation import CancelToken
from engine.download.disk_errors import disk_error
from engine.download.library import Library, known_file
from engine.download.library_values import LibraryEntry
from engine.download.records import doubt_record, stored_record, write_record
from engine.download.segments import sha256_of
from engine.errors import ModelFileError

Progress = Callable[[int, int], None]  # bytes read, bytes in all


def verify(library: Library, entry: LibraryEntry, progress: Progress, token: CancelToken) -> bool:
    """Reads every file and compares it with its record, or with what its keeper calls it.

    False where nothing was known to compare with: what was read is then remembered for the next time.
    A download that does not match is not offered any more until it is fetched again.

    Raises: Cancelled; ModelFileError, saying which file is wrong, gone or unreadable; DataFolderError;
    DiskFull.
    """
    read = _Reading(entry, progress, token)
    return _verify_download(entry, read) if entry.is_ours else _verify_others(library, entry, read)


class _Reading:
    """Reads the files of one model, one after the other, as one piece of work."""

    def __init__(self, entry: LibraryEntry, progress: Progress, token: CancelToken) -> None:
        self._total = entry.model.size_bytes
        self._progress = progress
        self._token = token
        self._before = 0

    def sha256(self, path: Path) -> str:
        """Raises: Cancelled, ModelFileError."""

        def step(done: int) -> None:
            self._token.raise_if_cancelled()
            self._progress(min(self._before + done, self._total), self._total)

        try:
            digest = sha256_of(path, step)
            self._before += path.stat().st_size
        except FileNotFoundError as error:
            raise ModelFileError.of("model_file_missing", path=str(path)) from error
        except OSError as error:
            reason = error.strerror or str(error)
            raise ModelFileError.of("model_file_unreadable", path=str(path), reason=reason) from error
        return digest


def _verify_download(entry: LibraryEntry, read: _Reading) -> bool:
    for file in map(Path, entry.files):
        record = stored_record(file)
        if record is None:
            raise ModelFileError.of("model_file_missing", path=str(file))
        good = read.sha256(file) == record.sha256
        try:
            if not good:
                doubt_record(file)
                raise ModelFileError.of("verify_mismatch", path=str(file))
            status = file.stat()
            write_record(file, replace(record, mtime_ns=status.st_mtime_ns, verified_at=time.time()))
        except OSError as error:
            raise disk_error(str(file), error) from error
    return True


def _verify_others(library: Library, entry: LibraryEntry, read: _Reading) -> bool:
    known = library.index.notes().model(entry.model.path)
    if known is None:
        raise ModelFileError.of("model_file_missing", path=entry.model.path)
    files = []
    for file in known.files:
        digest = read.sha256(Path(file.path))
        if file.sha256 and file.sha256 != digest:
            library.index.add_model(replace(known, verified_at=0.0))
            raise ModelFileError.of("verify_mismatch_elsewhere", path=file.path)
        files.append(known_file(Path(file.path), digest))
    library.index.add_model(replace(known, files=tuple(files), verified_at=time.time()))
    return all(file.sha256 for file in known.files)
