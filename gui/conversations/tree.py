"""The conversations as a tree for the side bar: pinned ones, folders with what is in them, the others.

New names are passed on, not kept: what is shown is what the store holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel

from engine.chat.conversation import ConversationSummary, Folder
from gui.widgets.icons import icon
from gui.widgets.theme import ThemeSource

ID_ROLE = int(Qt.ItemDataRole.UserRole)  # conversation id, or None
FOLDER_ROLE = ID_ROLE + 1  # folder id, of a folder, or None
PINNED_ROLE = ID_ROLE + 2
INSIDE_ROLE = ID_ROLE + 3  # id of the folder that a conversation is in, or None
_ICON = 16

Index = QModelIndex | QPersistentModelIndex


class ConversationTree(QStandardItemModel):
    renamed = Signal(int, str)  # conversation id, wanted title
    folder_renamed = Signal(int, str)  # folder id, wanted name

    def __init__(self, theme: ThemeSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shape: tuple[Any, ...] = ()
        self.conversations: tuple[ConversationSummary, ...] = ()
        self.folders: tuple[Folder, ...] = ()
        theme.changed.connect(self._tint)

    def show(self, conversations: tuple[ConversationSummary, ...], folders: tuple[Folder, ...]) -> bool:
        """Where only names changed the rows stay, and with them the selection. True if they are new ones."""
        self.conversations, self.folders = conversations, folders
        shape = (
            tuple((chat.id, chat.folder_id, chat.pinned) for chat in conversations),
            tuple(folder.id for folder in folders),
        )
        if shape == self._shape:
            self._write_names()
            return False
        self._shape = shape
        self.clear()
        self._build()
        return True

    def index_of(self, conversation_id: int) -> QModelIndex:
        """Not valid where there is none."""
        return self._find(ID_ROLE, conversation_id)

    def index_of_folder(self, folder_id: int) -> QModelIndex:
        return self._find(FOLDER_ROLE, folder_id)

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        if role != Qt.ItemDataRole.EditRole:
            return super().setData(index, value, role)
        name, chat, folder = str(value).strip(), index.data(ID_ROLE), index.data(FOLDER_ROLE)
        if not name:
            return False
        if name != index.data():
            if chat is not None:
                self.renamed.emit(chat, name)
            elif folder is not None:
                self.folder_renamed.emit(folder, name)
        return True

    def _build(self) -> None:
        places: dict[int | None, QStandardItem] = {None: self.invisibleRootItem()}
        for chat in self.conversations:
            if chat.pinned:
                places[None].appendRow(self._chat_item(chat))
        for folder in self.folders:
            item = QStandardItem(folder.name)
            item.setData(folder.id, FOLDER_ROLE)
            item.setData(folder.name, int(Qt.ItemDataRole.ToolTipRole))
            item.setDragEnabled(False)
            places[folder.id] = item
            places[None].appendRow(item)
        for chat in self.conversations:
            if not chat.pinned:
                places.get(chat.folder_id, places[None]).appendRow(self._chat_item(chat))
        self._tint()

    def _chat_item(self, chat: ConversationSummary) -> QStandardItem:
        item = QStandardItem(chat.title)
        item.setData(chat.id, ID_ROLE)
        item.setData(chat.pinned, PINNED_ROLE)
        item.setData(chat.folder_id, INSIDE_ROLE)
        item.setData(chat.title, int(Qt.ItemDataRole.ToolTipRole))
        item.setDropEnabled(False)
        return item

    def _write_names(self) -> None:
        names = {chat.id: chat.title for chat in self.conversations}
        folders = {folder.id: folder.name for folder in self.folders}
        for item in self._items():
            chat, folder = item.data(ID_ROLE), item.data(FOLDER_ROLE)
            name = names[chat] if chat is not None else folders[folder]
            if name != item.text():
                item.setText(name)
                item.setData(name, int(Qt.ItemDataRole.ToolTipRole))

    def _find(self, role: int, value: int) -> QModelIndex:
        return next((item.index() for item in self._items() if item.data(role) == value), QModelIndex())

    def _items(self) -> Iterator[QStandardItem]:
        root = self.invisibleRootItem()
        for row in range(root.rowCount()):
            item = root.child(row)
            yield item
            for inner in range(item.rowCount()):
                yield item.child(inner)

    def _tint(self) -> None:
        muted = self._theme.tokens.muted
        chat, pin = icon("chat", muted, _ICON), icon("pin", muted, _ICON)
        for item in self._items():
            if item.data(FOLDER_ROLE) is None:
                item.setIcon(pin if item.data(PINNED_ROLE) else chat)
