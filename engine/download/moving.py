"""Moving a download to another folder, on whatever disk: resumable, verified there, then published.

On the same volume files are renamed. Else each is copied to NAME.gguf.moving, read back from the
new disk and compared with its checksum; only when all are there are the old ones deleted. What a
kill leaves behind is gone on from by moving again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from engine.cancellation import CancelToken
from engine.download.disk_errors import disk_error
from engine.download.library import Library
from engine.download.library_values import LibraryEntry
from engine.download.partfile import PartPaths, destination_lock, free_bytes
from engine.download.records import VerifiedFile, read_record, record_path, stored_record, write_record
from engine.download.room import FLOOR_BYTES
from engine.download.segments import sha256_of
from engine.download.sizes import size_text
from engine.errors import DiskFull, DownloadError, ModelFileError, UsageError

_BLOCK_BYTES: Final = 4 << 20
_SUFFIX: Final = ".moving"

Progress = Callable[[int, int, bool], None]  # bytes done, bytes in all, whether they are being compared


@dataclass(frozen=True, slots=True)
class _File:
    old: Path
    new: Path
    record: VerifiedFile

    @property
    def copy(self) -> Path:
        return self.new.with_name(self.new.name + _SUFFIX)


def move(
    library: Library,
    entry: LibraryEntry,
    target: Path,
    progress: Progress,
    token: CancelToken,
    floor_bytes: int = FLOOR_BYTES,
) -> Path:
    """Moves a download into the models folder `target`; returns the new path of its first file.

    Raises: Cancelled (what was copied stays, for the next time); UsageError; ModelFileError, where
    a file is not what was verified; DiskFull; DownloadError, where the place is taken; DataFolderError.
    """
    files = _files(entry, target)
    try:
        files[0].new.parent.mkdir(parents=True, exist_ok=True)
        with destination_lock(PartPaths(files[0].new).lock, files[0].new.name):
            library.add_folder(target)
            _check_room(files, target, floor_bytes)
            work = _Move(sum(file.record.size_bytes for file in files), progress, token)
            for file in files:
                work.bring(file)
            for file in files:
                _delete_old(file, Path(entry.folder))
    except OSError as error:
        raise disk_error(str(target), error) from error
    return files[0].new


def _files(entry: LibraryEntry, target: Path) -> list[_File]:
    if not entry.is_ours:
        raise UsageError.of("move_not_ours", name=entry.model.name, path=entry.model.path)
    if not target.is_absolute() or target == Path(entry.folder):
        raise UsageError.of("move_same_folder", path=str(target))
    files = []
    for old in map(Path, entry.files):
        new = target / old.relative_to(entry.folder)
        record = stored_record(old)
        there = read_record(new)  # an earlier try may have been ended between two files
        is_brought = record is not None and there is not None and there.sha256 == record.sha256
        if record is None or not (is_brought or read_record(old)):
            raise ModelFileError.of("verify_mismatch", path=str(old))
        files.append(_File(old, new, record))
    return files


class _Move:
    """Progress of all files as one piece of work."""

    def __init__(self, total: int, progress: Progress, token: CancelToken) -> None:
        self._total = total
        self._progress = progress
        self._token = token
        self._before = 0

    def bring(self, file: _File) -> None:
        """One file to its new place. Raises: Cancelled, OSError, DownloadError, ModelFileError."""
        if not self._is_there(file):
            file.new.parent.mkdir(parents=True, exist_ok=True)
            if file.old.stat().st_dev == file.new.parent.stat().st_dev:
                file.old.replace(file.new)
            else:
                self._copy(file)
            status = file.new.stat()
            write_record(file.new, replace(file.record, mtime_ns=status.st_mtime_ns, verified_at=_when(file)))
            _sync_folder(file.new.parent)
        self._before += file.record.size_bytes

    def _is_there(self, file: _File) -> bool:
        """Brought by an earlier try. Raises: DownloadError, where something else has the name."""
        if not file.new.exists():
            return False
        record = read_record(file.new)
        if record is None or record.sha256 != file.record.sha256:
            raise DownloadError.of("move_taken", path=str(file.new))
        return True

    def _copy(self, file: _File) -> None:
        with file.old.open("rb", buffering=0) as source, file.copy.open("a+b", buffering=0) as copy:
            digest = self._prefix(copy, file.record.size_bytes)
            done = copy.seek(0, os.SEEK_END)
            source.seek(done)
            while block := source.read(_BLOCK_BYTES):
                self._token.raise_if_cancelled()
                digest.update(block)
                _write_all(copy, block)
                done += len(block)
                self._tell(done, comparing=False)
            os.fsync(copy.fileno())
            _forget_cached(copy)
        if digest.hexdigest() != file.record.sha256:
            file.copy.unlink()
            raise ModelFileError.of("move_damaged", path=str(file.old))
        if sha256_of(file.copy, lambda done: self._tell(done, comparing=True)) != file.record.sha256:
            file.copy.unlink()
            raise ModelFileError.of("move_damaged_there", path=str(file.new))
        file.copy.replace(file.new)

    def _prefix(self, copy: IO[bytes], size: int) -> hashlib._Hash:
        """The checksum so far of what an earlier try has copied."""
        digest = hashlib.sha256()
        copy.seek(0)
        if os.fstat(copy.fileno()).st_size > size:
            copy.truncate(0)
        done = 0
        while block := copy.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            self._tell(done, comparing=True)
        return digest

    def _tell(self, done: int, comparing: bool) -> None:
        self._token.raise_if_cancelled()
        self._progress(min(self._before + done, self._total), self._total, comparing)


def _check_room(files: list[_File], target: Path, floor_bytes: int) -> None:
    """Raises: DiskFull, before anything is copied; OSError."""
    needed = 0
    for file in files:
        if file.new.exists() or file.old.stat().st_dev == file.new.parent.stat().st_dev:
            continue
        there = file.copy.stat().st_size if file.copy.exists() else 0
        needed += max(0, file.record.size_bytes - there)
    free = free_bytes(target)
    if needed and needed + floor_bytes > free:
        raise DiskFull.of("move_no_room", folder=str(target), needed=size_text(needed), free=size_text(free))


def _delete_old(file: _File, folder: Path) -> None:
    file.old.unlink(missing_ok=True)
    record_path(file.old).unlink(missing_ok=True)
    drop_empty_folders(file.old.parent, folder)


def drop_empty_folders(folder: Path, top: Path) -> None:
    """Removes folders that have become empty, up to `top`, which stays."""
    with contextlib.suppress(OSError):  # the first that is not empty ends it
        while folder != top and folder.is_relative_to(top):
            folder.rmdir()
            folder = folder.parent


def _when(file: _File) -> float:
    """A copy was just compared; a renamed file is as it was."""
    return time.time() if file.old.exists() else file.record.verified_at


def _write_all(file: IO[bytes], block: bytes) -> None:
    data = memoryview(block)
    while data:
        data = data[file.write(data) :]


def _forget_cached(file: IO[bytes]) -> None:
    """So that what is compared comes from the disk, where the system offers that."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # the new name itself must survive a power loss
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
