"""Deleted models, for as long as they can be had back."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.models.library_model import LibraryModel
from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button
from gui.widgets.labels import ElidedLine, Text
from gui.widgets.rows import beside
from gui.widgets.tab_order import holds_focus
from gui.widgets.view import View


class TrashView(View):
    """Hidden while the trash is empty."""

    rebuilt = Signal()  # its rows are new ones
    emptied = Signal()  # the keyboard was in here, and nothing is left

    def __init__(self, model: LibraryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._keys: list[str] = []
        self._rows: list[QWidget] = []
        self._words = Text("", "muted")
        self._empty = Button()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addLayout(beside(self._words, self._empty))
        self._empty.clicked.connect(model.empty_trash)
        model.changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        self._keys = []
        self._empty.word(self.tr("Delete for good"))
        self._show()

    def _show(self) -> None:
        trash = self._model.trash
        size = format_bytes(sum(model.size_bytes for model in trash))
        self._words.setText(
            self.tr("In the trash: {size}. It is deleted for good after a week.").format(size=size)
        )
        if [model.key for model in trash] != self._keys:
            self._build()
        self.setVisible(bool(trash))

    def _build(self) -> None:
        held = holds_focus((self,))
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows, self._keys = [], [model.key for model in self._model.trash]
        for model in self._model.trash:
            name = f"{model.name} · {model.quantization}".removesuffix(" · ")
            row, back = QWidget(), Button()
            back.word(self.tr("Put back"))
            back.setAccessibleName(self.tr("Put {model} back").format(model=name))
            back.clicked.connect(partial(self._model.restore, model.key))
            line = QHBoxLayout(row)
            line.setContentsMargins(4, 0, 4, 0)
            line.addWidget(ElidedLine(f"{name} · {format_bytes(model.size_bytes)}"), 1)
            line.addWidget(back)
            self._column.addWidget(row)
            self._rows.append(row)
        self.rebuilt.emit()
        if held and not self._rows:
            self.emptied.emit()
