"""What is typed and not sent, by conversation: kept while one types, and found again after a restart."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from engine.events import DraftsListed, Event
from engine.jobs.desk import Desk

_KEEP_MS: Final = 600  # after the last key


class Drafts(QObject):
    came = Signal()  # those of an earlier start

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._texts: dict[int | None, str] = {}
        self._kept: dict[int | None, str] = {}  # as it is on disk
        self._timer = QTimer(self, singleShot=True, interval=_KEEP_MS)
        self._timer.timeout.connect(self.keep)
        self._job = desk.list_drafts()

    def of(self, conversation_id: int | None) -> str:
        return self._texts.get(conversation_id, "")

    def note(self, conversation_id: int | None, text: str) -> None:
        """It is that now; on disk soon."""
        if text != self._texts.get(conversation_id, ""):
            self._texts[conversation_id] = text
            self._timer.start()

    def keep(self) -> None:
        """At once: also before the window closes."""
        self._timer.stop()
        for conversation_id, text in self._texts.items():
            if text != self._kept.get(conversation_id, ""):
                self._kept[conversation_id] = text
                self._desk.keep_draft(conversation_id, text)

    def on_event(self, event: Event) -> None:
        if isinstance(event, DraftsListed) and event.job == self._job:
            self._kept = dict(event.drafts)
            # What was typed meanwhile is newer.
            self._texts = {**self._kept, **{key: text for key, text in self._texts.items() if text}}
            self.came.emit()
