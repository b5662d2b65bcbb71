"""Models that other programs hold: found when asked for, used where they lie."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from engine.download.library_values import HF_CACHE, LM_STUDIO, OLLAMA, KnownModel
from gui.models.library_model import LibraryModel
from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button, Card
from gui.widgets.labels import ElidedLine, Text
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View


class ImportView(View):
    """Two buttons, and what they have found."""

    rebuilt = Signal()  # its rows are new ones

    def __init__(self, model: LibraryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._shown: tuple[KnownModel, ...] = ()
        self._rows: list[QWidget] = []
        self._head = Text("", "heading")
        self._words = Text("", "muted")
        self._look, self._folder, self._all = Button(), Button(), Button()
        self._state = Text("", "muted")
        self._card = Card()
        self._refused = SentenceLabel("muted")
        self._failure = SentenceLabel("danger")
        self._arrange()
        self._look.clicked.connect(self._look_around)
        self._folder.clicked.connect(self._ask_folder)
        self._all.clicked.connect(self._take_all)
        model.look_changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        self._head.setText(self.tr("From other programs"))
        self._words.setText(
            self.tr(
                "Models of LM Studio, Ollama, the Hugging Face cache or any folder can be used where they"
                " lie. They are not copied, changed or deleted."
            )
        )
        self._look.word(self.tr("Look for them"))
        self._folder.word(self.tr("Look in a folder…"))
        self._all.word(self.tr("Use all of them"))
        self._build()
        self._show()

    def _arrange(self) -> None:
        buttons = in_line(self._look, self._folder, self._all, gap=10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._head)
        column.addWidget(self._words)
        column.addLayout(buttons)
        for widget in (self._state, self._card, self._refused, self._failure):
            column.addWidget(widget)

    def _show(self) -> None:
        look = self._model.look
        found = look.found if look else ()
        if found != self._shown:
            self._build()
        nothing = look is not None and not found and not self._model.is_looking
        self._state.setText(
            self.tr("Nothing was found that is not in the list already.") if nothing else self.tr("looking…")
        )
        self._state.setVisible(nothing or self._model.is_looking)
        self._all.show_when(len(found) > 1)
        self._card.setVisible(bool(found))
        self._refused.show_sentences(*(look.refused if look else ()))
        self._failure.show_sentences(*([self._model.failure] if self._model.failure else []))

    def _build(self) -> None:
        for row in self._rows:
            if row.isAncestorOf(self.focusWidget()):
                self._look.setFocus()
            row.hide()
            row.deleteLater()
        self._rows = []
        self._shown = self._model.look.found if self._model.look else ()
        for model in self._shown:
            self._rows.append(self._row(model))
            self._card.column.addWidget(self._rows[-1])
        self.rebuilt.emit()

    def _row(self, model: KnownModel) -> QWidget:
        name = f"{model.name} · {model.quantization}".removesuffix(" · ")
        row, take = QWidget(), Button()
        take.word(self.tr("Use it from there"))
        take.setAccessibleName(self.tr("Use {model} where it lies").format(model=name))
        take.clicked.connect(partial(self._model.take_in, (model,)))
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(ElidedLine(name, "strong"))
        facts = f"{format_bytes(model.size_bytes)} · {self._keeper(model.source)}"
        words.addWidget(ElidedLine(facts, "muted"))
        words.addWidget(ElidedLine(model.path, "muted"))
        line = QHBoxLayout(row)
        line.setContentsMargins(4, 6, 4, 6)
        line.addLayout(words, 1)
        line.addWidget(take)
        return row

    def _keeper(self, source: str) -> str:
        names = {LM_STUDIO: "LM Studio", OLLAMA: "Ollama", HF_CACHE: self.tr("Hugging Face cache")}
        return names.get(source, self.tr("a folder"))

    def _look_around(self) -> None:
        self._model.look_around()

    def _take_all(self) -> None:
        self._model.take_in(self._shown)

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Look for models in"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._model.look_around)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
