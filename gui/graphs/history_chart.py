"""A curve over days, with an axis and the value under the mouse. Painted by hand, drawn when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QDateTime, QEvent, QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.graphs.card import round_top
from gui.widgets.fonts import ui_font
from gui.widgets.theme import ThemeSource, Tokens

_PAD: Final = 13.0
_AXIS: Final = 84.0  # px for the figures at the left
_FOOT: Final = 18.0
_HEIGHT: Final = 178
_LINES: Final = 3  # none, half and all of a round figure: each of them can be said in few digits
Point = tuple[float, float]  # (seconds since the epoch, value)


class HistoryChart(QWidget):
    """The mouse, or the arrow keys, pick a point; it is said in words."""

    def __init__(
        self,
        theme: ThemeSource,
        colour: Callable[[Tokens], str],
        words: Callable[[float], str],
        unit: float = 1.0,
        parent: QWidget | None = None,
    ) -> None:
        """`words` of a value; `unit`: what the value is counted in where it is told, as a GiB of bytes."""
        super().__init__(parent)
        self._theme = theme
        self._colour = colour
        self._words = words
        self._unit = unit
        self._title = ""
        self._points: tuple[Point, ...] = ()
        self._picked: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_points(self, title: str, points: Sequence[Point]) -> None:
        """Oldest first."""
        self._title = title
        self._points = tuple(points)
        self._picked = None
        self.setAccessibleName(title)
        self._describe()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, _HEIGHT)

    def picked_words(self) -> str:
        """The point that is picked: when, and how much; "" for none."""
        if self._picked is None:
            return ""
        at, value = self._points[self._picked]
        return f"{_moment(at)}: {self._words(value)}"

    # picking
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        chart = self._chart()
        if self._points and chart.width() > 0:
            first, span = self._span()
            wanted = first + (event.position().x() - chart.left()) / chart.width() * span
            nearest = min(range(len(self._points)), key=lambda n: abs(self._points[n][0] - wanted))
            self._pick(nearest)

    def leaveEvent(self, event: QEvent) -> None:
        self._pick(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(event.key(), 0)
        if step and self._points:
            last = len(self._points) - 1
            self._pick(last if self._picked is None else min(max(self._picked + step, 0), last))
        else:
            super().keyPressEvent(event)

    def _pick(self, place: int | None) -> None:
        if place != self._picked:
            self._picked = place
            self._describe()
            self.update()

    def _describe(self) -> None:
        if self._picked is not None:
            words = self.picked_words()
        elif self._points:
            words = f"{_moment(self._points[0][0])} – {_moment(self._points[-1][0])}"
        else:
            words = ""
        self.setAccessibleDescription(words)

    # painting
    def _chart(self) -> QRectF:
        top = _PAD + 26
        return QRectF(_PAD + _AXIS, top, self.width() - 2 * _PAD - _AXIS, self.height() - top - _PAD - _FOOT)

    def _span(self) -> tuple[float, float]:
        first = self._points[0][0]
        return first, max(self._points[-1][0] - first, 1.0)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.accent if self.hasFocus() else tokens.border), 1))
        painter.setBrush(QColor(tokens.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        painter.setFont(ui_font(0.86))
        head = QRectF(_PAD, _PAD - 2, self.width() - 2 * _PAD, 20)
        painter.setPen(QColor(tokens.text))
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft, self._title)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(head, Qt.AlignmentFlag.AlignRight, self.picked_words())
        if self._points:
            self._paint_points(painter, tokens)

    def _paint_points(self, painter: QPainter, tokens: Tokens) -> None:
        chart = self._chart()
        top = round_top(max(value for _, value in self._points) / self._unit, 0.01) * self._unit
        self._paint_axes(painter, chart, top, tokens)
        first, span = self._span()
        places = [
            QPointF(
                chart.left() + (at - first) / span * chart.width(),
                chart.bottom() - value / top * chart.height(),
            )
            for at, value in self._points
        ]
        line = QPainterPath(places[0])
        for place in places[1:]:
            line.lineTo(place)
        colour = QColor(self._colour(tokens))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.2))
        painter.drawPath(line)
        painter.setBrush(colour)
        for index, place in enumerate(places):
            if len(places) <= 120 or index == self._picked:
                radius = 4.5 if index == self._picked else 2.0
                painter.drawEllipse(place, radius, radius)

    def _paint_axes(self, painter: QPainter, chart: QRectF, top: float, tokens: Tokens) -> None:
        metrics = QFontMetricsF(painter.font())
        for index in range(_LINES):
            share = index / (_LINES - 1)
            y = round(chart.bottom() - share * chart.height()) + 0.5
            painter.setPen(QPen(QColor(tokens.border), 1))
            painter.drawLine(QPointF(chart.left(), y), QPointF(chart.right(), y))
            painter.setPen(QColor(tokens.muted))
            box = QRectF(_PAD, y - 9, _AXIS - 8, 18)
            words = metrics.elidedText(self._words(top * share), Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        foot = QRectF(chart.left(), chart.bottom() + 4, chart.width(), _FOOT)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, _moment(self._points[0][0]))
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, _moment(self._points[-1][0]))


def _moment(at: float) -> str:
    when = QDateTime.fromSecsSinceEpoch(int(at))
    return QLocale().toString(when, QLocale.FormatType.ShortFormat)
