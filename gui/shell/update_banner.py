"""The banner of a newer version: its notes, the fetch of its installer, and what to do with that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.download.values import DownloadProgress
from engine.messages import Sentence
from gui.shell.banner import Banner
from gui.widgets.bytes_text import format_bytes
from gui.widgets.sentences import translate
from gui.widgets.theme import ThemeSource

if TYPE_CHECKING:  # what fetches them is not needed for the window to come up
    from engine.jobs.updates import Fetched, Outlook

_MOST_LINES = 8  # of its notes
_LONGEST_LINE = 160


class UpdateBanner(Banner):
    def __init__(self, theme: ThemeSource, outlook: Outlook) -> None:
        super().__init__(theme, "notice")
        self.outlook = outlook
        self.fetching = False
        self.fetched: Fetched | None = None
        self._progress: DownloadProgress | None = None
        self._failure: Sentence | None = None
        self.retranslate()

    def begin(self) -> None:
        self.fetching, self._failure, self._progress = True, None, None
        self.retranslate()

    def show_progress(self, progress: DownloadProgress) -> None:
        self._progress = progress
        self.retranslate()

    def end(self, fetched: Fetched | None = None, failure: Sentence | None = None) -> None:
        """It is here, or it failed, or (neither) it was stopped."""
        self.fetching, self.fetched, self._failure = False, fetched, failure
        self.retranslate()

    def words(self) -> str:
        newer = self.outlook.newer
        if self.fetched is not None:
            return translate(self.fetched.message)
        if newer is None:
            return ""
        if self.fetching:
            return self._progress_words(newer.version)
        lines = [
            self.tr("Deskside {newer} is available; this is {version}.").format(
                newer=newer.version, version=self.outlook.version
            ),
            *_shortened(newer.notes),
        ]
        if self.outlook.installer is None:
            lines.append(self.tr("Get it where you got this one from."))
        if self._failure is not None:
            lines.append(translate(self._failure))
        return "\n".join(lines)

    def remedy_words(self) -> str:
        if self.fetched is not None:
            return self.tr("Open the folder")
        if self.fetching:
            return self.tr("Stop")
        if self.outlook.installer is None:
            return ""
        return self.tr("Try again") if self._failure is not None else self.tr("Get it")

    def _progress_words(self, version: str) -> str:
        if self._progress is None:
            return self.tr("Deskside {newer} is being fetched…").format(newer=version)
        return self.tr("Deskside {newer} is being fetched: {done} of {total}").format(
            newer=version,
            done=format_bytes(self._progress.done_bytes),
            total=format_bytes(self._progress.total_bytes),
        )


def _shortened(notes: str) -> list[str]:
    lines = [
        line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in notes.splitlines()
    ]
    return lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "…"]
