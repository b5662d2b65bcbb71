"""What the models page knows: what is installed, and every download, whoever began it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from engine.catalog.model import InstalledModel
from engine.download.endpoints import is_address
from engine.download.mirror_choice import USUAL_ONES, might_help
from engine.download.values import DownloadProgress, TransferState
from engine.events import (
    DownloadPlanned,
    DownloadProgressed,
    DownloadsListed,
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

    job: JobId  # 0 where no job of this program works for it
    repository: str
    quantization: str
    state: TransferState
    total_bytes: int = 0
    progress: DownloadProgress | None = None
    failure: Sentence | None = None
    hold: Sentence | None = None  # why it waits, beside its turn
    done_bytes: int = 0  # before any progress is told
    is_listed: bool = False  # stands in the engine's queue

    @property
    def under_way(self) -> bool:
        return self.state in (TransferState.QUEUED, TransferState.FETCHING, TransferState.VERIFYING)

    @property
    def key(self) -> tuple[str, str]:
        return self.repository, self.quantization


class ModelsModel(QObject):
    """Downloads are known by repository and quantisation: pause and resume change the job. Their order
    is the queue's, as the engine lists it."""

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
        """Begins what "REPO[:QUANT]" names, or what lies at an address. False when it is neither."""
        if is_address(text.strip()):
            self._begin(text.strip(), "")
            return True
        repository, _, quantization = text.strip().partition(":")
        owner, slash, name = repository.partition("/")
        if not (owner and slash and name) or "/" in name or any(mark.isspace() for mark in text.strip()):
            return False
        self._begin(repository, quantization)
        return True

    def pause(self, key: tuple[str, str]) -> None:
        download = self.downloads.get(key)
        if download is None or not download.under_way:
            return
        if download.job:
            self._desk.cancel(download.job)
        else:
            self._desk.pause_download(*key)

    def resume(self, key: tuple[str, str]) -> None:
        if key in self.downloads and not self.downloads[key].under_way:
            self._begin(*key)

    def pause_all(self) -> None:
        self._desk.pause_downloads()

    def resume_all(self) -> None:
        self._desk.resume_downloads()

    def may_ask_mirrors(self, download: Download) -> bool:
        """Whether others than the hub, which did not answer, might have it."""
        settings, failure = self._desk.settings, download.failure
        if failure is None or is_address(download.repository):
            return False
        return might_help(failure.code, settings.endpoint, settings.mirrors)

    def ask_mirrors(self, key: tuple[str, str]) -> None:
        """Allows the usual mirrors from now on, and tries again."""
        settings = self._desk.settings
        self._desk.change_settings(replace(settings, mirrors=(*settings.mirrors, USUAL_ONES)))
        self.resume(key)

    def discard(self, key: tuple[str, str]) -> None:
        """Takes a download out of the queue and deletes what was fetched of it."""
        if key not in self.downloads:
            return
        del self.downloads[key]
        self._desk.discard_download(*key)
        self.downloads_changed.emit()

    def move(self, key: tuple[str, str], position: int) -> None:
        """To that place in the queue, counted from 0."""
        order = list(self.downloads)
        if key not in order or not 0 <= position < len(order) or order[position] == key:
            return
        order.remove(key)
        order.insert(position, key)
        self.downloads = {each: self.downloads[each] for each in order}
        self._desk.move_download(*key, position)
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
        elif isinstance(event, DownloadsListed):
            self._listed(event)
        elif isinstance(event, DownloadPlanned):
            self._planned(event)
        elif isinstance(
            event, DownloadProgressed | DownloadVerified | JobCancelled | JobFailed | JobFinished
        ):
            self._changed(event)

    def _listed(self, event: DownloadsListed) -> None:
        """The queue as it is. What was begun here just now may not stand in it yet."""
        before = self.downloads
        by_job = {download.job: download for download in before.values() if download.job}
        after: dict[tuple[str, str], Download] = {}
        for each in event.downloads:
            known = by_job.pop(JobId(each.job), None) or before.get((each.repository, each.quantization))
            job, state = JobId(each.job), each.state
            # Progress says more than the list: a transfer that verifies counts as fetching there.
            if known is not None and known.job == job and state is TransferState.FETCHING:
                state = known.state if known.state is TransferState.VERIFYING else state
            after[each.repository, each.quantization] = Download(
                job,
                each.repository,
                each.quantization,
                state,
                each.total_bytes,
                known.progress if known is not None and known.job == job else None,
                each.failure,
                each.hold,
                each.done_bytes,
                is_listed=True,
            )
        for each in before.values():
            if each.job in by_job and each.state is TransferState.QUEUED and not each.is_listed:
                after.setdefault(each.key, each)
        self.downloads = after
        self.downloads_changed.emit()

    def _planned(self, event: DownloadPlanned) -> None:
        """The plan names the quantisation that was taken where none was asked for."""
        plan = event.plan
        known = next((item for item in self.downloads.values() if item.job == event.job), None)
        state = known.state if known else TransferState.QUEUED
        listed = known is not None and known.is_listed
        download = Download(
            event.job, plan.repository, plan.quantization, state, plan.size_bytes, is_listed=listed
        )
        if known is not None and known.key != download.key:
            del self.downloads[known.key]
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
