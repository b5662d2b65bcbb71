"""What the colours of the memory bars mean."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.widgets.labels import Line
from gui.widgets.memory_bar import Segment
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

WEIGHTS = ("accent", 1.0)
KV_CACHE = ("speed", 1.0)
COMPUTE = ("ram", 1.0)
REPACK = ("accent", 0.45)

_SIZE = 10


def segment(size: int, look: tuple[str, float]) -> Segment:
    """A part of a memory bar in one of the looks above."""
    return Segment(size, *look)


class Legend(View):
    """One swatch and word for each look."""

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: list[Line] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for colour, opacity in (WEIGHTS, KV_CACHE, COMPUTE, REPACK):
            word = Line("", "muted")
            self._words.append(word)
            row.addWidget(_Swatch(theme, colour, opacity))
            row.addWidget(word)
            row.addSpacing(10)
        row.addStretch(1)
        self.retranslate()

    def retranslate(self) -> None:
        words = (self.tr("weights"), self.tr("KV cache"), self.tr("compute"), self.tr("repacked copy"))
        for label, word in zip(self._words, words, strict=True):
            label.setText(word)


class _Swatch(QWidget):
    def __init__(self, theme: ThemeSource, colour: str, opacity: float) -> None:
        super().__init__()
        self._theme = theme
        self._colour = colour
        self._opacity = opacity
        self.setFixedSize(_SIZE, _SIZE)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(getattr(self._theme.tokens, self._colour))
        colour.setAlphaF(self._opacity)
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(0, 0, _SIZE, _SIZE), 3, 3)
