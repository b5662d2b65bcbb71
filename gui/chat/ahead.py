"""Makes ready what comes into sight next, a little at a time, so that scrolling finds it there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from PySide6.QtCore import QObject, QTimer

from gui.chat.rows import Row

_AT_ONCE_S = 0.002

Ahead = Callable[[bool], Iterable[tuple[int, Row]]]  # downwards or not -> (message, row), nearest first


class Preparing(QObject):
    """`ahead` names the rows beyond the viewport; `prepare` is True where there was something to do."""

    def __init__(self, parent: QObject, ahead: Ahead, prepare: Callable[[int, Row], bool]) -> None:
        super().__init__(parent)
        self._ahead = ahead
        self._prepare = prepare
        self._rows: Iterator[tuple[int, Row]] = iter(())
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go_on)

    def begin(self, downwards: bool) -> None:
        """The view has moved that way."""
        self._rows = iter(self._ahead(downwards))
        self._timer.start()

    def stop(self) -> None:
        """Rows have changed: what was to be made ready may be gone."""
        self._timer.stop()

    def _go_on(self) -> None:
        end = time.perf_counter() + _AT_ONCE_S
        for box, row in self._rows:
            if self._prepare(box, row) and time.perf_counter() > end:
                return
        self._timer.stop()
