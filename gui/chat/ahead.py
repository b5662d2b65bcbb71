"""Documents made a little at a time, beside everything else: those in sight whose formulas have come,
then those that come into sight next, so that scrolling finds them there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from gui.chat.backing import Backing
from gui.chat.flow import Flow, Placed
from gui.chat.formulas import Formulas
from gui.chat.row_store import RowStore
from gui.chat.rows import Row

_AT_ONCE_S = 0.002
_TOGETHER_MS = 33  # pictures that come within so long are shown together


class Preparing(QObject):
    """`sight` gives the rows in the viewport as they are placed now."""

    renewed = Signal()  # rows in sight look other now, and may be of another height

    def __init__(
        self,
        viewport: QWidget,
        store: RowStore,
        flow: Flow,
        backing: Backing,
        formulas: Formulas,
        sight: Callable[[], Sequence[Placed]],
    ) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self._store = store
        self._flow = flow
        self._backing = backing
        self._formulas = formulas
        self._sight = sight
        self._downwards = True
        self._ahead: Iterator[tuple[int, Row]] = iter(())
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go_on)
        self._arrivals = QTimer(self, singleShot=True, interval=_TOGETHER_MS)
        self._arrivals.timeout.connect(self._take_pictures)
        formulas.arrived.connect(self._await_more)

    @property
    def busy(self) -> bool:
        return self._timer.isActive()

    def begin(self, downwards: bool) -> None:
        """The view has moved that way."""
        self._downwards = downwards
        self._ahead = self._rows_ahead()
        self._timer.start()

    def begin_at(self, box: int) -> None:
        """The view may jump to that message next."""
        self._ahead = self._rows_around(box)
        self._timer.start()

    def stop(self) -> None:
        """Rows have changed: what was to be made ready may be gone."""
        self._timer.stop()

    def _go_on(self) -> None:
        end = time.perf_counter() + _AT_ONCE_S
        if self._renew_sight(end):
            return
        for box, row in self._ahead:
            if self._make(box, row) and time.perf_counter() > end:
                return
        self._timer.stop()

    def _rows_ahead(self) -> Iterator[tuple[int, Row]]:
        """As many rows as fill the viewport once more, nearest first."""
        sight = self._sight()
        if not sight:
            return
        ahead = 0.0
        for box, row in self._flow.beyond(sight[-1 if self._downwards else 0], self._downwards):
            yield box, row
            ahead += row.height
            if ahead > self._viewport.height():
                return

    def _rows_around(self, box: int) -> Iterator[tuple[int, Row]]:
        """As many as are seen when something in that message stands in the middle of the view."""
        for downwards, room in ((True, self._viewport.height()), (False, self._viewport.height() / 2)):
            for number, row in self._flow.from_box(box, downwards):
                yield number, row
                room -= row.height
                if room < 0:
                    break

    def _make(self, box: int, row: Row) -> bool:
        """Measures a row; True where its document had to be made."""
        made, before = self._store.documents.made, row.height
        self._store.measure(box, row)
        self._store.document(row)
        if row.height != before:
            self._flow.height_changed(box)
        return self._store.documents.made > made

    # formulas
    def _await_more(self) -> None:
        if not self._arrivals.isActive():  # started anew by each one, it would not end before the last
            self._arrivals.start()

    def _take_pictures(self) -> None:
        """Pictures have come: what waited for them is made again, where it is seen or soon will be."""
        sight, documents = self._sight(), self._store.documents
        documents.drop_outdated(self._formulas.is_waiting, {placed.row for placed in sight})
        for placed in sight:
            self._formulas.hurry(documents.waits(placed.row))
        self.begin(self._downwards)

    def _renew_sight(self, end: float) -> bool:
        """Some of the rows in sight that wait no longer; False where there are none."""
        documents, is_waiting = self._store.documents, self._formulas.is_waiting
        outdated = [placed for placed in self._sight() if documents.is_outdated(placed.row, is_waiting)]
        for placed in outdated:
            self._renew(placed)
            if time.perf_counter() > end:
                break
        if outdated:
            self.renewed.emit()
        return bool(outdated)

    def _renew(self, placed: Placed) -> None:
        row, before = placed.row, placed.row.height
        self._store.documents.take(row)
        self._backing.forget_row(row)
        self._make(placed.box, row)
        if placed.y < 0 and placed.y + before <= self._viewport.height():
            # Its begin is out of sight: it grows up there, and what is read below stays where it is.
            self._flow.move_by(row.height - before)
