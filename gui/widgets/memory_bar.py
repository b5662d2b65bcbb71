"""A stacked bar: parts of a need against what there is."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets.theme import ThemeSource

_HEIGHT = 10


@dataclass(frozen=True, slots=True)
class Segment:
    """One part in bytes; `colour` names a colour of the theme, `opacity` tells shades apart."""

    size: int
    colour: str
    opacity: float = 1.0


class MemoryBar(QWidget):
    """The whole width is the larger of need and machine; what goes beyond the machine is marked."""

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._segments: tuple[Segment, ...] = ()
        self._room = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(120)
        theme.changed.connect(self.update)

    def show_parts(self, segments: tuple[Segment, ...], room: int) -> None:
        """`room`: bytes that the machine has."""
        self._segments = segments
        self._room = room
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, _HEIGHT + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        need = sum(part.size for part in self._segments)
        whole = max(need, self._room, 1)
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0, 2, self.width(), _HEIGHT)
        shape = QPainterPath()
        shape.addRoundedRect(bar, 4, 4)
        painter.setClipPath(shape)
        painter.fillRect(bar, QColor(tokens.selected))
        left = 0.0
        for part in self._segments:
            width = bar.width() * part.size / whole
            colour = QColor(getattr(tokens, part.colour))
            colour.setAlphaF(part.opacity)
            painter.fillRect(QRectF(left, bar.top(), width, bar.height()), colour)
            left += width
        if need > self._room:
            self._mark_excess(painter, bar, bar.width() * self._room / whole)

    def _mark_excess(self, painter: QPainter, bar: QRectF, start: float) -> None:
        tokens = self._theme.tokens
        excess = QRectF(start, bar.top(), bar.width() - start, bar.height())
        painter.fillRect(excess, QColor(tokens.surface))
        hatch = QColor(tokens.danger)
        painter.fillRect(excess, hatch.lighter(100))
        painter.setPen(QPen(QColor(tokens.surface), 1.2, Qt.PenStyle.SolidLine))
        at = start
        while at < bar.right() + _HEIGHT:
            painter.drawLine(round(at), round(bar.bottom()), round(at + _HEIGHT), round(bar.top()))
            at += 5
        painter.fillRect(QRectF(start - 1, 0, 2, self.height()), QColor(tokens.text))
