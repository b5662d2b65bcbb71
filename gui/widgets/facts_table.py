"""A small table that is read, not edited: as high as its rows, walked with the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

_PADDING = 13  # of a cell, left and right: the style sheet's and Qt's own
_TALL = 10_000


class FactsTable(QTableWidget):
    """The first column is what a row is about; screen readers hear each cell with its column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("kind", "facts")
        self.setWordWrap(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.horizontalHeader().setSectionsClickable(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fitting = QTimer(self, singleShot=True, interval=0)
        self._fitting.timeout.connect(self._fit_rows)
        # Qt gives the widest column its room some time after the table has got its own.
        self.horizontalHeader().sectionResized.connect(lambda *_: self._fitting.start())

    def show_rows(self, heads: Sequence[str], rows: Sequence[Sequence[str]], wide: int = 0) -> None:
        """Replaces everything that is shown; the column `wide` takes the room that is left."""
        self.setColumnCount(len(heads))
        self.setRowCount(len(rows))
        self.setHorizontalHeaderLabels(list(heads))
        for at, row in enumerate(rows):
            for column, words in enumerate(row):
                item = QTableWidgetItem(words)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{heads[column]}: {words}")
                self.setItem(at, column, item)
        header = self.horizontalHeader()
        for column in range(len(heads)):
            mode = QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch if column == wide else mode)
        self._fit_rows()
        if rows and self.currentRow() < 0:
            self.setCurrentCell(0, 0)
        self.setVisible(bool(rows))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_rows()

    def _fit_rows(self) -> None:
        """As high as their words, wrapped; Qt leaves the padding of the style sheet out of its own count."""
        metrics = self.fontMetrics()
        flags = int(Qt.TextFlag.TextWordWrap)
        for row in range(self.rowCount()):
            heights = [
                metrics.boundingRect(QRect(0, 0, width, _TALL), flags, item.text()).height()
                for column in range(self.columnCount())
                if (item := self.item(row, column)) is not None
                and (width := self.columnWidth(column) - 2 * _PADDING) > 0
            ]
            self.setRowHeight(row, max(heights, default=0) + _PADDING)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        height = self.horizontalHeader().sizeHint().height() + 2
        height += sum(self.rowHeight(row) for row in range(self.rowCount()))
        if self.horizontalScrollBar().maximum() > 0:
            height += self.horizontalScrollBar().sizeHint().height()
        return QSize(400, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())
