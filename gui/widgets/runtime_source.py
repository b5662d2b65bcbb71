"""Where runtimes come from: a field for the place, a button that looks for a folder, and one that fetches."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button
from gui.widgets.labels import Text
from gui.widgets.rows import beside
from gui.widgets.view import View


class RuntimeSource(View):
    """Knows no engine: it is told where runtimes are published, what is under way, and how far that is."""

    wanted = Signal(str)  # to be fetched from there; "" for where they are published
    stopped = Signal()
    edited = Signal(str)  # the place was typed or chosen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._published = ""
        self._fetching = False
        self._done, self._total = 0, 0  # bytes
        self._field = QLineEdit()
        self._browse, self._fetch = Button(), Button()
        self._state = Text("", "muted")
        row = beside(self._field, self._browse, self._fetch, gap=10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._state)
        self._browse.clicked.connect(self._ask_folder)
        self._fetch.clicked.connect(self._pressed)
        self._field.returnPressed.connect(self._pressed)
        self._field.editingFinished.connect(lambda: self.edited.emit(self.place))
        self._field.textChanged.connect(self._word)
        self.retranslate()

    @property
    def place(self) -> str:
        return self._field.text().strip()

    def show_place(self, place: str) -> None:
        self._field.setText(place)

    def show_published(self, place: str) -> None:
        """Where this version says that runtimes are; "" for nowhere."""
        self._published = place
        self._word()

    def show_fetching(self, fetching: bool, done_bytes: int = 0, total_bytes: int = 0) -> None:
        self._fetching, self._done, self._total = fetching, done_bytes, total_bytes
        self._word()

    def retranslate(self) -> None:
        self._field.setAccessibleName(self.tr("Where runtimes come from"))
        self._browse.word(self.tr("Folder…"))
        self._word()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # A field passes Enter on, which would leave the page.
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _word(self) -> None:
        self._field.setPlaceholderText(self._published or self.tr("address or folder that offers runtimes"))
        self._fetch.word(self.tr("Stop") if self._fetching else self.tr("Fetch and try"))
        self._fetch.setEnabled(self._fetching or bool(self.place or self._published))
        self._state.setText(self._state_words())
        self._state.setVisible(self._fetching)

    def _state_words(self) -> str:
        if 0 < self._done < self._total:
            done, total = format_bytes(self._done), format_bytes(self._total)
            return self.tr("fetching, {done} of {total}…").format(done=done, total=total)
        return self.tr("fetching, checking and trying…")

    def _pressed(self) -> None:
        if self._fetching:
            self.stopped.emit()
        elif self._fetch.isEnabled():
            self.edited.emit(self.place)
            self.wanted.emit(self.place)

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder that offers runtimes"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._take_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_folder(self, folder: str) -> None:
        self._field.setText(folder)
        self.edited.emit(folder)
