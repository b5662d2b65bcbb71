"""Found conversations and messages as the rows of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QObject, Qt

from engine.chat.found import FoundConversation, FoundMessage
from gui.conversations.tree import Index

HIT_ROLE = int(Qt.ItemDataRole.UserRole)  # a Row


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation, or a message in it."""

    chat: FoundConversation
    message: FoundMessage | None = None
    who: str = ""  # beside the passage

    @property
    def words(self) -> str:
        return self.message.snippet.text if self.message is not None else self.chat.title

    @property
    def marks(self) -> tuple[tuple[int, int], ...]:
        return self.message.snippet.marks if self.message is not None else self.chat.title_marks

    @property
    def looked_for(self) -> str:
        """As it stands in the message; "" for a conversation."""
        if self.message is None or not self.message.snippet.marks or self.message.thought:
            return ""
        start, end = max(self.message.snippet.marks, key=lambda mark: mark[1] - mark[0])
        return self.message.snippet.text[start:end]


class ResultList(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def show(self, rows: list[Row]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.who}: {row.words}" if row.who else row.words
        return row if role == HIT_ROLE else None
