"""The tree of conversations with its keys, menus and dragging; says by signals what was asked for."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QAction, QDragMoveEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTreeView, QWidget

from engine.chat.conversation import ConversationSummary, Folder
from gui.conversations.delegate import ConversationDelegate
from gui.conversations.tree import FOLDER_ROLE, ID_ROLE, INSIDE_ROLE, PINNED_ROLE, ConversationTree
from gui.widgets.theme import ThemeSource

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ConversationView(QTreeView):
    """Keys: Enter opens, F2 renames, Delete deletes, Ctrl+D pins, Ctrl+Shift+D moves, Menu has it all."""

    opened = Signal(int)  # conversation id
    renamed = Signal(int, str)
    deleted = Signal(int)
    pinned = Signal(int, bool)
    moved = Signal(int, object)  # conversation id, folder id or None
    folder_wanted = Signal(str, object)  # its name, conversation id or None
    folder_renamed = Signal(int, str)
    folder_removed = Signal(int)
    export_wanted = Signal(int)

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tree = ConversationTree(theme, self)
        self.shown = QSortFilterProxyModel(self)
        self._current: int | None = None
        self._naming = ""  # name of a folder that was asked for, to be changed at once
        self._opened_folders: set[int] = set()
        self._filter = ""
        self.shown.setSourceModel(self.tree)
        self.shown.setRecursiveFilteringEnabled(True)
        self.shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self.shown)
        self.setItemDelegate(ConversationDelegate(theme, self))
        self._set_up()
        self._add_actions()
        self.tree.renamed.connect(self.renamed)
        self.tree.folder_renamed.connect(self.folder_renamed)
        self.clicked.connect(self._click)
        self.expanded.connect(self._note_folder)
        self.collapsed.connect(self._note_folder)
        self.customContextMenuRequested.connect(self._show_menu)
        self.retranslate()

    # for the side bar
    def show_conversations(
        self, conversations: tuple[ConversationSummary, ...], folders: tuple[Folder, ...]
    ) -> None:
        if self.tree.show(conversations, folders):
            self._expand_opened()
            self._restore_current()
        self._name_new_folder()

    def mark(self, conversation_id: int | None) -> None:
        """The conversation that is shown in the page; None for one that has not begun."""
        self._current = conversation_id
        self._restore_current()

    def filter(self, text: str) -> None:
        if text == self._filter:
            return
        self._filter = "filtering"  # what opens and closes meanwhile is no wish of a person's
        self.shown.setFilterFixedString(text)
        if text:
            self.expandAll()
        else:
            self.collapseAll()
            self._expand_opened()
        self._filter = text
        self._restore_current()

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Chats"))
        self._rename.setText(self.tr("Rename"))
        self._delete.setText(self.tr("Delete"))
        self._move.setText(self.tr("Move to"))

    # keys
    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in _ENTER and index.isValid() and self.state() != self.State.EditingState:
            self._activate(index)
        else:
            super().keyPressEvent(event)

    def _set_up(self) -> None:
        self.setProperty("kind", "side")
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(14)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDropIndicatorShown(True)

    def _add_actions(self) -> None:
        self._rename, self._delete, self._pin, self._move = (QAction(self) for _ in range(4))
        keys = {
            self._rename: QKeySequence(Qt.Key.Key_F2),
            self._delete: QKeySequence(Qt.Key.Key_Delete),
            self._pin: QKeySequence("Ctrl+D"),
            self._move: QKeySequence("Ctrl+Shift+D"),
        }
        for action, key in keys.items():
            action.setShortcut(key)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        # F2 itself is an edit key of the list; the others have to be heard here.
        self.addActions([self._delete, self._pin, self._move])
        self._rename.triggered.connect(lambda: self.edit(self.currentIndex()))
        self._delete.triggered.connect(self._delete_current)
        self._pin.triggered.connect(self._pin_current)
        self._move.triggered.connect(self._show_move_menu)

    def _activate(self, index: QModelIndex) -> None:
        if index.data(FOLDER_ROLE) is not None:
            self.setExpanded(index, not self.isExpanded(index))
        else:
            self.opened.emit(index.data(ID_ROLE))

    def _click(self, index: QModelIndex) -> None:
        self._activate(index)

    def _delete_current(self) -> None:
        index = self.currentIndex()
        if index.data(ID_ROLE) is not None:
            self.deleted.emit(index.data(ID_ROLE))
        elif index.data(FOLDER_ROLE) is not None:
            self.folder_removed.emit(index.data(FOLDER_ROLE))

    def _pin_current(self) -> None:
        index = self.currentIndex()
        if index.data(ID_ROLE) is not None:
            self.pinned.emit(index.data(ID_ROLE), not index.data(PINNED_ROLE))

    def _note_folder(self, index: QModelIndex) -> None:
        folder_id = index.data(FOLDER_ROLE)
        if folder_id is None or self._filter:
            return
        if self.isExpanded(index):
            self._opened_folders.add(folder_id)
        else:
            self._opened_folders.discard(folder_id)

    # menus
    def _show_menu(self, position: QPoint) -> None:
        index = self.indexAt(position)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if not index.isValid():
            menu.addAction(self.tr("New folder"), partial(self._ask_folder, None))
        elif index.data(FOLDER_ROLE) is not None:
            self.setCurrentIndex(index)
            menu.addAction(self._rename)
            menu.addAction(self.tr("Remove folder, keep its chats"), self._delete_current)
        else:
            self.setCurrentIndex(index)
            self._fill_chat_menu(menu, index)
        menu.popup(self.viewport().mapToGlobal(position))

    def _fill_chat_menu(self, menu: QMenu, index: QModelIndex) -> None:
        self._pin.setText(self.tr("Unpin") if index.data(PINNED_ROLE) else self.tr("Pin"))
        menu.addAction(self._rename)
        menu.addAction(self._pin)
        self._fill_move_menu(menu.addMenu(self.tr("Move to")), index)
        menu.addAction(self.tr("Export…"), partial(self.export_wanted.emit, index.data(ID_ROLE)))
        menu.addSeparator()
        menu.addAction(self._delete)

    def _show_move_menu(self) -> None:
        index = self.currentIndex()
        if index.data(ID_ROLE) is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill_move_menu(menu, index)
        menu.popup(self.viewport().mapToGlobal(self.visualRect(index).bottomLeft()))

    def _fill_move_menu(self, menu: QMenu, index: QModelIndex) -> None:
        chat, inside = index.data(ID_ROLE), index.data(INSIDE_ROLE)
        for folder in self.tree.folders:
            # An & would be read as a mark of the next letter.
            action = menu.addAction(folder.name.replace("&", "&&"), partial(self.moved.emit, chat, folder.id))
            action.setEnabled(folder.id != inside)
        if inside is not None:
            menu.addAction(self.tr("No folder"), partial(self.moved.emit, chat, None))
        if self.tree.folders:
            menu.addSeparator()
        menu.addAction(self.tr("New folder"), partial(self._ask_folder, chat))

    def _ask_folder(self, conversation_id: int | None) -> None:
        """It is there under a plain name first; then the name can be changed at once."""
        taken = {folder.name for folder in self.tree.folders}
        name = self.tr("New folder")
        number = 2
        while name in taken:
            name = f"{self.tr('New folder')} {number}"
            number += 1
        self._naming = name
        self.folder_wanted.emit(name, conversation_id)

    def _name_new_folder(self) -> None:
        made = next((folder for folder in self.tree.folders if folder.name == self._naming), None)
        if made is None:
            return
        self._naming = ""
        index = self.shown.mapFromSource(self.tree.index_of_folder(made.id))
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.setCurrentIndex(index)
        self.expand(index)
        self.edit(index)

    # dragging
    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Into the folder that it falls on or among, else out of all; the store moves it, not Qt."""
        target = self.indexAt(event.position().toPoint())
        folder_id = target.data(FOLDER_ROLE)
        if folder_id is None and target.parent().isValid():
            folder_id = target.parent().data(FOLDER_ROLE)
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        dragged = self.currentIndex()
        if dragged.data(ID_ROLE) is not None and dragged.data(INSIDE_ROLE) != folder_id:
            self.moved.emit(dragged.data(ID_ROLE), folder_id)

    def _expand_opened(self) -> None:
        for folder_id in tuple(self._opened_folders):
            self.expand(self.shown.mapFromSource(self.tree.index_of_folder(folder_id)))

    def _restore_current(self) -> None:
        index = QModelIndex()
        if self._current is not None:
            index = self.shown.mapFromSource(self.tree.index_of(self._current))
        if index.isValid():
            self.setCurrentIndex(index)
        else:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
