"""The text field of the composer. Enter sends, but never what an input method still composes."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QInputMethodEvent, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from gui.chat.input_history import InputHistory
from gui.widgets.fonts import ui_font

_LEAST_HEIGHT: Final = 28  # px of text
_MOST_HEIGHT: Final = 220
ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_WALKS: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_PLACEHOLDER: Final = re.compile(r"\{\{[^{}\n]{1,60}\}\}")


class Draft(QTextEdit):
    """It grows with its text up to a limit. Up in an empty field brings earlier questions back; Tab goes
    through the placeholders of a prompt; a list that is open beside it takes keys first."""

    sent = Signal()
    stopped = Signal()
    grew = Signal()
    files_given = Signal(list)  # paths that were dropped or pasted
    image_given = Signal(QImage)  # that was pasted
    list_key = Signal(int)  # Qt.Key, while `list_open`

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.history = InputHistory()
        self.list_open = False
        self._composing = False
        self.setAcceptRichText(False)
        self.setUndoRedoEnabled(True)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFont(ui_font(1.05))
        self.viewport().setAutoFillBackground(False)
        self.setStyleSheet("QTextEdit { background: transparent; border: none; }")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(2)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def replace_text(self, text: str) -> None:
        """The cursor goes behind it, or to the first placeholder."""
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def use_prompt(self, text: str) -> None:
        """A prompt, to be filled in."""
        self.replace_text(text)
        self.moveCursor(QTextCursor.MoveOperation.Start)
        if not self._next_placeholder():
            self.moveCursor(QTextCursor.MoveOperation.End)

    def _next_placeholder(self) -> bool:
        """Selects the next one, from the cursor on and round; False without any."""
        text = self.toPlainText()
        cursor = self.textCursor()
        after = _PLACEHOLDER.search(text, cursor.selectionEnd())
        found = after or _PLACEHOLDER.search(text)
        if found is None:
            return False
        cursor.setPosition(_utf16(text, found.start()))
        cursor.setPosition(_utf16(text, found.end()), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        return True

    def _fit(self) -> None:
        wanted = round(self.document().size().height())
        self.setFixedHeight(min(max(wanted, _LEAST_HEIGHT), _MOST_HEIGHT))
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if wanted > _MOST_HEIGHT else policy.ScrollBarAlwaysOff
        )

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def event(self, event: QEvent) -> bool:
        # Tab is taken before keyPressEvent, to move the focus.
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key == Qt.Key.Key_Tab and not event.modifiers() and self._tab_stays():
                event.accept()
                return True
        return super().event(event)

    def _tab_stays(self) -> bool:
        if self.list_open:
            self.list_key.emit(int(Qt.Key.Key_Tab))
            return True
        return self._next_placeholder()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        walk = _WALKS.get(key, 0)
        # While an input method composes, keys belong to it.
        for_list = self.list_open and not self._composing and not shift
        if for_list and (walk or key in (*ENTER, Qt.Key.Key_Escape)):
            self.list_key.emit(int(key))
            event.accept()
        elif key in ENTER and not shift:
            if not self._composing:
                self.sent.emit()
            event.accept()
        elif key == Qt.Key.Key_Escape:
            self.stopped.emit()
        elif walk and not event.modifiers() and self._walk_history(walk):
            event.accept()
        else:
            super().keyPressEvent(event)

    def _walk_history(self, step: int) -> bool:
        """Only where nothing else is written, so that Up goes on moving the cursor in a text."""
        found = None if self._composing else self.history.walk(self.toPlainText(), step)
        if found is None:
            return False
        self.replace_text(found)
        return True

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return bool(files_in(source)) or source.hasImage() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        files = files_in(source)
        if files:
            self.files_given.emit(files)
        elif (
            source.hasImage() and not source.hasText()
        ):  # spreadsheets and editors copy words as a picture, too
            self.image_given.emit(QImage(source.imageData()))
        else:
            super().insertFromMimeData(source)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.grew.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # Leaving the field ends or drops what was composed.
        self._composing = False
        super().focusOutEvent(event)
        self.grew.emit()


def files_in(source: QMimeData) -> list[str]:
    """Paths of files of this machine that were dropped or copied; none where words came with them."""
    if not source.hasUrls():
        return []
    return [url.toLocalFile() for url in source.urls() if url.isLocalFile()]


def _utf16(text: str, index: int) -> int:
    """Qt counts in units of UTF-16."""
    return len(text[:index].encode("utf-16-le")) // 2
