"""Fetching a model: plan, transfer, a look at the header."""

from __future__ import annotations

from pathlib import Path

from engine.cancellation import CancelToken
from engine.catalog.gguf import read_file_header
from engine.catalog.model import InstalledModel
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.errors import ModelFileError
from engine.events import DownloadPlanned, DownloadProgressed, DownloadVerified, Emit, JobId, Noticed


def pull_model(
    job: JobId,
    token: CancelToken,
    models: Path,
    endpoint: str,
    repository: str,
    quantization: str,
    emit: Emit,
) -> InstalledModel:
    """Published by checksum alone: a header that cannot be read is a warning.

    `models` is the models folder.
    Raises: DownloadError, Cancelled (what was fetched stays and is gone on from).
    """
    plan = plan_download(endpoint, repository, quantization, models)
    emit(DownloadPlanned(job, plan))
    model = pull(plan, lambda progress: emit(DownloadProgressed(job, progress)), token)
    try:
        read_file_header(Path(model.path))
    except ModelFileError as error:
        emit(Noticed(job, error.message))
    emit(DownloadVerified(job, model))
    return model
