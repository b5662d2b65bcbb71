"""Rows of code: a block in slices, each with a document of its own."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QTextCursor, QTextDocument

from gui.chat.documents import Document, code_document
from gui.chat.highlight import CodeText
from gui.chat.look import Look
from gui.chat.rows import DIRECT, Action, Place, Row, Words, right_action, rounded, wrapped

_HEADER = 34.0  # px, bar above code


class CodeRow(Row):
    """A slice of a code block. The first has the header, the last the lower edge."""

    def __init__(self, code: CodeText, closed: bool, start: int, end: int, place: Place = DIRECT) -> None:
        super().__init__()
        self.place = place
        self.code = code
        self.closed = closed
        self.start = start
        self.end = end
        self.last = end == len(code.text)
        self._piece = code.text[start:end]

    @property
    def first(self) -> bool:
        return self.start == 0

    def _key(self) -> tuple[object, ...]:
        return self.code.language, self.closed, self.start, self.last, self._piece, self.place

    def same(self, other: Row) -> bool:
        return isinstance(other, CodeRow) and other._key() == self._key()

    def estimate(self, look: Look, width: float) -> float:
        around = self.margins()
        return wrapped(self._piece, width) * look.code_line + around.top() + around.bottom()

    def margins(self) -> QMarginsF:
        return QMarginsF(14 + self.place.left, _HEADER + 18 if self.first else 0, 14, 20 if self.last else 0)

    def make_document(self, look: Look) -> Document | None:
        stretches = [s for s in self.code.stretches if s[0] < self.end and s[1] > self.start]
        return code_document(self._piece.removesuffix("\n"), stretches, self.start, look)

    def extend(self, document: QTextDocument, older: Row) -> bool:
        if not isinstance(older, CodeRow) or self.closed or older.start != self.start:
            return False
        had, now = older._piece.removesuffix("\n"), self._piece.removesuffix("\n")
        if not now.startswith(had):
            return False
        cursor = QTextCursor(document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(now[len(had) :])
        return True

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        top = 8.0 if self.first else -2.0
        bottom = 8.0 if self.last else -2.0
        left = self.place.left
        self.place.paint(painter, look, size.height())
        box = QRectF(left + 0.5, top + 0.5, size.width() - left - 1, size.height() - top - bottom - 1)
        painter.save()
        painter.setClipRect(QRectF(0, 0, size.width(), size.height()), Qt.ClipOperation.IntersectClip)
        path = rounded(box, self.first, self.last, 10.0)
        painter.fillPath(path, look.code_ground)
        painter.setPen(QPen(look.border, 1))
        painter.drawPath(path)
        if self.first:
            line = 8.0 + _HEADER
            painter.drawLine(QPointF(left + 1, line), QPointF(size.width() - 1, line))
            painter.setPen(look.muted)
            painter.setFont(look.small)
            box = QRectF(left + 14, 8, size.width() - left - 140, _HEADER)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self.code.language or words.code)
        painter.restore()

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        if not self.first:
            return ()
        return (right_action("copy_code", words.copy, "copy", look, width - 8, 8 + (_HEADER - 26) / 2),)

    def text(self) -> str:
        return self._piece

    def lines(self) -> Iterator[str]:
        yield self._piece

    def joint(self) -> str:
        if not self.first:
            return ""
        return "\n" if self.place.joined else "\n\n"
