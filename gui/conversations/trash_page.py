"""Deleted conversations, for as long as they can be had back."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QDateTime, QLocale, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.chat.conversation import TrashedConversation
from engine.chat.filing import TRASH_DAYS
from gui.widgets.controls import Button, IconButton
from gui.widgets.labels import ElidedLine, Line, Text
from gui.widgets.rows import beside
from gui.widgets.tab_order import holds_focus, tab_as_laid_out
from gui.widgets.theme import ThemeSource
from gui.widgets.view import Column, View

_MOST_ROWS = 200
_UNSURE_MS = 5000


class SureButton(Button):
    """Has to be pressed twice, as what it does cannot be undone."""

    sure = Signal()

    def __init__(self, kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(kind, parent)
        self._words = self._again = ""
        self._asked = False
        self._timer = QTimer(self, singleShot=True, interval=_UNSURE_MS)
        self._timer.timeout.connect(self._forget)
        self.clicked.connect(self._press)

    def word_twice(self, words: str, again: str) -> None:
        self._words, self._again = words, again
        self.word(again if self._asked else words)

    def _press(self) -> None:
        if self._asked:
            self._forget()
            self.sure.emit()
        else:
            self._asked = True
            self.word(self._again)
            self._timer.start()

    def _forget(self) -> None:
        self._asked = False
        self._timer.stop()
        self.word(self._words)


class TrashPage(View):
    restored = Signal(int)  # conversation id
    purged = Signal(object)  # tuple of ids; () for all
    left = Signal()

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trash: tuple[TrashedConversation, ...] = ()
        self._title = Text("", "title")
        self._back = IconButton(theme, "back", "")
        self._words = Text("", "muted")
        self._empty = SureButton()
        self._rows: list[QWidget] = []
        self._content = Column(760)
        head = beside(self._title, self._back)
        second = QHBoxLayout()
        second.addWidget(self._words, 1)
        second.addWidget(self._empty, 0, Qt.AlignmentFlag.AlignTop)
        self._content.column.addLayout(head)
        self._content.column.addLayout(second)
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self._content.column.addLayout(self._list)
        self._content.column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._content)
        self._back.clicked.connect(self.left)
        self._empty.sure.connect(lambda: self.purged.emit(()))
        self.retranslate()

    def show_trash(self, trash: tuple[TrashedConversation, ...]) -> None:
        if trash != self._trash:
            self._trash = trash
            self._build()

    def enter(self) -> None:
        self._back.setFocus()

    def retranslate(self) -> None:
        self._title.setText(self.tr("Trash"))
        self._back.word(self.tr("Back to the chat"))
        self._empty.word_twice(self.tr("Empty the trash"), self.tr("Really delete all for good?"))
        self._build()

    def _build(self) -> None:
        held = holds_focus(self._rows) or self._empty.hasFocus()
        for row in self._rows:
            row.hide()
            row.deleteLater()
        self._rows = [self._row(chat) for chat in self._trash[:_MOST_ROWS]]
        for row in self._rows:
            self._list.addWidget(row)
        self._words.setText(self._summary())
        self._empty.setVisible(bool(self._trash))
        tab_as_laid_out(self._content)
        if held:
            self._back.setFocus()

    def _summary(self) -> str:
        if not self._trash:
            return self.tr("Nothing is in the trash.")
        kept = self.tr("Deleted chats are kept for {days} days.").format(days=TRASH_DAYS)
        if len(self._trash) <= _MOST_ROWS:
            return kept
        more = QLocale().toString(len(self._trash) - _MOST_ROWS)
        return f"{kept} {self.tr('{count} older ones are not shown.').format(count=more)}"

    def _row(self, chat: TrashedConversation) -> QWidget:
        row, back, gone = QWidget(), Button(), SureButton()
        back.word(self.tr("Put back"))
        back.setAccessibleName(self.tr("Put {title} back").format(title=chat.title))
        back.clicked.connect(partial(self.restored.emit, chat.id))
        gone.word_twice(self.tr("Delete for good"), self.tr("Really delete?"))
        gone.sure.connect(partial(self.purged.emit, (chat.id,)))
        when = QDateTime.fromSecsSinceEpoch(int(chat.deleted_at)).date()
        line = QHBoxLayout(row)
        line.setContentsMargins(4, 2, 0, 2)
        line.setSpacing(10)
        line.addWidget(ElidedLine(chat.title), 1)
        line.addWidget(Line(QLocale().toString(when, QLocale.FormatType.ShortFormat), "muted"))
        line.addWidget(back)
        line.addWidget(gone)
        return row
