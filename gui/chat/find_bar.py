"""The bar above the conversation to look for words in it."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from gui.chat.finder import Finder
from gui.widgets.controls import IconButton
from gui.widgets.icons import icon
from gui.widgets.labels import Line
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class FindBar(View):
    """Hidden until `open`."""

    closed = Signal(bool)  # whether a hit is selected now

    def __init__(self, finder: Finder, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._finder = finder
        self._theme = theme
        self.field = QLineEdit()
        self._icon = QAction(self)
        self.field.addAction(self._icon, QLineEdit.ActionPosition.LeadingPosition)
        self.count = Line("", "muted")
        self.previous = IconButton(theme, "up")
        self.next = IconButton(theme, "chevron")
        self._close = IconButton(theme, "cross")
        self._arrange()
        self.field.textChanged.connect(finder.look_for)
        finder.changed.connect(self._show_count)
        self.previous.clicked.connect(lambda: self.step(False))
        self.next.clicked.connect(lambda: self.step(True))
        self._close.clicked.connect(self.close_find)
        theme.changed.connect(self._tint)
        self._tint()
        self.hide()
        self.retranslate()

    def open(self) -> None:
        """Shows the bar, or comes back to it; the words of the last time are there to be replaced."""
        if self.isHidden():
            self._finder.open()
            self.show()
            self._finder.look_for(self.field.text())
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def open_at(self, words: str, box: int) -> None:
        """With words that were found elsewhere; the first hit is looked for from that message on."""
        with QSignalBlocker(self.field):
            self.field.setText(words)
        self.open()
        self._finder.look_from(words, box)

    def close_find(self) -> None:
        if not self.isHidden():
            found = self._finder.close()
            self.closed.emit(found)
            self.hide()

    def step(self, forward: bool) -> None:
        """To the next hit, or the one before; it is read out."""
        self._finder.step(forward)
        if QAccessible.isActive() and self._finder.number:
            words = f"{self.count.text()}: {self._finder.line()}"
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.field, words))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_find()
        elif event.key() in _ENTER and self.field.hasFocus():
            self.step(not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        else:
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        self.field.setPlaceholderText(self.tr("Find in this conversation"))
        self.field.setAccessibleName(self.tr("Find in this conversation"))
        self.field.setToolTip(self.tr("Find in this conversation (Ctrl+F)"))
        self.previous.name(self.tr("Previous match (Shift+F3)"))
        self.next.name(self.tr("Next match (F3)"))
        self._close.name(self.tr("Close (Esc)"))
        self._show_count()

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 8)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addSpacing(6)
        row.addWidget(self.count)
        row.addSpacing(6)
        for button in (self.previous, self.next, self._close):
            row.addWidget(button)

    def _show_count(self) -> None:
        number, total = QLocale().toString(self._finder.number), QLocale().toString(self._finder.total)
        words = ""
        if self._finder.total:
            words = self.tr("{number} of {total}").format(number=number, total=total)
        elif self.field.text():
            words = self.tr("No match")
        self.count.setText(words)
        self.field.setAccessibleDescription(words)
        self.previous.setEnabled(bool(self._finder.total))
        self.next.setEnabled(bool(self._finder.total))

    def _tint(self) -> None:
        self._icon.setIcon(icon("search", self._theme.tokens.muted, 16))
