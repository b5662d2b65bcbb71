"""A row of the models page: an installed model, how far it is trusted, and what can be done with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from engine.catalog.model import InstalledModel
from engine.download.library_values import HF_CACHE, LM_STUDIO, OLLAMA, LibraryEntry, Standing
from gui.models.library_model import LibraryModel
from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button, IconButton
from gui.widgets.download_view import DownloadView
from gui.widgets.labels import ElidedLine
from gui.widgets.places import host_of_model, model_words, place_of_model
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View


class ModelRow(View):
    """Name, quantisation, size, standing, where it lies; a button to use it and a menu to keep it."""

    chosen = Signal(object)  # engine.catalog.model.InstalledModel
    loading_wanted = Signal(object)  # the same: how it is loaded

    def __init__(
        self,
        model: InstalledModel,
        in_use: bool,
        library: LibraryModel,
        theme: ThemeSource,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._in_use = in_use
        self._library = library
        self._entry: LibraryEntry | None = library.entries.get(model.path)
        self._name = ElidedLine(model_words(model), "strong")
        self._facts = ElidedLine("", "muted")
        self._path = ElidedLine(place_of_model(model), "muted")
        self._reading = DownloadView()
        self._failure = SentenceLabel("danger")
        self._use = Button()
        self._stop = Button()
        self._more = IconButton(theme, "more")
        self._menu = QMenu(self)
        self._more.setMenu(self._menu)
        self._arrange()
        self._use.clicked.connect(self._pressed)
        self._stop.clicked.connect(self._stop_pressed)
        self._menu.aboutToShow.connect(self._fill_menu)
        library.read.connect(self._read)
        self.retranslate()

    def retranslate(self) -> None:
        name = model_words(self._model)
        self._facts.setText(self._fact_words())
        self._use.word(self.tr("In use") if self._in_use else self.tr("Use"))
        self._use.setAccessibleName(self.tr("Use {model}").format(model=name))
        self._use.setEnabled(not self._in_use)
        self._use.setVisible(self._entry is None or self._entry.standing is Standing.READY)
        self._stop.word(self.tr("Stop"))
        self._stop.setAccessibleName(self.tr("Stop working on {model}").format(model=name))
        self._more.name(self.tr("More for {model}").format(model=name))
        self._more.setVisible(self._entry is not None)
        self._show_work()

    def _arrange(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(3)
        for widget in (self._name, self._facts, self._path, self._reading, self._failure):
            words.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 6, 4, 6)
        row.setSpacing(10)
        row.addLayout(words, 1)
        for button in (self._stop, self._use, self._more):
            row.addWidget(button)

    # words
    def _fact_words(self) -> str:
        model, host = self._model, host_of_model(self._model)
        if host:
            return self.tr("computes at {host}; what you write is sent there").format(host=host)
        facts = (format_bytes(model.size_bytes), self._source_words(), self._standing_words())
        return " · ".join(filter(None, facts))

    def _source_words(self) -> str:
        words = {
            "starter": self.tr("came with Deskside"),
            "hub": self._model.repository or self.tr("from an address"),
            LM_STUDIO: self.tr("kept by LM Studio"),
            OLLAMA: self.tr("kept by Ollama"),
            HF_CACHE: self.tr("in the Hugging Face cache"),
        }
        return words.get(self._model.source, "") or self.tr("opened from a file")

    def _standing_words(self) -> str:
        entry = self._entry
        if entry is not None and entry.standing is Standing.CHANGED:
            return self.tr("changed since; verify it or get it again")
        if entry is not None and entry.standing is Standing.MISSING:
            return self.tr("its files are not there")
        if self._model.source == "starter":
            return ""  # verified as a part of the installation
        if not self._model.verified:
            return self.tr("not verified")
        if entry is None or not entry.verified_at:
            return self.tr("checksum verified")
        moment = QDateTime.fromSecsSinceEpoch(int(entry.verified_at))
        day = QLocale().toString(moment.date(), QLocale.FormatType.ShortFormat)
        return self.tr("checksum verified on {day}").format(day=day)

    # work that goes on
    def _read(self, path: str) -> None:
        if path == self._model.path:
            self._show_work()

    def _show_work(self) -> None:
        path = self._model.path
        busy, news = self._library.is_at_work(path), self._library.reading.get(path)
        self._reading.setVisible(busy)
        self._stop.show_when(busy)
        if busy and news is None:
            self._reading.show_waiting("")
        elif busy and news is not None:
            words = self.tr("copying…") if news.copying else self.tr("comparing checksums…")
            self._reading.show_paused(news.done_bytes, news.total_bytes, words)
        failure = self._library.failures.get(path)
        self._failure.show_sentences(*([failure] if failure else []))

    # the menu
    def _fill_menu(self) -> None:
        menu, entry, path = self._menu, self._entry, self._model.path
        menu.clear()
        if entry is None:
            return
        busy = self._library.is_at_work(path)
        if entry.standing is Standing.READY:
            menu.addAction(self.tr("How it is loaded…")).triggered.connect(self._loading_pressed)
        if entry.standing is not Standing.MISSING:
            menu.addAction(self.tr("Verify again")).triggered.connect(lambda: self._library.verify(path))
        if self._model.repository and entry.is_ours and entry.standing is not Standing.READY:
            again = menu.addAction(self.tr("Download again"))
            again.triggered.connect(lambda: self._library.fetch_again(path))
        if entry.is_ours:
            menu.addAction(self.tr("Move to another folder…")).triggered.connect(self._ask_folder)
        menu.addAction(self.tr("Show in its folder")).triggered.connect(self._show_folder)
        menu.addSeparator()
        words = self.tr("Delete") if entry.is_ours else self.tr("Take off the list (its files stay)")
        menu.addAction(words).triggered.connect(lambda: self._library.remove(path))
        for action in menu.actions():
            action.setEnabled(not busy)

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Move {model} to").format(model=self._model.name))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._move_to)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _move_to(self, folder: str) -> None:
        self._library.move(self._model.path, folder)

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._model.path).parent)))

    def _pressed(self) -> None:
        self.chosen.emit(self._model)

    def _loading_pressed(self) -> None:
        self.loading_wanted.emit(self._model)

    def _stop_pressed(self) -> None:
        self._library.cancel(self._model.path)
