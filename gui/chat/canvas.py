"""The canvas: virtual by block, painted from a few kept documents, whatever the conversation's length."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QEvent, QLocale, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextDocument,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from engine.chat.conversation import ChatMessage, PartKind
from gui.chat.details import details_of
from gui.chat.documents import DocumentCache
from gui.chat.flow import Flow, Placed
from gui.chat.look import COLUMN, MARGIN, Look
from gui.chat.message_box import MessageBox, Thought, Wording, is_reading_start
from gui.chat.painting import Ground, line_at, paint_action, paint_document, paint_focus
from gui.chat.part_rows import VersionWords
from gui.chat.rows import Action, CodeRow, Row, Words
from gui.chat.selection import Selection
from gui.chat.wording import footer_words, reading_words, thought_title, tool_words, version_words
from gui.widgets.controls import IconButton
from gui.widgets.theme import ThemeSource

FRAME_MS = 33
_SLOWEST_FRAME_MS = 300
_LEXING_S = 0.005  # of work at a time on the colours of code
_UNFOLDED = 160  # messages whose rows are kept
_NEAR_VIEWS = 3  # within so many viewports, scrolling is exact

Target = tuple[int, int, str]  # message, row, action key
Marker = Callable[[int, int, QTextDocument], list[Ground]]  # message, row, its document


class Canvas(QAbstractScrollArea):
    """Shows messages and scrolls through them; knows nothing of the desk."""

    changed_from = Signal(int)  # the words of that message and of those after it

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._look = Look(theme.tokens)
        self._boxes: list[MessageBox] = []
        self._unfolded: OrderedDict[MessageBox, None] = OrderedDict()
        self.documents = DocumentCache()
        self._flow = Flow(self)
        self._placed: list[Placed] = []
        self._at_end = True
        self._value = 0
        self._busy = False
        self._selection = Selection()
        self._hovered: Target | None = None
        self._focused: Target | None = None
        self._copied: Target | None = None
        self.marker: Marker | None = None
        self.versions_of: Callable[[int], tuple[int, ...]] = lambda message_id: (message_id,)
        self._wording = Wording(
            lambda thought: thought_title(thought, QLocale()),
            lambda message: footer_words(message, QLocale(), self._is_last(message), self._busy),
            lambda message: details_of(message, QLocale()),
            lambda message: reading_words(
                self._is_reading_start(message), bool(message.text(PartKind.SUMMARY))
            ),
            tool_words,
            self._version_words,
        )
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
        self._lexing_timer = QTimer(self, interval=15)
        self._lexing: list[CodeRow] = []

    def _connect(self) -> None:
        self._theme.changed.connect(self._change_theme)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self._to_end.clicked.connect(self.go_to_end)
        self._frame.timeout.connect(self._draw_frame)
        self._lexing_timer.timeout.connect(self._lex)

    # what is shown
    def show_messages(self, messages: Sequence[ChatMessage], live_id: int | None = None) -> None:
        """Another conversation; `live_id` names the answer that is being written."""
        self._boxes = []
        self._flow.reset()
        self._at_end = True
        self.replace_from(0, messages, live_id)

    def replace_from(self, index: int, messages: Sequence[ChatMessage], live_id: int | None = None) -> None:
        """Replaces the messages from that index on; those before keep their rows."""
        for box in self._boxes[index:]:
            self._unfolded.pop(box, None)
        del self._boxes[index:]
        self._boxes += [MessageBox(message, message.id == live_id) for message in messages]
        self._focused = self._hovered = self._copied = None
        if self._selection.end[0] >= index:
            self._selection.clear()
        self._flow.heights_changed()
        self._refresh_words()
        self.changed_from.emit(index)

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
        if box.live and QAccessible.isActive():
            words = "\n".join(row.text() for row in self.box_rows(index))
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))
        box.end(message)
        self._refresh_words()
        self.changed_from.emit(index)

    def set_busy(self, busy: bool) -> None:
        """While an answer is written no other can be asked for."""
        if busy != self._busy:
            self._busy = busy
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
        return len(self._unfolded)

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

    def box_lines(self, box: int) -> Iterator[str]:
        """What can be found in a message."""
        return self._boxes[box].lines()

    def source(self, box: int) -> str:
        """A message as it was written."""
        return self._boxes[box].message.text()

    def row_document(self, box: int, row: int) -> QTextDocument | None:
        return self._document(self.box_rows(box)[row])

    def select_part(self, box: int, row: int, start: int, end: int) -> None:
        """Selects characters of a row."""
        self._selection = Selection((box, row, start), (box, row, end))
        self.viewport().update()

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

    def _in_sight(self, box: int, row: int, line: QRectF) -> bool:
        places = (placed.y for placed in self._placed if (placed.box, placed.index) == (box, row))
        y = next(places, -math.inf)
        return y + line.top() >= 0 and y + line.bottom() <= self.viewport().height()

    # the flow's source
    def box_count(self) -> int:
        return len(self._boxes)

    def box_height(self, box: int) -> float:
        return self._boxes[box].height(self._look, self._column_width())

    def box_rows(self, box: int) -> list[Row]:
        found = self._boxes[box]
        if found.rows is None:
            self._flow.heights_changed()
        self._unfolded[found] = None
        self._unfolded.move_to_end(found)
        return found.unfold(self._look, self._column_width(), self._wording)

    def measure(self, box: int, row: Row) -> float:
        width = self._column_width()
        if not row.is_measured(width):
            around = row.margins()
            document = self._document(row)
            height = document.size().height() if document else 8.0
            row.height = around.top() + height + around.bottom()
            row.measured_for = width
            self._boxes[box].touched()
        return row.height

    def _document(self, row: Row) -> QTextDocument | None:
        document = self.documents.get(row)
        if document is None:
            if isinstance(row, CodeRow) and not row.code.colour(_LEXING_S):
                self._lex_later(row)
            document = row.make_document(self._look)
            if document is None:
                return None
            self.documents.put(row, document)
        around = row.margins()
        width = self._column_width() - around.left() - around.right()
        if document.textWidth() != width:
            document.setTextWidth(width)
        return document

    # geometry
    def _column_width(self) -> float:
        return float(max(min(COLUMN, self.viewport().width() - 2 * MARGIN), 120))

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
        self._fold_up_far()
        self._place_button()
        self.viewport().update()

    def _fold_up_far(self) -> None:
        seen = {placed.box for placed in self._placed}
        for box in list(self._unfolded)[: max(len(self._unfolded) - _UNFOLDED, 0)]:
            if not box.live and not any(self._boxes[index] is box for index in seen):
                del self._unfolded[box]
                box.fold_up()

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
            self._flow.reset()
        elif abs(delta) <= _NEAR_VIEWS * self.viewport().height():
            self._flow.move_by(delta)
        else:
            self._flow.jump_to(value)
        self._settle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._flow.heights_changed()
        self._settle()

    # frames
    def _draw_frame(self) -> None:
        begin = time.perf_counter()
        if self._boxes:
            self._refresh_box(self._boxes[-1])
            self.changed_from.emit(len(self._boxes) - 1)
        self._settle()
        # A tail that is slow to read (a huge list) is drawn less often.
        cost_ms = (time.perf_counter() - begin) * 1000
        self._frame.setInterval(round(min(max(FRAME_MS, 3 * cost_ms), _SLOWEST_FRAME_MS)))

    def _refresh_box(self, box: MessageBox) -> None:
        box.refresh(self._look, self._column_width(), self._wording, self._take_over)
        self._flow.heights_changed()

    def _take_over(self, old: Row, new: Row) -> None:
        """A row that grew goes on with the document of the old one where it can."""
        document = self.documents.take(old)
        if document is not None and new.extend(document, old):
            self.documents.put(new, document)

    def _refresh_words(self) -> None:
        for box in self._unfolded:
            self._refresh_box(box)
        self._settle()

    def _lex_later(self, row: CodeRow) -> None:
        self._lexing.append(row)
        self._lexing_timer.start()

    def _lex(self) -> None:
        if not self._lexing:
            self._lexing_timer.stop()
            return
        row = self._lexing[-1]
        if row.code.colour(_LEXING_S):
            for other in [other for other in self._lexing if other.code is row.code]:
                self._lexing.remove(other)
                self.documents.take(other)
            self.viewport().update()

    def _change_theme(self) -> None:
        self._look = Look(self._theme.tokens)
        self.documents.clear()
        self._settle()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()
            self._refresh_words()

    def _retranslate(self) -> None:
        self._words = Words(self.tr("Copy"), self.tr("Copied"), self.tr("code"), self.tr("Edit (F2)"))
        self.setAccessibleName(self.tr("Conversation"))
        self._to_end.name(self.tr("Jump to the end"))

    def _version_words(self, message: ChatMessage) -> VersionWords | None:
        versions = self.versions_of(message.id)
        return version_words(versions.index(message.id) + 1, len(versions), QLocale(), self._busy)

    def _is_last(self, message: ChatMessage) -> bool:
        return bool(self._boxes) and self._boxes[-1].message.id == message.id

    def _is_reading_start(self, message: ChatMessage) -> bool:
        """True where reading begins now, not at an earlier mark."""
        marked = (box.message.id for box in reversed(self._boxes) if is_reading_start(box.message))
        return next(marked, None) == message.id

    # painting
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(self._theme.tokens.window))
        for placed in self._placed:
            self._paint_row(painter, placed)
        painter.end()

    def _paint_row(self, painter: QPainter, placed: Placed) -> None:
        row, width = placed.row, self._column_width()
        painter.save()
        painter.translate(self._column_left(), placed.y)
        row.paint_under(painter, self._look, QRectF(0, 0, width, row.height), self._words)
        document = self._document(row)
        if document is not None:
            around = row.margins()
            grounds = self._grounds(placed, document)
            painter.translate(around.left(), around.top())
            clip = QRectF(0, -placed.y - around.top(), width, self.viewport().height())
            paint_document(painter, document, row.palette(self._look), grounds, self._look, clip)
            painter.translate(-around.left(), -around.top())
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
