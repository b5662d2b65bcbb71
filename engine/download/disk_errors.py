"""What the system says of a disk, as a failure that a person is told."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

from engine.download.partfile import FULL
from engine.errors import DataFolderError, DiskFull, DownloadError


def disk_error(path: str, error: OSError) -> DiskFull | DownloadError | DataFolderError:
    """The sentence for a fault of a disk that is written to; `path` where the system names none."""
    if error.errno in FULL:
        return DiskFull.of("disk_filled_up", path=path)
    if error.errno == errno.EFBIG:
        return DownloadError.of("download_file_too_large", name=path)
    where = str(error.filename or path)
    with contextlib.suppress(ValueError):
        where = str(Path(where))
    return DataFolderError.of("data_folder_unwritable", path=where, reason=error.strerror or str(error))
