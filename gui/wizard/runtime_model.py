"""What the wizard knows of runtimes: cards that one is needed for, and the fetching of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, Signal

from engine.download.values import DownloadProgress
from engine.events import Event, JobCancelled, JobFailed, JobId, RuntimeProgressed, RuntimesListed
from engine.hardware.report import GpuInfo, HardwareReport
from engine.jobs.desk import Desk
from engine.messages import Sentence

_UNUSED: Final = ("gpu_engine_cpu_only", "gpu_not_listed")  # reasons that a runtime may take away


class RuntimeModel(QObject):
    """Views call the methods, read the attributes and redraw on `changed`."""

    changed = Signal()
    installed = Signal()  # one that passed its trial: what the check found counts no more

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: JobId | None = None
        self.cards: tuple[GpuInfo, ...] = ()  # that no model computes on for want of a runtime
        self.published = ""  # where this version says that runtimes are; "" for nowhere
        self.progress: DownloadProgress | None = None
        self.failure: Sentence | None = None

    @property
    def place(self) -> str:
        return self._desk.settings.runtimes_from

    @property
    def fetching(self) -> bool:
        return self._job is not None

    def look_at(self, report: HardwareReport | None) -> None:
        """A check has ended, or has begun anew (None)."""
        gpus = report.gpus if report is not None else ()
        self.cards = tuple(gpu for gpu in gpus if gpu.reason is not None and gpu.reason.code in _UNUSED)
        if self.cards:
            self._desk.list_runtimes()
        self.changed.emit()

    def fetch(self, place: str) -> None:
        """From there; "" is where they are published."""
        if self.fetching:
            return
        self.failure = self.progress = None
        self._job = self._desk.add_runtime(place)
        self.changed.emit()

    def stop(self) -> None:
        if self._job is not None:
            self._desk.cancel(self._job)

    def keep_place(self, place: str) -> None:
        settings = replace(self._desk.settings, runtimes_from=place)
        if settings != self._desk.settings:
            self._desk.change_settings(settings)

    def on_event(self, event: Event) -> None:
        if isinstance(event, RuntimesListed):
            self.published = event.published
        if self._job is None or event.job != self._job:
            if isinstance(event, RuntimesListed):
                self.changed.emit()
            return
        if isinstance(event, RuntimeProgressed):
            self.progress = event.progress
        elif isinstance(event, RuntimesListed):
            self._job, self.cards = None, ()
        elif isinstance(event, JobFailed | JobCancelled):
            self._job = None
            self.failure = event.message if isinstance(event, JobFailed) else None
        self.changed.emit()
        if isinstance(event, RuntimesListed):
            self.installed.emit()
