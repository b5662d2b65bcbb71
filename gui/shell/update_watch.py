"""Looks for new versions where that is wanted, tells of one, and has its installer fetched on request."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from engine.events import (
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    UpdateFetched,
    UpdateProgressed,
    UpdateSeen,
)
from engine.jobs.desk import Desk
from gui.shell.banners import BannerArea
from gui.shell.update_banner import UpdateBanner
from gui.widgets.theme import ThemeSource

if TYPE_CHECKING:  # what fetches them is not needed for the window to come up
    from engine.jobs.updates import Outlook

_HOUR_MS = 3_600_000  # the desk asks once a day, however often it is told to look
_QUIET = ("release_silent", "release_no_place")  # no network, say: the settings tell of it


class UpdateWatch(QObject):
    def __init__(
        self, desk: Desk, banners: BannerArea, theme: ThemeSource, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._banners = banners
        self._theme = theme
        self._told = ""  # the version that a banner was shown for
        self._fetching: JobId | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(desk.look_for_update)

    def begin(self) -> None:
        """The window has come up."""
        self._desk.look_for_update()
        self._timer.start(_HOUR_MS)

    def on_event(self, event: Event) -> None:
        if isinstance(event, UpdateSeen):
            self._seen(event)
        elif self._fetching is None or event.job != self._fetching:
            return
        elif isinstance(event, UpdateProgressed):
            if (banner := self._banners.update_banner()) is not None:
                banner.show_progress(event.progress)
        elif isinstance(event, UpdateFetched | JobFailed | JobCancelled | JobFinished):
            self._ended(event)

    def _seen(self, event: UpdateSeen) -> None:
        if not self._desk.settings.look_for_updates:
            return
        if event.failure is not None and event.failure.code not in _QUIET:
            self._banners.failure(event.failure)
        newer = event.outlook.newer
        if newer is not None and newer.version != self._told:
            self._told = newer.version
            self._tell(event.outlook)

    def _tell(self, outlook: Outlook) -> None:
        if (earlier := self._banners.update_banner()) is not None:
            if earlier.fetching:
                return  # of the version before: it is told of at the next start
            self._banners.take_away(earlier)
        banner = UpdateBanner(self._theme, outlook)
        banner.remedy.connect(self._pressed)
        banner.closed.connect(self._stop)
        self._banners.add(banner)

    def _pressed(self) -> None:
        banner = self._banners.update_banner()
        if banner is None:
            return
        if banner.fetched is not None:
            folder = str(Path(banner.fetched.path).parent)
            QDesktopServices.openUrl(QUrl.fromLocalFile(folder))
        elif banner.fetching:
            self._stop()
        else:
            self._fetching = self._desk.fetch_update()
            banner.begin()

    def _stop(self) -> None:
        if self._fetching is not None:
            self._desk.cancel(self._fetching)

    def _ended(self, event: Event) -> None:
        self._fetching = None
        banner = self._banners.update_banner()
        if banner is None:
            return  # it was closed meanwhile
        if isinstance(event, UpdateFetched):
            banner.end(event.fetched)
        else:
            banner.end(failure=event.message if isinstance(event, JobFailed) else None)
