"""The canvas with a selection across messages: made by mouse, copied, and used by find."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QMouseEvent, QTextDocument
from PySide6.QtWidgets import QWidget

from gui.chat.canvas import Canvas, Target
from gui.chat.copying import Copier
from gui.chat.flow import Placed
from gui.chat.reading import line_at, word_at
from gui.chat.rows import Row
from gui.chat.selection import Selection, Spot
from gui.chat.text_rows import TextRow
from gui.widgets.theme import ThemeSource

_EXACT_COPY = 60  # messages; a longer selection is copied as it was written


class SelectableCanvas(Canvas):
    """What a click on a button does is for those above to say: `_activate`."""

    link_activated = Signal(str)  # http, https or mailto

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._pressed: QPoint | None = None
        self._dragging = False
        self._drag_timer = QTimer(self, interval=30)
        self._drag_timer.timeout.connect(self._drag_on)
        self._copied_timer = QTimer(self, singleShot=True, interval=1500)
        self._copied_timer.timeout.connect(self._forget_copied)

    def _activate(self, target: Target) -> None:
        """A button was clicked."""

    # for find
    def box_lines(self, box: int) -> Iterator[str]:
        """What can be found in a message."""
        return self._boxes[box].lines()

    def source(self, box: int) -> str:
        """A message as it was written, with its reasoning."""
        return self._boxes[box].source()

    def folded_lines(self, box: int) -> Iterator[str]:
        """What can be found in a message though it is folded."""
        return self._boxes[box].folded_lines()

    def unfold(self, box: int) -> None:
        """Opens the reasoning or summary of a message."""

    def row_document(self, box: int, row: int) -> QTextDocument | None:
        return self._document(self.box_rows(box)[row])

    def select_part(self, box: int, row: int, start: int, end: int) -> None:
        """Selects characters of a row."""
        self._selection = Selection((box, row, start), (box, row, end))
        self.paint_anew()

    def bring_into_sight(self, box: int, row: int, start: int) -> None:
        """Scrolls to a character of a row, unless it is seen already."""
        document = self.row_document(box, row)
        if document is None:
            return
        line = line_at(document, start).translated(0, self.box_rows(box)[row].margins().top())
        if not self._in_sight(box, row, line):
            self._at_end = False
            self._flow.show_row(box, row, line.center().y() - self.viewport().height() / 3)
            self._settle()

    def make_ready(self, box: int) -> None:
        """Something in that message may be brought into sight next."""
        self._preparing.begin_at(box)

    def _in_sight(self, box: int, row: int, line: QRectF) -> bool:
        places = (placed.y for placed in self._placed if (placed.box, placed.index) == (box, row))
        y = next(places, -math.inf)
        return y + line.top() >= 0 and y + line.bottom() <= self.viewport().height()

    # mouse
    def _target_at(self, point: QPointF) -> Target | None:
        for placed in self._placed:
            inside = QPointF(point.x() - self._column_left(), point.y() - placed.y)
            for action in placed.row.actions(self._look, self._column_width(), self._words):
                if action.rect.contains(inside):
                    return placed.box, placed.index, action.key
        return None

    def _placed_at(self, y: float) -> Placed | None:
        """The row at that height of the viewport, or the nearest one."""
        for placed in self._placed:
            if y < placed.y + placed.row.height:
                return placed
        return self._placed[-1] if self._placed else None

    def _spot_at(self, point: QPointF) -> Spot | None:
        placed = self._placed_at(point.y())
        if placed is None:
            return None
        document = self._document(placed.row)
        if document is None or not placed.row.selectable:
            return placed.box, placed.index, 0
        found = document.documentLayout().hitTest(self._inside(placed, point), Qt.HitTestAccuracy.FuzzyHit)
        return placed.box, placed.index, max(found, 0)

    def _link_at(self, point: QPointF) -> str:
        placed = self._placed_at(point.y())
        if placed is None or not isinstance(placed.row, TextRow):
            return ""
        document = self._document(placed.row)
        return document.documentLayout().anchorAt(self._inside(placed, point)) if document else ""

    def _inside(self, placed: Placed, point: QPointF) -> QPointF:
        """A point of the viewport, in the row's document."""
        row, around = placed.row, placed.row.margins()
        return point - QPointF(self._column_left() + around.left() - row.shift, placed.y + around.top())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._focused = None
        self._pressed = event.position().toPoint()
        spot = self._spot_at(event.position())
        if spot is None or self._target_at(event.position()):
            return
        self._dragging = True
        self._selection.cursor = spot
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._selection.anchor = spot
        self.paint_anew()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._select_to(event.position())
            if 0 <= event.position().y() < self.viewport().height():
                self._drag_timer.stop()
            else:
                self._drag_timer.start()
            return
        target = self._target_at(event.position())
        if target != self._hovered:
            self._hovered = target
            self.paint_anew()
        hand = target is not None or bool(self._link_at(event.position()))
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.IBeamCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        moved = (event.position().toPoint() - self._pressed).manhattanLength()
        was_dragging, self._dragging, self._pressed = self._dragging, False, None
        self._drag_timer.stop()
        if moved >= QGuiApplication.styleHints().startDragDistance():
            return
        target = self._target_at(event.position())
        if target is not None:
            self._activate(target)
        elif was_dragging and self._selection.empty and (link := self._link_at(event.position())):
            self.link_activated.emit(link)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        spot = self._spot_at(event.position())
        if spot is None or self._target_at(event.position()):
            self.mousePressEvent(event)
            return
        document = self._document(self.box_rows(spot[0])[spot[1]])
        if document is not None:
            start, end = word_at(document, spot[2])
            self._selection = Selection((*spot[:2], start), (*spot[:2], end))
            self.paint_anew()

    def _select_to(self, point: QPointF) -> None:
        spot = self._spot_at(point)
        if spot is not None:
            self._selection.cursor = spot
            self.paint_anew()

    def _drag_on(self) -> None:
        """The mouse is held outside: scroll and select on."""
        point = QPointF(self.viewport().mapFromGlobal(self.cursor().pos()))
        step = 24 if point.y() > 0 else -24
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + step)
        self._select_to(point)

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.paint_anew()

    # selection
    def select_all(self) -> None:
        if self._boxes:
            last = len(self._boxes) - 1
            self._selection = Selection((0, 0, 0), (last, len(self.box_rows(last)), 0))
            self.paint_anew()

    def copy(self) -> None:
        """The selection as text, to the clipboard."""
        if not self._selection.empty:
            self._to_clipboard(self.selected_text())

    def copy_markdown(self) -> None:
        """The selection as Markdown, to the clipboard."""
        if not self._selection.empty:
            self._to_clipboard(self.selected_markdown())

    def selected_text(self) -> str:
        """What is shown, as text. Of a selection over very many messages, the inner ones as written."""
        return self._gather(self._copier().text)

    def selected_markdown(self) -> str:
        """Messages that are selected whole as they were written, else Markdown that shows the same."""
        copier = self._copier()

        def one(box: int, rows: list[Row]) -> str:
            whole = copier.is_whole(box, rows)
            return self._boxes[box].message.text() if whole else copier.markdown(box, rows)

        return self._gather(one)

    def _copier(self) -> Copier:
        return Copier(self._selection, self._document)

    def _gather(self, one: Callable[[int, list[Row]], str]) -> str:
        first, last = self._selection.start[0], self._selection.end[0]
        exact = last - first < _EXACT_COPY
        pieces = [
            one(box, self.box_rows(box)) if exact or box in (first, last) else self._boxes[box].message.text()
            for box in range(first, last + 1)
        ]
        return "\n\n".join(piece for piece in pieces if piece)

    def _to_clipboard(self, text: str, target: Target | None = None) -> None:
        QGuiApplication.clipboard().setText(text)
        self._copied = target
        self._copied_timer.start()
        self.paint_anew()

    def _forget_copied(self) -> None:
        self._copied = None
        self.paint_anew()
