"""Where the popular guide would mislead somebody, folded away until it is asked for."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.planning.plan import GuideNote
from gui.widgets.controls import IconButton
from gui.widgets.labels import Text
from gui.widgets.sentences import translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View


class GuideNotes(View):
    """A button that unfolds the notes, each with its sources."""

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notes: tuple[GuideNote, ...] = ()
        self._button = IconButton(theme, "chevron")
        self._button.setCheckable(True)
        self._words = Text("", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._button)
        column.addWidget(self._words)
        self._button.toggled.connect(self._words.setVisible)
        self._words.hide()
        self.retranslate()

    def show_notes(self, notes: tuple[GuideNote, ...]) -> None:
        self._notes = notes
        self.setVisible(bool(notes))
        self.retranslate()

    def retranslate(self) -> None:
        self._button.word(self.tr("What a widely copied guide gets wrong"))
        source = self.tr("Source: {source}")
        self._words.setText(
            "\n\n".join(
                f"{translate(note.message)}\n{source.format(source='; '.join(note.sources))}"
                for note in self._notes
            )
        )
