"""The documents of the rows that were painted last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection

from gui.chat.documents import Document
from gui.chat.formulas import Wanted
from gui.chat.rows import Row

KEPT_DOCUMENTS = 240


class DocumentCache:
    """The documents of the rows painted last. A row's height outlives its document."""

    def __init__(self, capacity: int = KEPT_DOCUMENTS) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[Row, Document] = OrderedDict()
        self.made = 0  # how many were built, ever

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, row: Row) -> Document | None:
        document = self._kept.get(row)
        if document is not None:
            self._kept.move_to_end(row)
        return document

    def put(self, row: Row, document: Document) -> None:
        self.made += 1
        self._kept[row] = document
        self._kept.move_to_end(row)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def take(self, row: Row) -> Document | None:
        return self._kept.pop(row, None)

    def waits(self, row: Row) -> Collection[Wanted]:
        """The pictures that a row's document was made without."""
        document = self._kept.get(row)
        return document.waits if document is not None else ()

    def is_outdated(self, row: Row, is_waiting: Callable[[Wanted], bool]) -> bool:
        """True for a document that waited for pictures which have all come."""
        waits = self.waits(row)
        return bool(waits) and not any(map(is_waiting, waits))

    def drop_outdated(self, is_waiting: Callable[[Wanted], bool], but: Collection[Row]) -> None:
        """Forgets documents that waited for pictures which have all come, those of some rows excepted."""
        for row in [row for row in self._kept if row not in but and self.is_outdated(row, is_waiting)]:
            del self._kept[row]

    def clear(self) -> None:
        self._kept.clear()
