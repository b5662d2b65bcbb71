"""What the models page knows: what is installed, and every download, whoever began it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from engine.catalog.model import InstalledModel
from engine.download.values import DownloadProgress, TransferState
from engine.events import (
    DownloadPlanned,
    DownloadProgressed,
    DownloadVerified,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    ModelLoaded,
    ModelsListed,
    RuntimeStateChanged,
)
from engine.jobs.desk import Desk
from engine.messages import Sentence
from engine.runtime.values import RuntimeState


@dataclass(frozen=True, slots=True)
class Download:
    """One download as it is shown."""

    job: JobId
    repository: str
    quantization: str
    state: TransferState
    total_bytes: int = 0
    progress: DownloadProgress | None = None
    failure: Sentence | None = None

    @property
    def under_way(self) -> bool:
        return self.state in (TransferState.QUEUED, TransferState.FETCHING, TransferState.VERIFYING)

    @property
    def key(self) -> tuple[str, str]:
        return self.repository, self.quantization


class ModelsModel(QObject):
    """Downloads are known by repository and quantisation: pause and resume change the job."""

    models_changed = Signal()
    downloads_changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.models: tuple[InstalledModel, ...] = ()
        self.in_use = ""  # path of the loaded model
        self.downloads: dict[tuple[str, str], Download] = {}

    def answers(self, model: InstalledModel) -> bool:
        """Whether the next message goes to it. The one that was loaded last does not answer when
        another was chosen since, whose load has failed."""
        return model.path == self.in_use and self._desk.settings.last_model in ("", model.path)

    # commands
    def pull(self, text: str) -> bool:
        """Begins what "REPO[:QUANT]" names. False when that is not the name of a repository."""
        repository, _, quantization = text.strip().partition(":")
        owner, slash, name = repository.partition("/")
        if not (owner and slash and name) or "/" in name or any(mark.isspace() for mark in text.strip()):
            return False
        self._begin(repository, quantization)
        return True

    def pause(self, key: tuple[str, str]) -> None:
        download = self.downloads.get(key)
        if download is not None and download.under_way:
            self._desk.cancel(download.job)

    def resume(self, key: tuple[str, str]) -> None:
        if key in self.downloads and not self.downloads[key].under_way:
            self._begin(*key)

    def discard(self, key: tuple[str, str]) -> None:
        """Forgets a download that stands still and deletes its part files."""
        download = self.downloads.get(key)
        if download is None or download.under_way:
            return
        del self.downloads[key]
        self._desk.discard_download(*key)
        self.downloads_changed.emit()

    def _begin(self, repository: str, quantization: str) -> None:
        before = self.downloads.get((repository, quantization))
        if before is not None and before.under_way:
            return
        job = self._desk.pull(repository, quantization)
        total = before.total_bytes if before else 0
        download = Download(job, repository, quantization, TransferState.QUEUED, total)
        self.downloads[download.key] = download
        self.downloads_changed.emit()

    # events
    def on_event(self, event: Event) -> None:
        if isinstance(event, ModelsListed):
            self.models = event.models
            self.models_changed.emit()
        elif isinstance(event, ModelLoaded):
            # Under no job: another program loaded it, and answers here go on coming from ours.
            if event.job or not self.in_use:
                self.in_use = event.model.path
                self.models_changed.emit()
        elif isinstance(event, RuntimeStateChanged):
            gone = event.state in (RuntimeState.STOPPED, RuntimeState.CRASHED)
            if gone and self.in_use and event.model in ("", self.in_use):
                self.in_use = ""
                self.models_changed.emit()
        elif isinstance(event, DownloadPlanned):
            self._planned(event)
        elif isinstance(
            event, DownloadProgressed | DownloadVerified | JobCancelled | JobFailed | JobFinished
        ):
            self._changed(event)

    def _planned(self, event: DownloadPlanned) -> None:
        """The plan names the quantisation that was taken where none was asked for."""
        plan = event.plan
        for key in [key for key, download in self.downloads.items() if download.job == event.job]:
            del self.downloads[key]
        download = Download(
            event.job, plan.repository, plan.quantization, TransferState.FETCHING, plan.size_bytes
        )
        self.downloads[download.key] = download
        self.downloads_changed.emit()

    def _changed(
        self, event: DownloadProgressed | DownloadVerified | JobCancelled | JobFailed | JobFinished
    ) -> None:
        download = next((item for item in self.downloads.values() if item.job == event.job), None)
        if download is None:
            return
        if isinstance(event, DownloadVerified):
            del self.downloads[download.key]
            self._desk.list_models()
        elif isinstance(event, DownloadProgressed):
            news = event.progress
            state = TransferState.VERIFYING if news.state is TransferState.COMPLETE else news.state
            self.downloads[download.key] = replace(download, state=state, progress=news)
        elif isinstance(event, JobCancelled):
            self.downloads[download.key] = replace(download, state=TransferState.PAUSED)
        elif isinstance(event, JobFailed):
            failed = replace(download, state=TransferState.FAILED, failure=event.message)
            self.downloads[download.key] = failed
        else:
            return
        self.downloads_changed.emit()
