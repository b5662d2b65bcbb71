"""The transcript as screen readers see it: a list of messages, each with its blocks as paragraphs.

Interfaces are made when they are asked for and kept for good: Qt remembers each by a number, and ends it
itself; a Python object that went away before would be a fault. Each looks up what stands at its place now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, QRect
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor, QWindow
from PySide6.QtWidgets import QAccessibleWidget

from engine.chat.conversation import PartKind, Role

if TYPE_CHECKING:
    from gui.chat.transcript import Transcript

_MOST_BLOCKS = 400  # of a message; behind that they are read with the transcript's own keys
_kept: list[TranscriptAccess] = []


class TranscriptAccess(QAccessibleWidget):
    def __init__(self, transcript: Transcript) -> None:
        super().__init__(transcript, QAccessible.Role.List)
        self.transcript = transcript
        self._messages: list[MessageAccess] = []

    def childCount(self) -> int:
        return len(self.transcript.messages)

    def child(self, index: int) -> QAccessibleInterface | None:
        if not 0 <= index < self.childCount():
            return None
        while len(self._messages) <= index:
            self._messages.append(MessageAccess(self, len(self._messages)))
        return self._messages[index]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return next((n for n, each in enumerate(self._messages) if each is child), -1)

    def text(self, kind: QAccessible.Text) -> str:
        words = self.transcript.accessibleName()
        return words if kind == QAccessible.Text.Name else super().text(kind)


class _Part(QAccessibleInterface):
    """What message and block have in common: they are no widgets, and nothing is written into them."""

    def __init__(self, top: TranscriptAccess) -> None:
        super().__init__()
        self.top = top

    def object(self) -> QObject | None:
        return None

    def window(self) -> QWindow | None:
        return self.top.window()

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        return None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:
        return None

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.readOnly = True
        return state

    def foregroundColor(self) -> QColor:
        return QColor()

    def backgroundColor(self) -> QColor:
        return QColor()


class MessageAccess(_Part):
    def __init__(self, top: TranscriptAccess, place: int) -> None:
        super().__init__(top)
        self.place = place
        self._blocks: list[BlockAccess] = []

    def isValid(self) -> bool:
        return self.place < self.top.childCount()

    def parent(self) -> QAccessibleInterface:
        return self.top

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def rect(self) -> QRect:
        return self.top.transcript.place_of(self.place, None)

    def words(self) -> list[str]:
        return self.top.transcript.words_of(self.place)[:_MOST_BLOCKS]

    def childCount(self) -> int:
        return len(self.words()) if self.isValid() else 0

    def child(self, index: int) -> QAccessibleInterface | None:
        if not 0 <= index < self.childCount():
            return None
        while len(self._blocks) <= index:
            self._blocks.append(BlockAccess(self, len(self._blocks)))
        return self._blocks[index]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return next((n for n, each in enumerate(self._blocks) if each is child), -1)

    def text(self, kind: QAccessible.Text) -> str:
        if not self.isValid():
            return ""
        message = self.top.transcript.messages[self.place]
        if kind == QAccessible.Text.Name:
            return _tr("You") if message.role is Role.USER else message.model or _tr("Answer")
        if kind == QAccessible.Text.Description and message.text(PartKind.REASONING):
            return _tr("with reasoning")
        return ""


class BlockAccess(_Part):
    def __init__(self, message: MessageAccess, place: int) -> None:
        super().__init__(message.top)
        self.message = message
        self.place = place

    def isValid(self) -> bool:
        return self.place < self.message.childCount()

    def parent(self) -> QAccessibleInterface:
        return self.message

    def child(self, index: int) -> QAccessibleInterface | None:
        return None

    def childCount(self) -> int:
        return 0

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.Paragraph

    def rect(self) -> QRect:
        return self.top.transcript.place_of(self.message.place, self.place)

    def text(self, kind: QAccessible.Text) -> str:
        words = self.message.words() if kind == QAccessible.Text.Name else []
        return words[self.place] if self.place < len(words) else ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("ReadingOut", text)


def _make(key: str, thing: QObject | None) -> QAccessibleInterface | None:
    if key != "Transcript" or thing is None:
        return None
    found = next((each for each in _kept if each.transcript is thing), None)
    if found is None:
        found = TranscriptAccess(thing)  # type: ignore[arg-type]
        _kept.append(found)
    return found


_installed: list[bool] = []


def install() -> None:
    """Once for the program."""
    if not _installed:
        _installed.append(True)
        QAccessible.installFactory(_make)
