"""What the side bar says of downloads: one short line, whichever page is shown."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from engine.download.values import DownloadProgress, QueuedDownload, TransferState
from engine.events import DownloadProgressed, DownloadsListed, Event
from gui.widgets.bytes_text import format_seconds

_AT_WORK = (TransferState.FETCHING, TransferState.VERIFYING)


class DownloadStatus(QObject):
    """Views redraw on `changed` and ask for the words in the language of the moment."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue: tuple[QueuedDownload, ...] = ()
        self._progress: DownloadProgress | None = None

    def on_event(self, event: Event) -> None:
        if isinstance(event, DownloadsListed):
            self._queue = event.downloads
            if not any(each.state in _AT_WORK for each in self._queue):
                self._progress = None
        elif isinstance(event, DownloadProgressed) and event.progress.state in _AT_WORK:
            self._progress = replace(event.progress, file="")
        else:
            return
        self.changed.emit()

    def words(self) -> str:
        """ "" while there is nothing to say."""
        if not self._queue:
            return ""
        if self._progress is not None:
            return self._moving(self._progress)
        waiting = [each for each in self._queue if each.state is TransferState.QUEUED]
        if any(each.hold for each in waiting):
            return self.tr("Downloads waiting")
        if waiting:
            return self.tr("Starting a download…")
        if any(each.state is TransferState.FAILED for each in self._queue):
            return self.tr("A download failed")
        return self.tr("Downloads paused")

    def _moving(self, news: DownloadProgress) -> str:
        percent = int(100 * news.done_bytes / news.total_bytes) if news.total_bytes else 0
        if news.state is TransferState.VERIFYING:
            return self.tr("Verifying the download…")
        if news.waiting_for:
            return self.tr("{percent} %, waiting").format(percent=percent)
        if news.seconds_left is None:
            return self.tr("Downloading, {percent} %").format(percent=percent)
        left = format_seconds(news.seconds_left)
        return self.tr("{percent} %, {time} left").format(percent=percent, time=left)
