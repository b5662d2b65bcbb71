"""A download in the queue: how far it is, why it waits, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.download.queue import name_of
from engine.download.values import TransferState
from gui.models.model import Download
from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button, IconButton
from gui.widgets.download_view import DownloadView
from gui.widgets.grip import Grip
from gui.widgets.labels import ElidedLine
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View


class DownloadRow(View):
    """Told its state again and again."""

    pause_wanted = Signal(object)  # (repository, quantization)
    resume_wanted = Signal(object)
    discard_wanted = Signal(object)
    mirrors_wanted = Signal(object)

    def __init__(self, theme: ThemeSource, download: Download, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._download = download
        self._is_sure = False  # the button to discard was pressed once
        self.grip = Grip(theme)
        self._name = ElidedLine("", "strong")
        self._bar = DownloadView()
        self._words = SentenceLabel("muted")
        self._failure = SentenceLabel("danger")
        self._pause = IconButton(theme, "pause", "")
        self._resume = IconButton(theme, "play", "")
        self._discard = IconButton(theme, "trash", "")
        self._mirrors = Button()
        self._keep = Button()
        self._arrange()
        self._pause.clicked.connect(self._ask_pause)
        self._resume.clicked.connect(self._ask_resume)
        self._discard.clicked.connect(self._ask_discard)
        self._mirrors.clicked.connect(self._ask_mirrors)
        self._keep.clicked.connect(self._think_again)
        self.retranslate()

    @property
    def key(self) -> tuple[str, str]:
        return self._download.key

    def show_download(self, download: Download, alone: bool, may_ask_mirrors: bool = False) -> None:
        """`alone`: nothing else is in the queue to change places with. `may_ask_mirrors`: that might help."""
        self._mirrors.show_when(may_ask_mirrors)
        self._download = download
        name = name_of(download.repository, download.quantization)
        self._name.setText(name)
        self._words.show_sentences(*([download.hold] if download.hold else []))
        self._failure.show_sentences(*([download.failure] if download.failure else []))
        self._pause.show_when(download.under_way)
        self._resume.show_when(not download.under_way)
        self.grip.show_when(not alone)
        self.grip.name(self.tr("Order of {model}: drag, or press the arrow keys").format(model=name))
        for button, words in (
            (self._pause, self.tr("Pause {model}")),
            (self._resume, self.tr("Resume {model}")),
        ):
            button.setAccessibleDescription(words.format(model=name))
        self._show_bar()
        self._word_discard()

    def retranslate(self) -> None:
        self._pause.word(self.tr("Pause"))
        self._resume.word(self.tr("Resume"))
        self._keep.word(self.tr("Keep it"))
        self._mirrors.word(self.tr("Ask hf-mirror.com and ModelScope"))
        self.show_download(self._download, self.grip.isHidden(), not self._mirrors.isHidden())

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.grip)
        head.addWidget(self._name, 1)
        buttons = in_line(self._pause, self._resume, self._discard, self._keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 6, 4, 6)
        column.addLayout(head)
        for widget in (self._bar, self._words, self._failure):
            column.addWidget(widget)
        column.addLayout(in_line(self._mirrors))
        column.addLayout(buttons)

    def _show_bar(self) -> None:
        download, news = self._download, self._download.progress
        done = news.done_bytes if news else download.done_bytes
        total = news.total_bytes if news else download.total_bytes
        if download.state is TransferState.QUEUED:
            self._show_queued(done, total)
        elif download.state is TransferState.VERIFYING:
            self._bar.show_paused(done, total, self.tr("verifying…"))
        elif not download.under_way:
            failed = download.state is TransferState.FAILED
            self._bar.show_paused(done, total, self.tr("failed") if failed else self.tr("paused"))
        elif news is not None:
            left, waiting = news.seconds_left, bool(news.waiting_for)
            self._bar.show_progress(done, total, news.speed_bytes_per_second, left, news.file, waiting)
        else:
            self._bar.show_paused(done, total, "")

    def _show_queued(self, done: int, total: int) -> None:
        waits_for = self._download.progress.waiting_for if self._download.progress else ""
        words = {"turn": self.tr("waits for its turn"), "room": self.tr("waits for room on the disk")}
        if total:
            usual = "" if self._download.hold else words["turn"]
            self._bar.show_paused(done, total, words.get(waits_for, usual))
        else:
            self._bar.show_waiting(self.tr("asking the hub…"))

    def _word_discard(self) -> None:
        news = self._download.progress
        done = news.done_bytes if news else self._download.done_bytes
        if self._is_sure and done:
            self._discard.word(self.tr("Delete the {size} that are here").format(size=format_bytes(done)))
        else:
            self._discard.word(self.tr("Discard"), self.tr("Deletes what was fetched so far."))
        self._keep.show_when(self._is_sure)

    def _ask_pause(self) -> None:
        self.pause_wanted.emit(self._download.key)

    def _ask_resume(self) -> None:
        self.resume_wanted.emit(self._download.key)

    def _ask_mirrors(self) -> None:
        self.mirrors_wanted.emit(self._download.key)

    def _ask_discard(self) -> None:
        """What took hours to fetch is not deleted by one press."""
        news = self._download.progress
        if self._is_sure or not (news.done_bytes if news else self._download.done_bytes):
            self.discard_wanted.emit(self._download.key)
            return
        self._is_sure = True
        self._word_discard()

    def _think_again(self) -> None:
        self._is_sure = False
        self._discard.setFocus()
        self._word_discard()
