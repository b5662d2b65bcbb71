"""The documents of the rows that were painted last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

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

    def drop_outdated(self, is_waiting: Callable[[Wanted], bool]) -> list[Row]:
        """Forgets the documents that waited for pictures which have all come; says whose they were."""
        waited = [(row, document.waits) for row, document in self._kept.items() if document.waits]
        rows = [row for row, waits in waited if not any(map(is_waiting, waits))]
        for row in rows:
            del self._kept[row]
        return rows

    def clear(self) -> None:
        self._kept.clear()
