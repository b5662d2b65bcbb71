"""Whether new versions are looked for, and what was found last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.events import Event, JobFailed, JobId, UpdateSeen
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.widgets.labels import Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.update_switch import UpdateSwitch
from gui.widgets.view import LINE_TOP, View

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.updates import Outlook


class UpdateSettings(View):
    changed = Signal()  # the settings

    def __init__(self, desk: Desk, bridge: EngineBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: JobId | None = None
        self._outlook: Outlook | None = None
        self._switch = UpdateSwitch()
        self._state, self._failure = Text("", "muted"), SentenceLabel("danger")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, LINE_TOP, 0, 0)
        column.setSpacing(8)
        for widget in (self._switch, self._state, self._failure):
            column.addWidget(widget)
        self._switch.switched.connect(self._switched)
        bridge.event_arrived.connect(self.on_event)
        self.retranslate()

    def enter(self) -> None:
        """The page is shown."""
        self._job = self._desk.look_for_update()

    def retranslate(self) -> None:
        outlook = self._outlook
        self._switch.show_state(self._desk.settings.look_for_updates, outlook.host if outlook else "")
        self._state.setText(self._state_words(outlook) if outlook else "")
        self._state.setVisible(bool(self._state.text()))

    def on_event(self, event: Event) -> None:
        if isinstance(event, UpdateSeen):
            self._outlook = event.outlook
            self._failure.show_sentences(*([event.failure] if event.failure else []))
            self.retranslate()
        elif isinstance(event, JobFailed) and event.job == self._job:
            self._failure.show_sentences(event.message)

    def _switched(self, on: bool) -> None:
        self._desk.change_settings(replace(self._desk.settings, look_for_updates=on))
        self.changed.emit()
        self._failure.show_sentences()
        self.enter()

    def _state_words(self, outlook: Outlook) -> str:
        if not outlook.asked_at:
            return self.tr("Never asked so far.") if outlook.possible else ""
        moment = QDateTime.fromSecsSinceEpoch(int(outlook.asked_at))
        when = QLocale().toString(moment, QLocale.FormatType.ShortFormat)
        if outlook.newer is None:
            return self.tr("Asked last: {when}. No version newer than {version} is known.").format(
                when=when, version=outlook.version
            )
        return self.tr("Asked last: {when}. Deskside {newer} is available; this is {version}.").format(
            when=when, newer=outlook.newer.version, version=outlook.version
        )
