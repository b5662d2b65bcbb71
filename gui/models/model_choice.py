"""Which models of an endpoint the chat may use: a list to tick, and a name that the list does not hold."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gui.models.tick_delegate import ROW, TickDelegate
from gui.widgets.controls import Button
from gui.widgets.rows import beside
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_MOST_ROWS = 6  # in sight at once
_EDGE = 10  # border and padding, above and below together
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable


class ModelChoice(View):
    """Arrows and Space tick; names that are not on the list (an alias, say) are written below it."""

    changed = Signal()

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._list = QListWidget()
        self._list.setItemDelegate(TickDelegate(theme, self._list))
        self._list.setProperty("kind", "choice")
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._field = QLineEdit()
        self._add = Button()
        line = beside(self._field, self._add, gap=10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._list)
        column.addLayout(line)
        self._add.clicked.connect(self._add_written)
        self._field.returnPressed.connect(self._add_written)
        self._list.itemChanged.connect(self.changed)
        self.retranslate()

    def retranslate(self) -> None:
        self._list.setAccessibleName(self.tr("Models for the chat; Space ticks one"))
        self._field.setAccessibleName(self.tr("Name of another model"))
        self._field.setPlaceholderText(self.tr("a model that is not on the list, by its name"))
        self._add.word(self.tr("Add this name"))

    def begin(self, chosen: tuple[str, ...]) -> None:
        """Only these are on the list, all of them ticked."""
        self._list.clear()
        self._field.clear()
        for name in chosen:
            self._append(name, True)
        self._fit()

    def offer(self, names: tuple[str, ...]) -> None:
        """These and what is ticked are on the list; an only one is ticked."""
        chosen = self.chosen()
        self._list.clear()
        for name in (*names, *(name for name in chosen if name not in names)):
            self._append(name, name in chosen or len(names) == 1)
        self._fit()

    def chosen(self) -> tuple[str, ...]:
        """The names that are ticked, in the order of the list."""
        rows = [self._list.item(row) for row in range(self._list.count())]
        return tuple(item.text() for item in rows if item.checkState() is Qt.CheckState.Checked)

    def enter(self) -> None:
        """The keyboard starts at the first row."""
        self._list.setFocus()
        self._list.setCurrentRow(0)

    def _add_written(self) -> None:
        name = self._field.text().strip()
        if not name:
            return
        for item in self._list.findItems(name, Qt.MatchFlag.MatchExactly):
            self._list.takeItem(self._list.row(item))
        self._append(name, True)
        self._field.clear()
        self._fit()
        self._list.scrollToBottom()
        self.changed.emit()

    def _append(self, name: str, ticked: bool) -> None:
        item = QListWidgetItem(name)
        item.setFlags(_FLAGS)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setToolTip(name)
        self._list.addItem(item)

    def _fit(self) -> None:
        """As high as its rows, up to a few; away while it is empty."""
        count = self._list.count()
        self._list.setFixedHeight(min(count, _MOST_ROWS) * ROW + _EDGE)
        self._list.setVisible(count > 0)
