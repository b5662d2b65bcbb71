"""Colours code a few milliseconds at a time, beside everything else."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from gui.chat.code_rows import CodeRow

_LEXING_S = 0.005  # of work at a time


class Colouring(QObject):
    coloured = Signal(object)  # a CodeRow whose colours are known now

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: list[CodeRow] = []
        self._timer = QTimer(self, interval=15)
        self._timer.timeout.connect(self._go_on)

    def begin(self, row: CodeRow) -> None:
        """Colours a little of it at once, the rest later."""
        if not row.code.colour(_LEXING_S):
            self._waiting.append(row)
            self._timer.start()

    def _go_on(self) -> None:
        if not self._waiting:
            self._timer.stop()
            return
        code = self._waiting[-1].code
        if code.colour(_LEXING_S):
            done = [row for row in self._waiting if row.code is code]
            self._waiting = [row for row in self._waiting if row.code is not code]
            for row in done:
                self.coloured.emit(row)
