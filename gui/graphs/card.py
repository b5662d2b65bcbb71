"""A card with figures and their curves, painted by hand: always on, so it has to cost little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.figures import Origin
from engine.telemetry.series import Series
from gui.widgets.announce import announce
from gui.widgets.fonts import ui_font
from gui.widgets.labels import origin_word
from gui.widgets.theme import ThemeSource, Tokens

Colour = Callable[[Tokens], str]

WINDOW_S = 60.0  # what a chart shows, up to its newest reading
REPAINT_MS = 100
_CALM_MS = 2000  # where less motion is wanted

PAD = 13.0
_RADIUS = 9.0
_CHART_HEIGHT = 58.0
_GRID_LINES = 3
_NEAR_S = 3.0  # a reading this near to the mouse stands for its place


@dataclass(frozen=True, slots=True)
class Figure:
    """A large number on the card."""

    text: str
    unit: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class Curve:
    """`top` gives the value at the chart's upper edge."""

    series: Series
    colour: Colour
    top: Callable[[], float]
    filled: bool = True
    describe: Callable[[float], str] = str  # a value in words


class GraphCard(QWidget):
    """Call `show_figures` as often as you like: it repaints at most ten times a second, and
    not at all while hidden."""

    def __init__(
        self, theme: ThemeSource, curves: Sequence[Curve], lines: int = 1, parent: QWidget | None = None
    ) -> None:
        """`lines`: how many the note may have; the chart takes what it leaves."""
        super().__init__(parent)
        self._theme = theme
        self._curves = tuple(curves)
        self._lines = lines
        self._title = ""
        self._figures: tuple[Figure, ...] = ()
        self._note = ""
        self._chart: QRectF | None = None  # where it was painted last
        self._hover: float | None = None  # x of the mouse over the chart
        self._paused_at: float | None = None
        self.setMouseTracking(True)
        self._repaint = QTimer(self)
        self._repaint.setSingleShot(True)
        self._repaint.setInterval(REPAINT_MS)
        self._repaint.timeout.connect(self.update)
        theme.changed.connect(self.update)
        # Reached by keyboard, so that a screen reader can be asked for the figures.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_title(self, title: str) -> None:
        self._title = title
        self.setAccessibleName(title)
        self.update()

    def show_figures(self, figures: Sequence[Figure], note: str, description: str) -> None:
        """`description` has the same in words, for screen readers and as the tooltip."""
        self._figures = tuple(figures)
        self._note = note
        if description != self.accessibleDescription():
            self.setAccessibleDescription(description)
            self.setToolTip(description)
        # Set anew while it runs, it would begin again with every reading, and never end.
        if self.isVisible() and not self._repaint.isActive():
            self._repaint.start(_CALM_MS if self._theme.calm else REPAINT_MS)

    def pause(self, paused: bool) -> None:
        """The chart stands still, so that it can be looked at; the figures go on."""
        self._paused_at = self._newest() if paused else None
        self.update()

    def values_at(self, x: float) -> list[str]:
        """What the curves were at that place of the card, in words of `describe`."""
        chart = self._chart
        if chart is None or not chart.left() <= x <= chart.right():
            return []
        at = self._newest() - (chart.right() - x) / chart.width() * WINDOW_S
        words = []
        for curve in self._curves:
            near = min(curve.series, key=lambda point: abs(point[0] - at), default=None)
            if near is not None and abs(near[0] - at) < _NEAR_S:
                words.append(curve.describe(near[1]))
        return words

    def _newest(self) -> float:
        if self._paused_at is not None:
            return self._paused_at
        return max((curve.series.newest_at for curve in self._curves), default=0.0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position().x()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right do what the mouse does, and the values are read out."""
        steps: dict[int, float] = {Qt.Key.Key_Left: -8.0, Qt.Key.Key_Right: 8.0}
        step, chart = steps.get(event.key(), 0.0), self._chart
        if not step or chart is None:
            super().keyPressEvent(event)
            return
        place = chart.right() if self._hover is None else self._hover + step
        self._hover = min(max(place, chart.left()), chart.right())
        self.update()
        announce(self, ", ".join(self.values_at(self._hover)))

    @property
    def figures(self) -> tuple[Figure, ...]:
        return self._figures

    @property
    def note(self) -> str:
        return self._note

    def sizeHint(self) -> QSize:
        fonts = (small_font(), _large(), *(small_font() for _ in range(self._lines)))
        rows = sum(QFontMetricsF(font).height() for font in fonts)
        return QSize(236, round(rows + _CHART_HEIGHT + 2 * PAD + 8))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._theme.tokens
        paint_card(painter, self, tokens)
        below = self._paint_words(painter, tokens)
        chart = QRectF(PAD, below + 6, self.width() - 2 * PAD, self.height() - below - 6 - PAD)
        self._chart = chart
        self._paint_grid(painter, chart, tokens)
        for curve in self._curves:
            self._paint_curve(painter, chart, curve, tokens)
        if self._hover is not None:
            self._paint_hover(painter, chart, self._hover, tokens)

    def _paint_words(self, painter: QPainter, tokens: Tokens) -> float:
        """Title, figures, note; the height at which they end."""
        small, large = small_font(), _large()
        row = QFontMetricsF(small)
        room = QRectF(PAD, PAD - 2, self.width() - 2 * PAD, row.height())
        painter.setFont(small)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, self._title)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight, origin_word(Origin.MEASURED))
        base = room.bottom() + QFontMetricsF(large).ascent() + 2
        left = PAD
        for figure in self._figures:
            painter.setFont(large)
            painter.setPen(QColor(figure.colour(tokens)))
            painter.drawText(QPointF(left, base), figure.text)
            left += QFontMetricsF(large).horizontalAdvance(figure.text) + 5
            painter.setFont(small)
            painter.setPen(QColor(tokens.muted))
            painter.drawText(QPointF(left, base), figure.unit)
            left += row.horizontalAdvance(figure.unit) + 12
        room.moveTop(base + QFontMetricsF(large).descent())
        painter.setFont(small)
        painter.setPen(QColor(tokens.muted))
        for line in self._note.split("\n"):
            shown = row.elidedText(line, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, shown)
            room.translate(0, row.height())
        return room.top()

    def _paint_grid(self, painter: QPainter, chart: QRectF, tokens: Tokens) -> None:
        line = QColor(tokens.border)
        line.setAlphaF(0.6)
        painter.setPen(QPen(line, 1))
        for index in range(_GRID_LINES):
            y = round(chart.top() + chart.height() * index / (_GRID_LINES - 1)) + 0.5
            painter.drawLine(QPointF(chart.left(), y), QPointF(chart.right(), y))

    def _paint_hover(self, painter: QPainter, chart: QRectF, x: float, tokens: Tokens) -> None:
        words = "  ".join(self.values_at(x))
        if not words:
            return
        painter.setPen(QPen(QColor(tokens.muted), 1))
        painter.drawLine(QPointF(x, chart.top()), QPointF(x, chart.bottom()))
        painter.setFont(small_font())
        metrics = QFontMetricsF(painter.font())
        width = metrics.horizontalAdvance(words) + 12
        left = min(max(x - width / 2, chart.left()), chart.right() - width)
        box = QRectF(left, chart.top() + 2, width, metrics.height() + 4)
        painter.setBrush(QColor(tokens.field))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(tokens.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_curve(self, painter: QPainter, chart: QRectF, curve: Curve, tokens: Tokens) -> None:
        points = self._points(chart, curve)
        if len(points) < 2:
            return
        line = QPainterPath(points[0])
        for point in points[1:]:
            line.lineTo(point)
        colour = QColor(curve.colour(tokens))
        if curve.filled:
            area = QPainterPath(line)
            area.lineTo(points[-1].x(), chart.bottom())
            area.lineTo(points[0].x(), chart.bottom())
            area.closeSubpath()
            painter.fillPath(area, _fade(chart, colour))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.5 if curve.filled else 1.0))
        painter.drawPath(line)

    def _points(self, chart: QRectF, curve: Curve) -> list[QPointF]:
        newest = self._newest()
        top = curve.top()
        if top <= 0:
            return []
        points = []
        for at, value in curve.series:
            age = newest - at
            if 0 <= age <= WINDOW_S:
                share = min(1.0, max(0.0, value / top))
                x = chart.right() - chart.width() * age / WINDOW_S
                points.append(QPointF(x, chart.bottom() - share * chart.height()))
        return points


def paint_card(painter: QPainter, card: QWidget, tokens: Tokens) -> None:
    """Its ground and its edge."""
    painter.setPen(QPen(QColor(tokens.accent if card.hasFocus() else tokens.border), 1))
    painter.setBrush(QColor(tokens.surface))
    painter.drawRoundedRect(QRectF(card.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)


def small_font() -> QFont:
    return ui_font(0.86)


def _large() -> QFont:
    return ui_font(1.25, 640)


def _fade(chart: QRectF, colour: QColor) -> QLinearGradient:
    fade = QLinearGradient(chart.topLeft(), chart.bottomLeft())
    for place, alpha in ((0.0, 0.32), (1.0, 0.02)):
        stop = QColor(colour)
        stop.setAlphaF(alpha)
        fade.setColorAt(place, stop)
    return fade


def round_top(largest: float, least: float = 10.0) -> float:
    """The next of 1, 2, 5, 10, 20 ... at or above a value: an upper edge that rarely moves."""
    top = least
    while top < largest:
        for factor in (1.0, 2.0, 5.0, 10.0):
            if largest <= top * factor:
                return top * factor
        top *= 10.0
    return top
