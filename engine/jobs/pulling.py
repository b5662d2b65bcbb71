"""Fetching a model: plan, transfer, a look at the header."""

from __future__ import annotations

from pathlib import Path

from engine.cancellation import CancelToken
from engine.catalog.gguf import read_file_header
from engine.catalog.model import InstalledModel
from engine.download.endpoints import checked_endpoint
from engine.download.fetcher import Tuning
from engine.download.mirrors import mirrors_for
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.errors import ModelFileError
from engine.events import DownloadPlanned, DownloadProgressed, DownloadVerified, Emit, JobId, Noticed
from engine.messages import sentence


def pull_model(
    job: JobId,
    token: CancelToken,
    models: Path,
    endpoint: str,
    repository: str,
    quantization: str,
    emit: Emit,
    mirrors: tuple[str, ...] = (),
) -> InstalledModel:
    """Published by checksum alone: a header that cannot be read is a warning.

    `models` is the models folder.
    Raises: DownloadError, Cancelled (what was fetched stays and is gone on from).
    """
    chosen = mirrors_for(endpoint, mirrors)
    plan = plan_download(endpoint, repository, quantization, models, mirrors=chosen)
    if plan.endpoint != checked_endpoint(endpoint):
        emit(Noticed(job, sentence("checksums_of_mirror", endpoint=plan.endpoint)))
    emit(DownloadPlanned(job, plan))
    tuning = Tuning(mirrors=chosen)
    model = pull(plan, lambda progress: emit(DownloadProgressed(job, progress)), token, tuning=tuning)
    try:
        read_file_header(Path(model.path))
    except ModelFileError as error:
        emit(Noticed(job, error.message))
    emit(DownloadVerified(job, model))
    return model
