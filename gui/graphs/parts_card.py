"""A card with what the loaded model takes, part by part: what was planned beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.figures import Origin
from gui.graphs.card import PAD, paint_card, small_font
from gui.graphs.state import PartSize
from gui.plans.legend import COMPUTE, KV_CACHE, REPACK, WEIGHTS
from gui.widgets.bytes_text import format_bytes, format_count
from gui.widgets.labels import origin_word
from gui.widgets.theme import ThemeSource, Tokens
from gui.widgets.view import View

_LOOKS = {
    "weights": WEIGHTS,
    "repack": REPACK,
    "kv_cache": KV_CACHE,
    "compute": COMPUTE,
    "output": ("ram", 0.45),
    "projector": ("utilisation", 0.7),
    "overhead": ("muted", 0.6),
}
_BAR = 9.0
_SWATCH = 9.0
_GAP = 6.0
_UNKNOWN = "–"


class PartsCard(View):
    """Hidden while no model of this machine is loaded. Repaints when a figure reads differently."""

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: tuple[PartSize, ...] = ()
        self._context_length = 0
        self._rows: tuple[tuple[str, str, str], ...] = ()  # name, planned, measured
        theme.changed.connect(self.update)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_parts(self, parts: Sequence[PartSize], context_length: int) -> None:
        """`context_length`: tokens for which the cache is."""
        self._parts = tuple(parts)
        self._context_length = context_length
        self._write()
        self.setVisible(bool(parts))

    @property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """Name, planned and measured size of each part, as they are shown."""
        return self._rows

    def retranslate(self) -> None:
        self._write()

    def _write(self) -> None:
        self.setAccessibleName(self.tr("Memory by part"))
        names = self._names()
        rows = tuple((names[one.part], _bytes(one.planned), _bytes(one.measured)) for one in self._parts)
        grown = len(rows) != len(self._rows)
        self._rows = rows
        if grown:
            self.updateGeometry()
        words = " ".join(self._sentences())
        if words == self.accessibleDescription():
            return
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.update()

    def _names(self) -> dict[str, str]:
        return {
            "weights": self.tr("Weights"),
            "repack": self.tr("Repacked"),
            "kv_cache": self.tr("KV cache"),
            "compute": self.tr("Compute"),
            "output": self.tr("Output"),
            "projector": self.tr("Images"),
            "overhead": self.tr("Overhead"),
        }

    def _sentences(self) -> Iterator[str]:
        words = self.tr("{part}: {planned} planned, {measured} measured.")
        for name, planned, measured in self._rows:
            yield words.format(part=name, planned=planned, measured=measured)
        if self._context_length:
            yield self.tr("The cache holds {tokens} tokens.").format(
                tokens=format_count(self._context_length)
            )
        yield self.tr(
            "Measured: what the runtime has allocated; overhead is the rest of what its process holds now."
        )

    def sizeHint(self) -> QSize:
        lines = 4 + len(self._rows)  # title, two bars, heads of the columns
        return QSize(236, round(lines * _row_height() + _GAP + 2 * PAD))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    # painting
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._theme.tokens
        paint_card(painter, self, tokens)
        painter.setFont(small_font())
        painter.setPen(QColor(tokens.muted))
        line = QRectF(PAD, PAD - 2, self.width() - 2 * PAD, _row_height())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, self.accessibleName())
        line.translate(0, _row_height() + 2)
        below = self._paint_bars(painter, line, tokens)
        line.moveTop(below)
        heads = ("", origin_word(Origin.PLANNED), origin_word(Origin.MEASURED))
        self._paint_row(painter, line, heads, tokens.muted, tokens.muted)
        for part, row in zip(self._parts, self._rows, strict=True):
            line.translate(0, _row_height())
            self._paint_swatch(painter, line, part.part, tokens)
            self._paint_row(painter, line, row, tokens.muted, tokens.text)

    def _paint_bars(self, painter: QPainter, line: QRectF, tokens: Tokens) -> float:
        """Planned above measured, on one scale; where they end."""
        kinds = ([one.planned for one in self._parts], [one.measured for one in self._parts])
        whole = max(sum(size or 0 for size in sizes) for sizes in kinds)
        metrics = QFontMetricsF(small_font())
        names = (origin_word(Origin.PLANNED), origin_word(Origin.MEASURED))
        inset = max(map(metrics.horizontalAdvance, names)) + 8
        bar = QRectF(line.left() + inset, line.top() + (_row_height() - _BAR) / 2, line.width() - inset, _BAR)
        for name, sizes in zip(names, kinds, strict=True):
            painter.setPen(QColor(tokens.muted))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)
            shape = QPainterPath()
            shape.addRoundedRect(bar, 4, 4)
            painter.save()
            painter.setClipPath(shape)
            painter.fillRect(bar, QColor(tokens.selected))
            left = bar.left()
            for one, size in zip(self._parts, sizes, strict=True):
                width = bar.width() * (size or 0) / max(whole, 1)
                painter.fillRect(QRectF(left, bar.top(), width, _BAR), _colour(one.part, tokens))
                left += width
            painter.restore()
            bar.translate(0, _row_height())
            line.translate(0, _row_height())
        return line.top() + _GAP

    def _paint_swatch(self, painter: QPainter, line: QRectF, part: str, tokens: Tokens) -> None:
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_colour(part, tokens))
        top = line.top() + (QFontMetricsF(small_font()).height() - _SWATCH) / 2
        painter.drawRoundedRect(QRectF(line.left(), top, _SWATCH, _SWATCH), 3, 3)
        painter.restore()

    def _paint_row(
        self, painter: QPainter, line: QRectF, row: Sequence[str], name_colour: str, colour: str
    ) -> None:
        metrics = QFontMetricsF(small_font())
        column = max(
            *(metrics.horizontalAdvance(text) for one in self._rows for text in one[1:]),
            *(metrics.horizontalAdvance(origin_word(origin)) for origin in (Origin.PLANNED, Origin.MEASURED)),
        )
        name, planned, measured = row
        right = Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(colour))
        painter.drawText(line, right, measured)
        painter.drawText(line.adjusted(0, 0, -column - 10, 0), right, planned)
        painter.setPen(QColor(name_colour))
        room = line.adjusted(_SWATCH + 6, 0, -2 * column - 26, 0)
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, shown)


def _bytes(size: int | None) -> str:
    return _UNKNOWN if size is None else format_bytes(size)


def _colour(part: str, tokens: Tokens) -> QColor:
    name, opacity = _LOOKS[part]
    colour = QColor(getattr(tokens, name))
    colour.setAlphaF(opacity)
    return colour


def _row_height() -> float:
    return QFontMetricsF(small_font()).height() + 2
