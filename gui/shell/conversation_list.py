"""The conversations as a Qt list model; a new title is passed on, not kept."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from engine.chat.conversation import ConversationSummary
from gui.widgets.icons import icon
from gui.widgets.theme import ThemeSource

ID_ROLE = int(Qt.ItemDataRole.UserRole)
_ICON = 16

Index = QModelIndex | QPersistentModelIndex


class ConversationList(QAbstractListModel):
    """One row a conversation, in the order of the store: newest first."""

    renamed = Signal(int, str)  # conversation id, wanted title

    def __init__(self, theme: ThemeSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._items: tuple[ConversationSummary, ...] = ()
        theme.changed.connect(self._tint)

    def show(self, items: tuple[ConversationSummary, ...]) -> None:
        """Replaces the rows; where only titles changed the rows stay, and with them the selection."""
        if [item.id for item in items] == [item.id for item in self._items]:
            self._items = items
            if items:
                self.dataChanged.emit(self.index(0), self.index(len(items) - 1))
            return
        self.beginResetModel()
        self._items = items
        self.endResetModel()

    def row_of(self, conversation_id: int) -> int:
        """-1 where there is none."""
        ids = [item.id for item in self._items]
        return ids.index(conversation_id) if conversation_id in ids else -1

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        item = self._items[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole):
            return item.title
        if role == Qt.ItemDataRole.DecorationRole:
            return icon("chat", self._theme.tokens.muted, _ICON)
        return item.id if role == ID_ROLE else None

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        title = str(value).strip()
        if not index.isValid() or role != Qt.ItemDataRole.EditRole or not title:
            return False
        item = self._items[index.row()]
        if title != item.title:
            self.renamed.emit(item.id, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() else flags

    def _tint(self) -> None:
        if self._items:
            roles = [int(Qt.ItemDataRole.DecorationRole)]
            self.dataChanged.emit(self.index(0), self.index(len(self._items) - 1), roles)
