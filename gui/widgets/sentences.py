"""Sentences of the engine in the language of the window."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget

from engine.messages import TEMPLATES, Sentence, fill
from gui.widgets.labels import Text

CONTEXT = "messages"  # of the translation file
_COMMAND: Final = re.compile("`([^`]*)`")  # words for a command line, marked as a terminal shows them


def translate(sentence: Sentence) -> str:
    """The sentence in the language of the window, English where it has no translation.

    Commands stand in quotes; what the values hold stays as it is.
    """
    template = QCoreApplication.translate(CONTEXT, TEMPLATES[sentence.code])
    return fill(_COMMAND.sub(r"“\1”", template), sentence.values)


def translate_all(sentences: tuple[Sentence, ...]) -> str:
    """Several sentences, one a line."""
    return "\n".join(translate(sentence) for sentence in sentences)


class SentenceLabel(Text):
    """Shows sentences of the engine; hidden while there are none. `wording` adds what only a page knows."""

    def __init__(
        self,
        kind: str = "",
        parent: QWidget | None = None,
        wording: Callable[[Sentence], str] = translate,
    ) -> None:
        super().__init__("", kind, parent)
        self._wording = wording
        self._sentences: tuple[Sentence, ...] = ()
        self.hide()

    def show_sentences(self, *sentences: Sentence) -> None:
        self._sentences = sentences
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._write()

    def _write(self) -> None:
        self.setText("\n".join(map(self._wording, self._sentences)))
        self.setVisible(bool(self._sentences))
