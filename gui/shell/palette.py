"""The command palette: everything one can do, found by typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QVBoxLayout, QWidget

from gui.shell.palette_delegate import PaletteDelegate
from gui.widgets.fuzzy import match
from gui.widgets.labels import Line
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_WIDTH = 560
_ROWS = 9
_MOST = 200
KEYS_ROLE = int(Qt.ItemDataRole.UserRole)
_STEPS: dict[int, int] = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -_ROWS,
    Qt.Key.Key_PageDown: _ROWS,
}
_CHOICES = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Entry:
    words: str
    keys: str  # shown beside it
    run: Callable[[], object]


class _Entries(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def show(self, entries: list[Entry]) -> None:
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{entry.words}, {entry.keys}" if entry.keys else entry.words
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.words
        return entry.keys if role == KEYS_ROLE else None


class _Field(QLineEdit):
    """Keys that walk and choose go to the palette; the others write."""

    key = Signal(int)
    left = Signal()  # the focus went elsewhere

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (*_STEPS, *_CHOICES, Qt.Key.Key_Escape):
            self.key.emit(event.key())
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class Palette(View):
    """Lies over the window until something was chosen, or it was left."""

    def __init__(self, theme: ThemeSource, window: QWidget) -> None:
        super().__init__(window)
        self._all: Sequence[Entry] = ()
        self._before: QWidget | None = None
        self._field = _Field()
        self._entries = _Entries(self)
        self._view = QListView()
        self._view.setModel(self._entries)
        self._view.setItemDelegate(PaletteDelegate(theme, KEYS_ROLE, self._view))
        self._view.setProperty("kind", "palette")
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._view.setUniformItemSizes(True)
        self._nothing = Line("", "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        frame = QFrame()
        frame.setProperty("kind", "card")
        column = QVBoxLayout(frame)
        column.setContentsMargins(10, 10, 10, 10)
        column.addWidget(self._field)
        column.addWidget(self._view)
        column.addWidget(self._nothing, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self._field.textChanged.connect(self._filter)
        self._field.key.connect(self._take_key)
        self._field.left.connect(self._focus_left)
        self._view.clicked.connect(self._choose)
        self.hide()
        self.retranslate()

    def open(self, entries: Sequence[Entry], text: str = "") -> None:
        self._all = entries
        self._before = self.window().focusWidget()
        self._field.setText(text)
        self._filter(text)
        self.place()
        self.show()
        self.raise_()
        self._field.setFocus()

    def leave(self) -> None:
        """The keyboard goes back to where it was."""
        if self.isVisible():
            before, self._before = self._before, None
            self.hide()
            if before is not None and before.isVisible():
                before.setFocus()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Commands"))
        self._field.setPlaceholderText(self.tr("What would you like to do?"))
        self._field.setAccessibleName(self.tr("Look for a command, a model, a prompt or a chat"))
        self._view.setAccessibleName(self.tr("Commands"))
        self._nothing.setText(self.tr("Nothing matches"))

    def shown(self) -> list[str]:
        return [entry.words for entry in self._entries.entries]

    def _filter(self, text: str) -> None:
        ranked = [(match(text, entry.words), -place, entry) for place, entry in enumerate(self._all)]
        found = sorted((one for one in ranked if one[0]), key=lambda one: one[:2], reverse=True)
        self._entries.show([entry for _, _, entry in found[:_MOST]])
        self._view.setVisible(bool(found))
        self._nothing.setVisible(not found)
        self._view.setCurrentIndex(self._entries.index(0))
        self._say_current()

    def _step(self, step: int) -> None:
        count = self._entries.rowCount()
        if count:
            row = self._view.currentIndex().row()
            row = (row + step) % count if abs(step) == 1 else min(max(row + step, 0), count - 1)
            self._view.setCurrentIndex(self._entries.index(row))
            self._say_current()

    def _say_current(self) -> None:
        """The keyboard stays in the field, so the field tells what Enter would do."""
        words = self._entries.data(self._view.currentIndex(), int(Qt.ItemDataRole.AccessibleTextRole))
        self._field.setAccessibleDescription(words or self._nothing.text())

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            entry = self._entries.entries[index.row()]
            self.leave()
            entry.run()

    def _take_key(self, key: int) -> None:
        if key in _CHOICES:
            self._choose(self._view.currentIndex())
        elif key in _STEPS:
            self._step(_STEPS[key])
        else:
            self.leave()

    def _focus_left(self) -> None:
        """A click elsewhere ends it; another window before this one does not."""
        if self.isVisible() and self.window().isActiveWindow():
            self._before = None
            self.hide()

    def place(self) -> None:
        """In the middle of the window; call again when that has another size."""
        around = self.parentWidget()
        width = min(_WIDTH, around.width() - 40)
        height = self._field.sizeHint().height() + _ROWS * PaletteDelegate.HEIGHT + 30
        self.setGeometry((around.width() - width) // 2, max(20, around.height() // 9), width, height)
