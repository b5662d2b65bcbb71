"""Fetching a model: plan, transfer, a look at the header."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.cancellation import CancelToken
from engine.catalog.gguf import read_file_header
from engine.catalog.model import InstalledModel
from engine.download.addresses import plan_address
from engine.download.endpoints import checked_endpoint, is_address
from engine.download.mirror_choice import mirrors_for
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.download.tuning import Tuning
from engine.download.values import DownloadPlan, DownloadProgress
from engine.errors import ModelFileError
from engine.events import DownloadPlanned, DownloadProgressed, DownloadVerified, Emit, JobId, Noticed
from engine.messages import sentence


def plan_model(
    job: JobId,
    endpoint: str,
    mirrors: tuple[str, ...],
    repository: str,
    quantization: str,
    models: Path,
    emit: Emit,
) -> DownloadPlan:
    """What will be fetched, by the hub's word, else a mirror's; `repository` may be the address of a file.
    `models` is the models folder.

    Raises: UsageError, HubUnreachable, DownloadError.
    """
    if is_address(repository):
        plan = plan_address(repository, models)
        emit(DownloadPlanned(job, plan))
        return plan
    chosen = mirrors_for(endpoint, mirrors)
    plan = plan_download(endpoint, repository, quantization, models, mirrors=chosen)
    if plan.endpoint != checked_endpoint(endpoint):
        emit(Noticed(job, sentence("checksums_of_mirror", endpoint=plan.endpoint)))
    emit(DownloadPlanned(job, plan))
    return plan


def fetch_model(
    job: JobId,
    token: CancelToken,
    plan: DownloadPlan,
    tuning: Tuning,
    emit: Emit,
    watch: Callable[[DownloadProgress], None],
) -> InstalledModel:
    """Published by checksum, or whole where nobody tells one: a header that cannot be read is a warning.

    `watch` sees all progress after it was told, and may raise to end the transfer.
    Raises: DownloadError, Cancelled (what was fetched stays and is gone on from).
    """

    def tell(progress: DownloadProgress) -> None:
        emit(DownloadProgressed(job, progress))
        watch(progress)

    model = pull(plan, tell, token, tuning=tuning)
    try:
        read_file_header(Path(model.path))
    except ModelFileError as error:
        emit(Noticed(job, error.message))
    if not model.verified:
        emit(Noticed(job, sentence("address_unverified", name=model.name, sha256=model.sha256)))
    emit(DownloadVerified(job, model))
    return model
