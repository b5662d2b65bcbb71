"""The rows of all messages: made when they come into sight, measured, and given back when they are far."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Collection

from gui.chat.code_rows import CodeRow
from gui.chat.colouring import Colouring
from gui.chat.document_cache import DocumentCache
from gui.chat.documents import Document
from gui.chat.look import Look
from gui.chat.message_box import MessageBox
from gui.chat.rows import Row
from gui.chat.saying import Saying

_UNFOLDED = 160  # messages whose rows are kept


class RowStore:
    """What the flow lays out. `unfolding` is told of a message whose rows are about to be made."""

    def __init__(self, look: Look, colouring: Colouring, unfolding: Callable[[int], None]) -> None:
        self.look = look
        self.width = 120.0  # px, of the column
        self.boxes: list[MessageBox] = []
        self.saying = Saying(self.boxes)
        self.documents = DocumentCache()
        self._unfolded: OrderedDict[MessageBox, None] = OrderedDict()
        self._colouring = colouring
        self._unfolding = unfolding

    @property
    def unfolded_count(self) -> int:
        return len(self._unfolded)

    # for the flow
    def box_count(self) -> int:
        return len(self.boxes)

    def box_height(self, box: int) -> float:
        return self.boxes[box].height(self.look, self.width)

    def box_rows(self, box: int) -> list[Row]:
        found = self.boxes[box]
        if found.rows is None:
            self._unfolding(box)
        self._unfolded[found] = None
        self._unfolded.move_to_end(found)
        return found.unfold(self.look, self.width, self.saying.wording)

    def measure(self, box: int, row: Row) -> float:
        if not row.is_measured(self.width):
            document = self.document(row)
            around = row.margins()
            height = document.size().height() if document else 8.0
            # Whole pixels, so that what is painted can be moved.
            row.height = math.ceil(around.top() + height + around.bottom())
            # With the picture of a formula it may be higher.
            row.measured_for = -1.0 if document is not None and document.waits else self.width
            self.boxes[box].touched()
        return row.height

    def document(self, row: Row) -> Document | None:
        """Of a row, as wide as the column; made if need be."""
        document = self.documents.get(row)
        if document is None:
            if isinstance(row, CodeRow):
                self._colouring.begin(row)
            document = row.make_document(self.look)
            if document is None:
                return None
            self.documents.put(row, document)
        around = row.margins()
        width = row.document_width(self.width - around.left() - around.right())
        if document.textWidth() != width:
            document.setTextWidth(width)
        return document

    # changes
    def remove_from(self, index: int) -> None:
        for box in self.boxes[index:]:
            self._unfolded.pop(box, None)
        del self.boxes[index:]

    def refresh(self, box: MessageBox) -> None:
        """Rows as the message is now."""
        box.refresh(self.look, self.width, self.saying.wording, self._take_over)

    def refresh_all(self) -> None:
        for box in self._unfolded:
            self.refresh(box)

    def fold_up_far(self, seen: Collection[int]) -> None:
        """Gives back the rows of those looked at least lately, but never of those in sight."""
        for box in list(self._unfolded)[: max(len(self._unfolded) - _UNFOLDED, 0)]:
            if not box.live and not any(self.boxes[index] is box for index in seen):
                del self._unfolded[box]
                box.fold_up()

    def _take_over(self, old: Row, new: Row) -> None:
        """A row that grew goes on with the document of the old one where it can."""
        document = self.documents.take(old)
        if document is not None and new.extend(document, old):
            self.documents.put(new, document)
