"""An uncertain speed as a bar between two ends, on a scale on which twice as fast is always as far."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.figures import Range
from gui.widgets.theme import ThemeSource

LEAST, MOST = 0.25, 512.0  # tokens a second at the ends of the scale
READING = 5.0  # tokens a second that people read: the line that it is seen against
_HEIGHT = 12


class RangeBar(QWidget):
    """Painted beside its figure, which screen readers read; empty without a range."""

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._range: Range | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(100)
        theme.changed.connect(self.update)

    def show_range(self, value: Range | None) -> None:
        """Tokens a second."""
        self._range = value
        self.setVisible(value is not None)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def at(self, rate: float) -> float:
        """Where a rate stands, in pixels from the left."""
        share = math.log(min(max(rate, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
        return 3 + share * (self.width() - 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._range is None:
            return
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        painter.fillRect(QRectF(3, middle - 1, self.width() - 6, 2), QColor(tokens.selected))
        painter.setPen(QPen(QColor(tokens.muted), 1))
        reading = round(self.at(READING)) + 0.5
        painter.drawLine(QPointF(reading, 1), QPointF(reading, self.height() - 1))
        low, high = self.at(self._range.low), self.at(self._range.high)
        colour = QColor(tokens.speed)
        painter.setPen(QColor(0, 0, 0, 0))
        colour.setAlphaF(0.45)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(low - 2, middle - 3, max(high - low, 2) + 4, 6), 3, 3)
        painter.setBrush(QColor(tokens.speed))
        painter.drawEllipse(QPointF(self.at(self._range.expected), middle), 4, 4)
