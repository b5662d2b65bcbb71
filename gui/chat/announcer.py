"""Reads an answer out while it is written: whole sentences, and not more often than one can listen."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QWidget

from gui.widgets.announce import announce

EVERY_MS: Final = 1500
_END: Final = re.compile(r"[.!?](?=\s)|[。！？；]|\n")
_MARKS: Final = re.compile(r"[*`#|]+|^\s*[-+>]\s", re.MULTILINE)  # of Markdown: nobody wants to hear them


class Announcer(QObject):
    """Costs nothing while no screen reader listens."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._text = ""
        self._timer = QTimer(self, singleShot=True, interval=EVERY_MS)
        self._timer.timeout.connect(self._say)

    def feed(self, text: str) -> None:
        if QAccessible.isActive():
            self._text += text
            if not self._timer.isActive():
                self._timer.start()

    def finish(self) -> None:
        """The answer has ended: the rest is said."""
        self._timer.stop()
        rest, self._text = self._text, ""
        announce(self._widget, spoken(rest))

    def leave(self) -> None:
        """Another conversation is shown."""
        self._timer.stop()
        self._text = ""

    def _say(self) -> None:
        whole, self._text = whole_sentences(self._text)
        announce(self._widget, spoken(whole))
        if self._text:
            self._timer.start()


def whole_sentences(text: str) -> tuple[str, str]:
    """(what has ended, what goes on)."""
    ends = [found.end() for found in _END.finditer(text)]
    cut = ends[-1] if ends else 0
    return text[:cut], text[cut:]


def spoken(text: str) -> str:
    return " ".join(_MARKS.sub(" ", text).split())
