"""The left column: new chat, a filter, the conversations, models and settings."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QMenu, QVBoxLayout, QWidget

from engine.chat.conversation import ConversationSummary
from gui.shell.conversation_delegate import ConversationDelegate
from gui.shell.conversation_list import ID_ROLE, ConversationList
from gui.widgets.controls import IconButton
from gui.widgets.icons import icon
from gui.widgets.labels import Line
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

WIDTH = 240


class Sidebar(View):
    """Says what was asked for by signals; knows neither desk nor pages."""

    new_chat = Signal()
    opened = Signal(int)  # conversation id
    renamed = Signal(int, str)
    deleted = Signal(int)
    models_wanted = Signal()
    preferences_wanted = Signal()

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._current: int | None = None
        self._new = IconButton(theme, "plus")
        self._filter = QLineEdit()
        self._filter_icon = QAction(self)
        self._filter.addAction(self._filter_icon, QLineEdit.ActionPosition.LeadingPosition)
        self._head = Line("", "muted")
        self._list = ConversationList(theme, self)
        self._shown = QSortFilterProxyModel(self)
        self._view = QListView()
        self._nothing = Line("", "muted")
        self._downloads = IconButton(theme, "download")
        self._models = IconButton(theme, "models")
        self._settings = IconButton(theme, "settings")
        self._rename_action = QAction(self)
        self._delete_action = QAction(self)
        self._set_up_list()
        self._set_up_actions()
        self._arrange()
        self._connect()
        self.retranslate()

    def show_conversations(self, items: tuple[ConversationSummary, ...]) -> None:
        self._list.show(items)
        self._restore_current()
        self._show_emptiness()

    def mark(self, conversation_id: int | None) -> None:
        """The conversation that is shown in the page; None for one that has not begun."""
        self._current = conversation_id
        self._restore_current()

    def show_downloads(self, words: str) -> None:
        """How downloads are, in a few words; "" when there are none."""
        if words:
            self._downloads.word(words, self.tr("Show the downloads"))
            self._downloads.setAccessibleDescription(self.tr("Show the downloads"))
        self._downloads.show_when(bool(words))

    def focus_filter(self) -> None:
        self._filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._filter.selectAll()

    def retranslate(self) -> None:
        self._new.word(self.tr("New chat"), "Ctrl+N")
        self._filter.setPlaceholderText(self.tr("Filter chats"))
        self._filter.setAccessibleName(self.tr("Filter chats by title"))
        self._filter.setToolTip("Ctrl+Shift+F")
        self._head.setText(self.tr("Chats"))
        self._view.setAccessibleName(self.tr("Chats"))
        self._models.word(self.tr("Models"))
        self._settings.word(self.tr("Settings"), "Ctrl+,")
        self._rename_action.setText(self.tr("Rename"))
        self._delete_action.setText(self.tr("Delete"))
        self._show_emptiness()

    def _set_up_list(self) -> None:
        self._shown.setSourceModel(self._list)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._view.setModel(self._shown)
        self._view.setItemDelegate(ConversationDelegate(self._theme, self._view))
        self._view.setProperty("kind", "side")
        self._view.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        self._view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._view.setTabKeyNavigation(False)
        self._view.setUniformItemSizes(True)

    def _set_up_actions(self) -> None:
        self._rename_action.setShortcut(QKeySequence(Qt.Key.Key_F2))
        self._delete_action.setShortcut(QKeySequence(Qt.Key.Key_Delete))
        for action in (self._rename_action, self._delete_action):
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        # F2 itself is an edit key of the list; only Delete has to be heard here.
        self._view.addAction(self._delete_action)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def _arrange(self) -> None:
        frame = QFrame()
        frame.setProperty("kind", "side")
        column = QVBoxLayout(frame)
        column.setContentsMargins(12, 14, 12, 12)
        column.setSpacing(6)
        column.addWidget(self._new)
        column.addWidget(self._filter)
        column.addSpacing(10)
        self._head.setIndent(8)
        self._nothing.setIndent(8)
        column.addWidget(self._head)
        column.addWidget(self._nothing)
        column.addWidget(self._view, 1)
        column.addWidget(self._downloads)
        column.addWidget(self._models)
        column.addWidget(self._settings)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.setFixedWidth(WIDTH)
        self._theme.changed.connect(self._tint)
        self._tint()
        self._downloads.hide()

    def _connect(self) -> None:
        self._new.clicked.connect(self.new_chat)
        self._downloads.clicked.connect(self.models_wanted)
        self._models.clicked.connect(self.models_wanted)
        self._settings.clicked.connect(self.preferences_wanted)
        self._filter.textChanged.connect(self._filter_changed)
        self._view.clicked.connect(self._open)
        self._view.activated.connect(self._open)
        self._view.customContextMenuRequested.connect(self._show_menu)
        self._list.renamed.connect(self.renamed)
        self._rename_action.triggered.connect(self._rename_current)
        self._delete_action.triggered.connect(self._delete_current)

    def _filter_changed(self, text: str) -> None:
        self._shown.setFilterFixedString(text)
        self._restore_current()
        self._show_emptiness()

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(index.data(ID_ROLE))

    def _rename_current(self) -> None:
        self._view.edit(self._view.currentIndex())

    def _delete_current(self) -> None:
        index = self._view.currentIndex()
        if index.isValid():
            self.deleted.emit(index.data(ID_ROLE))

    def _show_menu(self, position: QPoint) -> None:
        index = self._view.indexAt(position)
        if not index.isValid():
            return
        self._view.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self._rename_action)
        menu.addAction(self._delete_action)
        menu.popup(self._view.viewport().mapToGlobal(position))

    def _restore_current(self) -> None:
        row = self._list.row_of(self._current) if self._current is not None else -1
        if row < 0:
            self._view.clearSelection()
            self._view.setCurrentIndex(QModelIndex())
            return
        self._view.setCurrentIndex(self._shown.mapFromSource(self._list.index(row)))

    def _show_emptiness(self) -> None:
        if self._list.rowCount() == 0:
            words = self.tr("None yet")
        else:
            words = "" if self._shown.rowCount() else self.tr("No title matches")
        self._nothing.setText(words)
        self._nothing.setVisible(bool(words))

    def _tint(self) -> None:
        self._filter_icon.setIcon(icon("search", self._theme.tokens.muted, 16))
