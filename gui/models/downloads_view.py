"""The queue of downloads, topmost first; rows change places by dragging or with the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.models.download_row import DownloadRow
from gui.models.model import ModelsModel
from gui.widgets.controls import Card, IconButton
from gui.widgets.labels import Text
from gui.widgets.rows import beside
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View


class DownloadsView(View):
    """Hidden while the queue is empty."""

    rebuilt = Signal()  # rows came, went or changed places

    def __init__(self, model: ModelsModel, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._rows: dict[tuple[str, str], DownloadRow] = {}
        self._order: list[tuple[str, str]] = []  # as the rows are shown, while one is dragged too
        self._dragged: tuple[str, str] | None = None
        self._head = Text("", "heading")
        self._pause, self._resume = IconButton(theme, "pause", ""), IconButton(theme, "play", "")
        self._card = Card()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addLayout(beside(self._head, self._pause, self._resume, gap=10))
        column.addWidget(self._card)
        self._pause.clicked.connect(model.pause_all)
        self._resume.clicked.connect(model.resume_all)
        model.downloads_changed.connect(self._show)
        self.retranslate()
        self._show()

    def retranslate(self) -> None:
        self._head.setText(self.tr("Downloads"))
        self._pause.word(self.tr("Pause all"))
        self._resume.word(self.tr("Resume all"))

    def _show(self) -> None:
        wanted = self._model.downloads
        for key in [key for key in self._rows if key not in wanted]:
            row = self._rows.pop(key)
            if row.isAncestorOf(self.focusWidget()):
                self.focusNextChild()
            row.hide()
            row.deleteLater()
        for key, download in wanted.items():
            if key not in self._rows:
                self._rows[key] = self._row(key)
            may = self._model.may_ask_mirrors(download)
            self._rows[key].show_download(download, len(wanted) == 1, may)
        if self._dragged is None and self._order != list(wanted):
            self._lay_out(list(wanted))
            self.rebuilt.emit()
        at_work = [download.under_way for download in wanted.values()]
        self._pause.show_when(len(wanted) > 1 and any(at_work))
        self._resume.show_when(len(wanted) > 1 and not all(at_work))
        self.setVisible(bool(wanted))

    def _row(self, key: tuple[str, str]) -> DownloadRow:
        row = DownloadRow(self._theme, self._model.downloads[key])
        row.pause_wanted.connect(self._model.pause)
        row.resume_wanted.connect(self._model.resume)
        row.discard_wanted.connect(self._model.discard)
        row.mirrors_wanted.connect(self._model.ask_mirrors)
        row.grip.stepped.connect(self._step)
        row.grip.dragged.connect(self._drag)
        row.grip.dropped.connect(self._drop)
        self._card.column.addWidget(row)
        return row

    def _lay_out(self, order: list[tuple[str, str]]) -> None:
        self._order = order
        for place, key in enumerate(order):
            row = self._rows[key]
            if self._card.column.indexOf(row) != place:
                self._card.column.removeWidget(row)
                self._card.column.insertWidget(place, row)

    def _holder(self) -> tuple[str, str] | None:
        """The download whose handle sent the signal."""
        return next((key for key, row in self._rows.items() if row.grip is self.sender()), None)

    def _step(self, step: int) -> None:
        key = self._holder()
        if key is not None:
            self._model.move(key, self._order.index(key) + step)

    def _drag(self, height: int) -> None:
        """The rows make place while the mouse moves; the queue hears of it when it is let go."""
        key = self._holder()
        if key is None or key not in self._order:
            return
        self._dragged = key
        order = [each for each in self._order if each != key]
        middles = [self._middle(each) for each in order]
        place = sum(middle < height for middle in middles)
        order.insert(place, key)
        if order != self._order:
            self._lay_out(order)

    def _middle(self, key: tuple[str, str]) -> int:
        row = self._rows[key]
        return row.mapToGlobal(row.rect().center()).y()

    def _drop(self) -> None:
        key, self._dragged = self._dragged, None
        if key is not None and key in self._order and key in self._model.downloads:
            self._model.move(key, self._order.index(key))
        self._show()
