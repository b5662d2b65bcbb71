"""Rows of the models page: an installed model, a download."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.catalog.model import InstalledModel
from engine.download.values import TransferState
from gui.models.model import Download
from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button, IconButton
from gui.widgets.download_view import DownloadView
from gui.widgets.labels import ElidedLine
from gui.widgets.places import host_of_model, model_words, place_of_model
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View


class ModelRow(View):
    """Name, quantisation, size, how far it is trusted, where it lies; and a button to use it."""

    chosen = Signal(object)  # engine.catalog.model.InstalledModel

    def __init__(self, model: InstalledModel, in_use: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._in_use = in_use
        self._name = ElidedLine(model_words(model), "strong")
        self._facts = ElidedLine("", "muted")
        self._path = ElidedLine(place_of_model(model), "muted")
        self._use = Button()
        words = QVBoxLayout()
        words.setSpacing(3)
        for label in (self._name, self._facts, self._path):
            words.addWidget(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 6, 4, 6)
        row.setSpacing(16)
        row.addLayout(words, 1)
        row.addWidget(self._use)
        self._use.clicked.connect(self._pressed)
        self.retranslate()

    def retranslate(self) -> None:
        self._facts.setText(self._fact_words())
        self._use.word(self.tr("In use") if self._in_use else self.tr("Use"))
        self._use.setAccessibleName(self.tr("Use {model}").format(model=model_words(self._model)))
        self._use.setEnabled(not self._in_use)

    def _fact_words(self) -> str:
        model, host = self._model, host_of_model(self._model)
        if host:
            return self.tr("computes at {host}; what you write is sent there").format(host=host)
        facts = [format_bytes(model.size_bytes), self._source_words()]
        facts.append(self.tr("checksum verified") if model.verified else self.tr("not verified"))
        return " · ".join(facts)

    def _source_words(self) -> str:
        words = {"starter": self.tr("came with Deskside"), "hub": self._model.repository}
        return words.get(self._model.source, "") or self.tr("opened from a file")

    def _pressed(self) -> None:
        self.chosen.emit(self._model)


class DownloadRow(View):
    """A download with its buttons; told its state again and again."""

    pause_wanted = Signal(object)  # (repository, quantization)
    resume_wanted = Signal(object)
    discard_wanted = Signal(object)

    def __init__(self, theme: ThemeSource, download: Download, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._download = download
        self._name = ElidedLine("", "strong")
        self._bar = DownloadView()
        self._failure = SentenceLabel("danger")
        self._pause = IconButton(theme, "pause", "")
        self._resume = IconButton(theme, "play", "")
        self._discard = IconButton(theme, "trash", "")
        buttons = QHBoxLayout()
        for button in (self._pause, self._resume, self._discard):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 6, 4, 6)
        for widget in (self._name, self._bar, self._failure):
            column.addWidget(widget)
        column.addLayout(buttons)
        self._pause.clicked.connect(self._ask_pause)
        self._resume.clicked.connect(self._ask_resume)
        self._discard.clicked.connect(self._ask_discard)
        self.retranslate()

    def show_download(self, download: Download) -> None:
        self._download = download
        self._name.setText(f"{download.repository}:{download.quantization}".removesuffix(":"))
        self._failure.show_sentences(*([download.failure] if download.failure else []))
        self._pause.show_when(download.under_way)
        self._resume.show_when(not download.under_way)
        self._discard.show_when(not download.under_way)
        self._show_bar()

    def retranslate(self) -> None:
        self._pause.word(self.tr("Pause"))
        self._resume.word(self.tr("Resume"))
        self._discard.word(self.tr("Discard"), self.tr("Deletes what was fetched so far."))
        self.show_download(self._download)

    def _show_bar(self) -> None:
        download, news = self._download, self._download.progress
        done = news.done_bytes if news else 0
        total = news.total_bytes if news else download.total_bytes
        if download.state is TransferState.QUEUED:
            self._bar.show_waiting(self.tr("asking the hub…"))
        elif download.state is TransferState.VERIFYING:
            self._bar.show_paused(done, total, self.tr("verifying…"))
        elif not download.under_way:
            failed = download.state is TransferState.FAILED
            self._bar.show_paused(done, total, self.tr("failed") if failed else self.tr("paused"))
        elif news is not None:
            left, waiting = news.seconds_left, bool(news.waiting_for)
            self._bar.show_progress(done, total, news.speed_bytes_per_second, left, news.file, waiting)
        else:
            self._bar.show_paused(0, total, "")

    def _ask_pause(self) -> None:
        self.pause_wanted.emit(self._download.key)

    def _ask_resume(self) -> None:
        self.resume_wanted.emit(self._download.key)

    def _ask_discard(self) -> None:
        self.discard_wanted.emit(self._download.key)
