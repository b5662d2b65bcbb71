"""The left column: new chat, the search, the conversations, trash, models and settings."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from engine.chat.conversation import ConversationSummary, Folder
from gui.conversations.list_view import ConversationView
from gui.widgets.controls import IconButton
from gui.widgets.icons import icon
from gui.widgets.labels import Line
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

WIDTH = 240


class SearchField(QLineEdit):
    entered = Signal()  # to what was found
    left = Signal()  # Esc

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down) and self.text().strip():
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class Sidebar(View):
    """Says what was asked for by signals; knows neither desk nor pages. What is about single conversations
    is asked for by `chats`."""

    new_chat = Signal()
    words_changed = Signal(str)  # that are looked for in all conversations
    results_wanted = Signal()
    search_left = Signal()
    trash_wanted = Signal()
    models_wanted = Signal()
    advice_wanted = Signal()
    preferences_wanted = Signal()

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._new = IconButton(theme, "plus")
        self.field = SearchField()
        self._field_icon = QAction(self)
        self.field.addAction(self._field_icon, QLineEdit.ActionPosition.LeadingPosition)
        self._head = Line("", "muted")
        self.chats = ConversationView(theme)
        self._nothing = Line("", "muted")
        self._trash = IconButton(theme, "trash")
        self._trashed = 0
        self._downloads = IconButton(theme, "download")
        self._models = IconButton(theme, "models")
        self._advice = IconButton(theme, "advice")
        self._settings = IconButton(theme, "settings")
        self._arrange()
        self._connect()
        self.retranslate()

    def show_conversations(
        self, items: tuple[ConversationSummary, ...], folders: tuple[Folder, ...], trashed: int
    ) -> None:
        self.chats.show_conversations(items, folders)
        self._trashed = trashed
        self._word_trash()
        self._show_emptiness()

    def mark(self, conversation_id: int | None) -> None:
        """The conversation that is shown in the page; None for one that has not begun."""
        self.chats.mark(conversation_id)

    def show_downloads(self, words: str) -> None:
        """How downloads are, in a few words; "" when there are none."""
        if words:
            self._downloads.word(words, self.tr("Show the downloads"))
            self._downloads.setAccessibleDescription(self.tr("Show the downloads"))
        self._downloads.show_when(bool(words))

    def focus_search(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def clear_search(self) -> None:
        self.field.clear()

    def show_all_titles(self) -> None:
        """Something was opened; the words stay, so that one can come back to what was found."""
        self.chats.filter("")
        self._show_emptiness()

    def retranslate(self) -> None:
        self._new.word(self.tr("New chat"), "Ctrl+N")
        self.field.setPlaceholderText(self.tr("Search chats"))
        self.field.setAccessibleName(self.tr("Search all chats"))
        self.field.setToolTip("Ctrl+Shift+F")
        self._head.setText(self.tr("Chats"))
        self.chats.retranslate()
        self._word_trash()
        self._models.word(self.tr("Models"))
        self._advice.word(self.tr("What to buy"), "Ctrl+Shift+B")
        self._settings.word(self.tr("Settings"), "Ctrl+,")
        self._show_emptiness()

    def _word_trash(self) -> None:
        count = QLocale().toString(self._trashed)
        self._trash.word(self.tr("Trash ({count})").format(count=count), self.tr("Deleted chats"))
        self._trash.show_when(self._trashed > 0)

    def _arrange(self) -> None:
        frame = QFrame()
        frame.setProperty("kind", "side")
        column = QVBoxLayout(frame)
        column.setContentsMargins(12, 14, 12, 12)
        column.setSpacing(6)
        column.addWidget(self._new)
        column.addWidget(self.field)
        column.addSpacing(10)
        self._head.setIndent(8)
        self._nothing.setIndent(8)
        column.addWidget(self._head)
        column.addWidget(self._nothing)
        column.addWidget(self.chats, 1)
        column.addWidget(self._trash)
        column.addWidget(self._downloads)
        column.addWidget(self._models)
        column.addWidget(self._advice)
        column.addWidget(self._settings)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self.setFixedWidth(WIDTH)
        self._theme.changed.connect(self._tint)
        self._tint()
        self._downloads.hide()
        self._trash.hide()

    def _connect(self) -> None:
        self._new.clicked.connect(self.new_chat)
        self._trash.clicked.connect(self.trash_wanted)
        self._downloads.clicked.connect(self.models_wanted)
        self._models.clicked.connect(self.models_wanted)
        self._advice.clicked.connect(self.advice_wanted)
        self._settings.clicked.connect(self.preferences_wanted)
        self.field.textChanged.connect(self._words_changed)
        self.field.entered.connect(self.results_wanted)
        self.field.left.connect(self._leave_search)

    def _words_changed(self, text: str) -> None:
        self.chats.filter(text.strip())
        self._show_emptiness()
        self.words_changed.emit(text)

    def _leave_search(self) -> None:
        self.field.clear()
        self.search_left.emit()

    def _show_emptiness(self) -> None:
        if not self.chats.tree.conversations and not self.chats.tree.folders:
            words = self.tr("None yet")
        else:
            words = "" if self.chats.shown.rowCount() else self.tr("No title matches")
        self._nothing.setText(words)
        self._nothing.setVisible(bool(words))

    def _tint(self) -> None:
        self._field_icon.setIcon(icon("search", self._theme.tokens.muted, 16))
