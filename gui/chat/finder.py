"""Finds words in the conversation that is shown: counts them, marks them, and walks from hit to hit.

A message is looked through as it was written until its Markdown has been read, which happens beside
everything else; from then on exactly what is shown counts.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QTextDocument

from gui.chat.painting import Ground
from gui.chat.reading import hits_in, line_of
from gui.chat.search import Search, folded
from gui.chat.selecting import SelectableCanvas

_READING_S = 0.004  # of Markdown at a time

Spot = tuple[int, int, int, int]  # message, row, first character, the one after the last


class Finder(QObject):
    changed = Signal()  # number or total

    def __init__(self, canvas: SelectableCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._search = Search()
        self._texts: list[str] = []
        self._unread: list[int] = []
        self._spot: Spot | None = None  # of the current hit
        self._opened = False
        self._reading = QTimer(self, interval=10)
        self._reading.timeout.connect(self._read)
        canvas.changed_from.connect(self._refresh)
        canvas.folded.connect(self._refold)

    @property
    def total(self) -> int:
        return self._search.total

    @property
    def number(self) -> int:
        """Of the current hit, from 1; 0 without one."""
        return self._search.number

    @property
    def reads(self) -> bool:
        """False once everything is counted as it is shown."""
        return bool(self._unread)

    def open(self) -> None:
        """Begins to mark."""
        if not self._opened:
            self._opened = True
            self._canvas.marker = self._marks
            self._refresh(0)

    def close(self) -> bool:
        """Nothing is marked any more; the current hit is selected. True if there was one."""
        spot, self._spot = self._spot, None
        self._opened = False
        self._reading.stop()
        self._texts, self._unread = [], []
        self._search = Search()
        self._canvas.marker = None
        self._canvas.paint_anew()
        if spot is not None:
            self._canvas.select_part(*spot)
        return spot is not None

    def look_for(self, words: str) -> None:
        """Other words; goes to the first hit from the current one, or from what is in sight, on."""
        start = self._spot[0] if self._spot is not None else self._canvas.first_in_sight
        self._search.look_for(words, self._texts)
        self._walk(True, start)

    def look_from(self, words: str, box: int) -> None:
        """Goes to the first hit in that message, or behind it."""
        self._search.look_for(words, self._texts)
        self._walk(True, box)

    def step(self, forward: bool) -> None:
        """To the next hit, or the one before."""
        self._walk(forward, self._canvas.first_in_sight)

    def line(self) -> str:
        """The line with the current hit, to be read out."""
        document = self._canvas.row_document(*self._spot[:2]) if self._spot is not None else None
        return line_of(document, self._spot[2]) if document is not None and self._spot else ""

    def _walk(self, forward: bool, start: int) -> None:
        self._spot = None
        while True:
            self._search.step(forward, start)
            if self._search.current is None:
                break
            start = self._search.current[0]
            self._know(start)
            # A message that was not read yet may turn out to show no such words.
            if self._search.current is not None:
                self._spot = self._find_spot(unfold=True)
                break
        if self._spot is not None:
            self._canvas.bring_into_sight(*self._spot[:3])
        if (following := self._search.ahead(forward)) is not None:
            self._canvas.make_ready(following)
        self._canvas.paint_anew()
        self.changed.emit()

    def _find_spot(self, unfold: bool = False) -> Spot | None:
        """Where the current hit is shown; what is folded is opened for it, or has no spot."""
        assert self._search.current is not None
        box, nth = self._search.current
        folds = folded("\n".join(self._canvas.folded_lines(box))).count(self._search.needle)
        if nth < folds:
            if not unfold:
                return None
            self._canvas.unfold(box)
            folds = 0
        nth -= folds
        for index, row in enumerate(self._canvas.box_rows(box)):
            here = folded("\n".join(row.lines())).count(self._search.needle)
            document = self._canvas.row_document(box, index) if nth < here else None
            if document is not None:
                hits = hits_in(document, self._search.needle)
                return (box, index, *hits[nth]) if nth < len(hits) else None
            nth -= here
        return None

    # what is shown
    def _refold(self, box: int) -> None:
        """Something in a message was opened or closed: its rows have other numbers."""
        if self._spot is not None and self._spot[0] == box:
            self._spot = self._find_spot() if self._search.current is not None else None
            self._canvas.paint_anew()

    def _refresh(self, index: int) -> None:
        """Messages from that index on are other ones, or have grown."""
        if not self._opened:
            return
        count = self._canvas.box_count()
        self._unread = [box for box in self._unread if box < index] + list(range(index, count))
        self._texts[index:] = [folded(self._canvas.source(box)) for box in range(index, count)]
        self._search.recount(index, self._texts[index:])
        if index == count - 1:
            self._know(index)
        if self._spot is not None and self._spot[0] >= index:
            self._spot = self._find_spot() if self._search.current is not None else None
        self._reading.start()
        self.changed.emit()

    def _know(self, box: int) -> None:
        """Looks through what a message shows."""
        self._texts[box] = folded("\n".join(self._canvas.box_lines(box)))
        self._search.correct(box, self._texts[box])

    def _read(self) -> None:
        before = self.number, self.total
        end = time.perf_counter() + _READING_S
        while self._unread and time.perf_counter() < end:
            self._know(self._unread.pop())
        if not self._unread:
            self._reading.stop()
        if (self.number, self.total) != before:
            self.changed.emit()

    def _marks(self, box: int, row: int, document: QTextDocument) -> list[Ground]:
        look = self._canvas.look
        if not self._search.needle or not self._canvas.box_rows(box)[row].selectable:
            return []
        return [
            (start, end, look.current_hit if (box, row, start, end) == self._spot else look.hit)
            for start, end in hits_in(document, self._search.needle)
        ]
