"""What was painted last is kept as pixels: scrolling moves them, and only what is new is painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPixmap, QRegion

from gui.chat.flow import Placed
from gui.chat.rows import Row

Paint = Callable[[QPainter, Placed, QRectF], None]  # the rectangle: what of the viewport is to be painted


class Backing:
    """One picture of the viewport. Rows stand at whole pixels, so that it can be moved without blur."""

    def __init__(self) -> None:
        self._pixmap = QPixmap()
        self._painted: dict[Row, tuple[int, int]] = {}  # (top, height)
        self._stale = True
        self._stale_rows: set[Row] = set()
        self.rows_painted = 0  # ever

    def forget(self) -> None:
        """Everything may look other now."""
        self._stale = True

    def forget_row(self, row: Row) -> None:
        self._stale_rows.add(row)

    def picture(
        self, size: QSize, ratio: float, placed: Sequence[Placed], ground: QColor, paint: Paint
    ) -> QPixmap:
        """The viewport as it looks now. `ratio`: pixels of the device for each of ours."""
        whole = QRect(0, 0, size.width(), size.height())
        missing = QRegion(whole)
        if self._fits(size, ratio) and not self._stale:
            missing -= self._keep(placed, whole, ratio)
        elif not self._fits(size, ratio):
            self._pixmap = QPixmap(size * ratio)
            self._pixmap.setDevicePixelRatio(ratio)
        if not missing.isEmpty():
            self._paint(missing, placed, ground, paint)
        self._painted = {p.row: (round(p.y), round(p.row.height)) for p in placed}
        self._stale = False
        self._stale_rows.clear()
        return self._pixmap

    def _fits(self, size: QSize, ratio: float) -> bool:
        return self._pixmap.size() == size * ratio and self._pixmap.devicePixelRatio() == ratio

    def _keep(self, placed: Sequence[Placed], whole: QRect, ratio: float) -> QRegion:
        """Moves the picture to where its rows are now; says what of it is good."""
        good = [p for p in placed if p.row not in self._stale_rows and self._has(p)]
        moves = [round(p.y) - self._painted[p.row][0] for p in good]
        if len(set(moves)) > 1 and float(ratio).is_integer():
            return self._move_each(good, moves, whole, int(ratio))
        move = max(set(moves), key=moves.count) if moves else 0
        if not moves or not (move * ratio).is_integer():
            return QRegion()
        if move:
            self._pixmap.scroll(0, int(move * ratio), self._pixmap.rect())
        kept = QRegion()
        for p, own in zip(good, moves, strict=True):
            if own == move:
                kept += _place(p, whole) & whole.translated(0, move) & whole
        return kept

    def _has(self, placed: Placed) -> bool:
        """True for a row that was painted, and as high as it is now."""
        painted = self._painted.get(placed.row)
        return painted is not None and painted[1] == round(placed.row.height)

    def _move_each(self, good: Sequence[Placed], moves: Sequence[int], whole: QRect, ratio: int) -> QRegion:
        """Where a row among them has grown, those above and below it move differently."""
        moved = QPixmap(self._pixmap.size())
        moved.setDevicePixelRatio(ratio)
        kept = QRegion()
        painter = QPainter(moved)
        for p, move in zip(good, moves, strict=True):
            place = _place(p, whole) & whole.translated(0, move) & whole
            if place.isEmpty():  # which would stand for everything
                continue
            source = QRect(0, (place.top() - move) * ratio, place.width() * ratio, place.height() * ratio)
            painter.drawPixmap(place, self._pixmap, source)
            kept += place
        painter.end()
        self._pixmap = moved
        return kept

    def _paint(self, missing: QRegion, placed: Sequence[Placed], ground: QColor, paint: Paint) -> None:
        bounds = missing.boundingRect()
        painter = QPainter(self._pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRegion(missing)
        painter.fillRect(bounds, ground)
        for p in placed:
            if missing.intersects(_place(p, bounds)):
                paint(painter, p, QRectF(bounds))
                self.rows_painted += 1
        painter.end()


def _place(placed: Placed, bounds: QRect) -> QRect:
    return QRect(bounds.left(), round(placed.y), bounds.width(), round(placed.row.height))
