"""A report for somebody who helps, written where a person says and sent by nobody."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from engine.events import Event, JobCancelled, JobFailed, JobId, ReportMade
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.widgets.controls import Button
from gui.widgets.labels import Text
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View


class ReportSettings(View):
    def __init__(self, desk: Desk, bridge: EngineBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._job: JobId | None = None
        self._made: ReportMade | None = None
        self._button, self._words = Button(), Text("", "muted")
        self._outcome, self._failure = Text(), SentenceLabel("danger")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignLeft)
        for widget in (self._words, self._outcome, self._failure):
            column.addWidget(widget)
        self._button.clicked.connect(self._ask_place)
        bridge.event_arrived.connect(self.on_event)
        self.retranslate()

    def retranslate(self) -> None:
        self._button.word(self.tr("Make a report…"))
        self._words.setText(
            self.tr(
                "Logs and figures for somebody who helps: without chats, models and keys, and with names and"
                " addresses taken out. It stays on this machine; look through it before you send it."
            )
        )
        self._show()

    def on_event(self, event: Event) -> None:
        if self._job is None or event.job != self._job:
            return
        if isinstance(event, ReportMade):
            self._made = event
        elif isinstance(event, JobFailed):
            self._failure.show_sentences(event.message)
        if isinstance(event, ReportMade | JobFailed | JobCancelled):
            self._job = None
            self._show()

    def _show(self) -> None:
        words = self.tr("looking at folders, engine and devices…") if self._job is not None else ""
        if self._made is not None:
            words = self.tr("The report lies in {path}.").format(path=self._made.path)
            if self._made.wrong:
                wrong = self.tr("Lines that begin with BAD in its findings.txt: {count}.")
                words += " " + wrong.format(count=self._made.wrong)
        self._outcome.setText(words)
        self._outcome.setVisible(bool(words))
        self._button.setEnabled(self._job is None)

    def _ask_place(self) -> None:
        dialog = QFileDialog(self, self.tr("Where the report goes"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("*.zip")
        dialog.setDefaultSuffix("zip")
        dialog.setDirectory(str(Path.home()))
        dialog.selectFile(time.strftime("deskside-report-%Y%m%d-%H%M%S.zip"))
        dialog.fileSelected.connect(self._make)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _make(self, path: str) -> None:
        self._made = None
        self._failure.show_sentences()
        self._job = self._desk.make_report(path)
        self._show()
