"""A download as it goes: bar, bytes, speed, time left. Knows only numbers and words."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gui.widgets.bytes_text import format_bytes, format_rate, format_seconds
from gui.widgets.labels import ElidedLine, Line
from gui.widgets.view import View


class DownloadView(View):
    """`show_progress` and `show_verifying` may be called as often as news arrive."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._amount = Line()
        self._pace = Line("", "muted")
        self._file = ElidedLine("", "muted")
        row = QHBoxLayout()
        row.addWidget(self._amount)
        row.addStretch(1)
        row.addWidget(self._pace)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._bar)
        column.addLayout(row)
        column.addWidget(self._file)
        self.retranslate()

    def retranslate(self) -> None:
        self._bar.setAccessibleName(self.tr("Download progress"))

    def show_waiting(self, words: str) -> None:
        """Something goes on whose length nobody knows."""
        self._bar.setRange(0, 0)
        self._write(words, "", "")

    def show_progress(
        self, done: int, total: int, speed: float, seconds_left: float | None, file: str, waiting: bool
    ) -> None:
        """Sizes in bytes, `speed` in bytes per second; `waiting`: the network gives nothing."""
        self._fill(done, total)
        amount = self.tr("{done} of {total}").format(done=format_bytes(done), total=format_bytes(total))
        if waiting:
            pace = self.tr("waiting for the network")
        elif seconds_left is None:
            pace = format_rate(speed)
        else:
            pace = self.tr("{speed}, {time} left").format(
                speed=format_rate(speed), time=format_seconds(seconds_left)
            )
        self._write(amount, pace, file)

    def show_paused(self, done: int, total: int, words: str) -> None:
        self._fill(done, total)
        amount = self.tr("{done} of {total}").format(done=format_bytes(done), total=format_bytes(total))
        self._write(amount, words, "")

    def _fill(self, done: int, total: int) -> None:
        self._bar.setRange(0, 1000)
        self._bar.setValue(round(1000 * done / total) if total else 0)

    def _write(self, amount: str, pace: str, file: str) -> None:
        self._amount.setText(amount)
        self._pace.setText(pace)
        self._file.setText(file)
        self._file.setVisible(bool(file))
