"""Fetching a model: plan, transfer, entry in the library."""

from __future__ import annotations

from pathlib import Path

from engine.cancellation import CancelToken
from engine.catalog.gguf import read_file_header
from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.download.pull import discard as discard_parts
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.errors import ModelFileError
from engine.events import DownloadPlanned, DownloadProgressed, DownloadVerified, Emit, JobId, Noticed


def pull_model(
    job: JobId,
    token: CancelToken,
    library: Library,
    endpoint: str,
    repository: str,
    quantization: str,
    emit: Emit,
) -> InstalledModel:
    """Published by checksum alone: a header that cannot be read is a warning.

    Raises: DownloadError, Cancelled (what was fetched stays and is gone on from).
    """
    plan = plan_download(endpoint, repository, quantization, library.folder_of(repository))
    emit(DownloadPlanned(job, plan))
    model = pull(plan, lambda progress: emit(DownloadProgressed(job, progress)), token)
    library.register(model)
    try:
        read_file_header(Path(model.path))
    except ModelFileError as error:
        emit(Noticed(job, error.message))
    emit(DownloadVerified(job, model))
    return model


def discard(library: Library, repository: str, quantization: str) -> None:
    """Deletes the part files of a download that was given up."""
    discard_parts(library.folder_of(repository), repository, quantization)
