"""The canvas: virtual by block, painted from a few kept documents, whatever the conversation's length."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextDocument,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from engine.chat.conversation import ChatMessage
from gui.chat.ahead import Preparing
from gui.chat.backing import Backing
from gui.chat.code_rows import CodeRow
from gui.chat.colouring import Colouring
from gui.chat.details import Electricity
from gui.chat.document_cache import DocumentCache
from gui.chat.documents import Document
from gui.chat.flow import Flow, Placed
from gui.chat.formulas import Formulas
from gui.chat.look import COLUMN, MARGIN, Look
from gui.chat.message_box import MessageBox, Thought
from gui.chat.painting import Ground, paint_action, paint_document, paint_focus
from gui.chat.row_store import RowStore
from gui.chat.rows import Action, Row, Words
from gui.chat.saying import Saying
from gui.chat.selection import Selection
from gui.chat.thumbnails import Thumbnails
from gui.widgets.controls import IconButton
from gui.widgets.theme import ThemeSource

FRAME_MS = 33
_SLOWEST_FRAME_MS = 300
_NEAR_VIEWS = 3  # within so many viewports, scrolling is exact

Target = tuple[int, int, str]  # message, row, action key
Marker = Callable[[int, int, QTextDocument], list[Ground]]  # message, row, its document


class Canvas(QAbstractScrollArea):
    """Shows messages and scrolls through them; knows nothing of the desk."""

    changed_from = Signal(int)  # the words of that message and of those after it
    folded = Signal(int)  # something in that message was opened or closed

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.formulas = Formulas(self)
        self.thumbnails = Thumbnails(self)
        self._zoom = 1.0
        self._colouring = Colouring(self)
        look = Look(theme.tokens, self._zoom, self.formulas, self.thumbnails)
        self._store = RowStore(look, self._colouring, lambda box: self._flow.height_changed(box))
        self._boxes = self._store.boxes
        self._flow = Flow(self._store)
        self._backing = Backing()
        self._placed: list[Placed] = []
        self._preparing = Preparing(
            self.viewport(), self._store, self._flow, self._backing, self.formulas, lambda: self._placed
        )
        self._at_end = True
        self._value = 0
        self._selection = Selection()
        self._hovered: Target | None = None
        self._focused: Target | None = None
        self._copied: Target | None = None
        self.marker: Marker | None = None
        self._build()
        self._connect()
        self._retranslate()

    def _build(self) -> None:
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.verticalScrollBar().setSingleStep(40)
        self.verticalScrollBar().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._to_end = IconButton(self._theme, "chevron", "", self.viewport())
        self._to_end.setFixedSize(QSize(36, 36))
        self._to_end.setCursor(Qt.CursorShape.ArrowCursor)
        self._to_end.hide()
        self._frame = QTimer(self, singleShot=True, interval=FRAME_MS)

    def _connect(self) -> None:
        self._theme.changed.connect(self._change_theme)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self._to_end.clicked.connect(self.go_to_end)
        self._preparing.renewed.connect(self._settle)
        self.thumbnails.arrived.connect(self.viewport().update)
        self._frame.timeout.connect(self._draw_frame)
        self._colouring.coloured.connect(self._show_colours)

    def follow_versions(self, versions_of: Callable[[int], tuple[int, ...]]) -> None:
        """`versions_of` names a message and those beside it in the tree, the oldest first."""
        self._saying.versions_of = versions_of

    # what is shown
    def show_messages(self, messages: Sequence[ChatMessage], live_id: int | None = None) -> None:
        """Another conversation; `live_id` names the answer that is being written."""
        self._store.remove_from(0)
        self._focused = None
        self._flow.reset()
        self._at_end = True
        self.replace_from(0, messages, live_id)

    def replace_from(self, index: int, messages: Sequence[ChatMessage], live_id: int | None = None) -> None:
        """Replaces the messages from that index on; those before keep their rows."""
        walked = self._message_at(self._focused)
        self._store.remove_from(index)
        self._boxes += [MessageBox(message, message.id == live_id) for message in messages]
        self._hovered = self._copied = None
        if walked != self._message_at(self._focused):  # who walks by keyboard is not set back by news
            self._focused = None
        self._preparing.stop()
        self._backing.forget()
        if self._selection.end[0] >= index:
            self._selection.clear()
        self._flow.heights_changed()
        self._refresh_words()
        self.changed_from.emit(index)

    def _message_at(self, target: Target | None) -> int | None:
        """The id of the message that a target belongs to."""
        return self._boxes[target[0]].message.id if target and target[0] < len(self._boxes) else None

    def append_text(self, text: str, reasoning: bool) -> None:
        """More of the live answer; drawn with the next frame."""
        if self._boxes and self._boxes[-1].live:
            self._boxes[-1].append(text, reasoning)
            if not self._frame.isActive():
                self._frame.start()

    def show_thought(self, thought: Thought) -> None:
        """How long the live answer has been thought about."""
        if self._boxes and self._boxes[-1].live:
            self._boxes[-1].thought = thought

    def end_answer(self, index: int, message: ChatMessage) -> None:
        """A message is as it was stored now."""
        box = self._boxes[index]
        box.end(message)
        self._refresh_words()
        self.changed_from.emit(index)

    def set_busy(self, busy: bool) -> None:
        """While an answer is written no other can be asked for."""
        if busy != self._saying.busy:
            self._saying.busy = busy
            self._refresh_words()

    def price_electricity(self, electricity: Electricity | None) -> None:
        """What it costs, for the figures under answers."""
        if electricity != self._saying.electricity:
            self._saying.electricity = electricity
            self._refresh_words()

    def go_to_end(self) -> None:
        self._at_end = True
        self._settle()

    @property
    def at_end(self) -> bool:
        return self._at_end

    @property
    def unfolded_count(self) -> int:
        """Messages whose rows are in memory."""
        return self._store.unfolded_count

    @property
    def visible_rows(self) -> tuple[Row, ...]:
        return tuple(placed.row for placed in self._placed)

    @property
    def look(self) -> Look:
        return self._look

    @property
    def first_in_sight(self) -> int:
        """The topmost message."""
        return self._placed[0].box if self._placed else 0

    def box_count(self) -> int:
        return len(self._boxes)

    def box_rows(self, box: int) -> list[Row]:
        return self._store.box_rows(box)

    @property
    def documents(self) -> DocumentCache:
        return self._store.documents

    @property
    def _look(self) -> Look:
        return self._store.look

    @property
    def _saying(self) -> Saying:
        return self._store.saying

    def _document(self, row: Row) -> Document | None:
        return self._store.document(row)

    # geometry
    def _column_width(self) -> float:
        return self._store.width

    def _column_left(self) -> float:
        return float(round((self.width() - self._column_width()) / 2))

    def _settle(self) -> None:
        """Lays out what is in sight and makes the scroll bar agree."""
        height = self.viewport().height()
        self._placed = self._flow.settle(height, self._at_end)
        bar = self.verticalScrollBar()
        bar.blockSignals(True)
        bar.setPageStep(height)
        bar.setRange(0, max(round(self._flow.total() - height), 0))
        bar.setValue(round(self._flow.position()))
        self._value = bar.value()
        bar.blockSignals(False)
        # Blocked signals also keep the bar from hiding; the range is what its policy looks at.
        bar.setVisible(bar.maximum() > 0)
        self._at_end = self._at_end or bar.value() >= bar.maximum()
        self._store.fold_up_far({placed.box for placed in self._placed})
        self._place_button()
        self.viewport().update()

    def _place_button(self) -> None:
        self._to_end.setVisible(not self._at_end)
        self._to_end.move(
            round((self.viewport().width() - self._to_end.width()) / 2), self.viewport().height() - 48
        )

    def _scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        delta = value - self._value
        self._at_end = value >= bar.maximum()
        if value <= 0:
            self._flow.go_home()
        elif abs(delta) <= _NEAR_VIEWS * self.viewport().height():
            self._flow.move_by(delta)
        else:
            self._flow.jump_to(value)
        self._settle()
        self._preparing.begin(delta > 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = float(max(min(COLUMN, self.viewport().width() - 2 * MARGIN), 120))
        if width != self._store.width:
            self._store.width = width
            self._flow.heights_changed()
        self._settle()

    # frames
    def _draw_frame(self) -> None:
        begin = time.perf_counter()
        if self._boxes:
            self._store.refresh(self._boxes[-1])
            self._flow.height_changed(len(self._boxes) - 1)
            self.changed_from.emit(len(self._boxes) - 1)
        self._settle()
        # A tail that is slow to read (a huge list) is drawn less often.
        cost_ms = (time.perf_counter() - begin) * 1000
        self._frame.setInterval(round(min(max(FRAME_MS, 3 * cost_ms), _SLOWEST_FRAME_MS)))

    def _refresh_words(self) -> None:
        self._store.refresh_all()
        self._flow.heights_changed()
        self._settle()

    def _show_colours(self, row: CodeRow) -> None:
        self.documents.take(row)
        self._backing.forget_row(row)
        self.viewport().update()

    def _change_theme(self) -> None:
        self._store.look = Look(self._theme.tokens, self._zoom, self.formulas, self.thumbnails)
        self.documents.clear()
        self._backing.forget()
        self._settle()

    @property
    def zoom(self) -> float:
        return self._zoom

    def set_zoom(self, zoom: float) -> None:
        """Enlarges words and formulas; 1 is the usual size."""
        self._zoom = zoom
        for box in self._boxes:
            box.forget_heights()
        self._flow.heights_changed()
        self._change_theme()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self._refresh_words()

    def _retranslate(self) -> None:
        self._words = Words(
            self.tr("Copy"),
            self.tr("Copied"),
            self.tr("code"),
            self.tr("Edit (F2)"),
            self.tr("Scroll the formula to the left"),
            self.tr("Scroll the formula to the right"),
        )
        self.setAccessibleName(self.tr("Conversation"))
        self._to_end.name(self.tr("Jump to the end"))

    # painting
    def paint_anew(self) -> None:
        """Everything in sight may look other now, though it stands where it stood."""
        self._backing.forget()
        self.viewport().update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.paint_anew()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.paint_anew()

    def paintEvent(self, event: QPaintEvent) -> None:
        view, ground = self.viewport(), QColor(self._theme.tokens.window)
        if self.formulas.ratio != view.devicePixelRatioF():
            self.formulas.ratio = view.devicePixelRatioF()
            self.documents.clear()
        picture = self._backing.picture(
            view.size(), view.devicePixelRatioF(), self._placed, ground, self._paint_row
        )
        painter = QPainter(view)
        painter.drawPixmap(0, 0, picture)
        painter.end()

    def _paint_row(self, painter: QPainter, placed: Placed, exposed: QRectF) -> None:
        row, width = placed.row, self._column_width()
        painter.save()
        painter.translate(self._column_left(), placed.y)
        row.paint_under(painter, self._look, QRectF(0, 0, width, row.height), self._words)
        document = self._document(row)
        if document is not None:
            around = row.margins()
            grounds = self._grounds(placed, document)
            painter.save()
            room = width - around.left() - around.right()
            if document.textWidth() > room:
                painter.setClipRect(
                    QRectF(around.left(), 0, room, row.height), Qt.ClipOperation.IntersectClip
                )
            painter.translate(around.left() - row.shift, around.top())
            clip = QRectF(row.shift, exposed.top() - placed.y - around.top(), width, exposed.height())
            paint_document(painter, document, row.palette(self._look), grounds, self._look, clip)
            painter.restore()
        for action in row.actions(self._look, width, self._words):
            self._paint_action(painter, placed, action)
        painter.restore()

    def _grounds(self, placed: Placed, document: QTextDocument) -> list[Ground]:
        """Words that were found, then what is selected."""
        grounds = self.marker(placed.box, placed.index, document) if self.marker is not None else []
        part = self._selection.part(placed.box, placed.index, document.characterCount() - 1)
        return [*grounds, (*part, self._look.selection)] if part is not None else grounds

    def _paint_action(self, painter: QPainter, placed: Placed, action: Action) -> None:
        target = (placed.box, placed.index, action.key)
        words = self._words.copied if target == self._copied else action.text
        if action.icon:
            paint_action(painter, action, words, self._look, target == self._hovered)
        if target == self._focused and self.hasFocus():
            paint_focus(painter, action.rect, self._look)
