"""What the search through all conversations has found, by conversation, with the words marked."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListView, QVBoxLayout, QWidget

from engine.chat.conversation import Role
from engine.chat.found import ChatsFound, FoundMessage
from engine.events import ChatsSearched, Event, JobFailed, JobId
from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.conversations.result_delegate import ResultDelegate
from gui.conversations.results import HIT_ROLE, ResultList, Row
from gui.widgets.labels import Line, Text
from gui.widgets.sentences import translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_TYPING_MS = 150
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ResultView(QListView):
    chosen = Signal(QModelIndex)
    left = Signal()
    back_up = Signal()  # from the first row up

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER and self.currentIndex().isValid():
            self.chosen.emit(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() == Qt.Key.Key_Up and self.currentIndex().row() <= 0:
            self.back_up.emit()
        else:
            super().keyPressEvent(event)


class SearchPage(View):
    """`look_for` asks the desk once the typing pauses; answers to older words are dropped."""

    chosen = Signal(int, object, str)  # conversation id, message id or None, words as they stand there
    left = Signal()
    back_to_field = Signal()

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._words = ""
        self._job: JobId | None = None
        self._found: ChatsFound | None = None
        self._title = Text("", "title")
        self._told = Line("", "muted")
        self._failure = Text("", "danger")
        self.results = ResultList(self)
        self.view = ResultView()
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._reading = QTimer(self, singleShot=True, interval=1000)
        self.view.setModel(self.results)
        self.view.setItemDelegate(ResultDelegate(theme, self.view))
        self._arrange()
        self._typing.timeout.connect(self._ask)
        self._reading.timeout.connect(self._ask)
        self.view.clicked.connect(self._choose)
        self.view.chosen.connect(self._choose)
        self.view.left.connect(self.left)
        self.view.back_up.connect(self.back_to_field)
        bridge.event_arrived.connect(self._on_event)
        self.retranslate()

    def look_for(self, words: str) -> None:
        self._words = words
        self._typing.start()

    def focus_results(self) -> None:
        """From the field into the results: the first one."""
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if self.results.rows and not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self.results.index(0))

    def retranslate(self) -> None:
        self._title.setText(self.tr("Search"))
        self.view.setAccessibleName(self.tr("What was found"))
        self._show()

    def _arrange(self) -> None:
        self.view.setProperty("kind", "page")
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setTabKeyNavigation(False)
        self.view.setResizeMode(QListView.ResizeMode.Adjust)
        self.view.setMouseTracking(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 12)
        column.setSpacing(6)
        for widget in (self._title, self._told, self._failure):
            column.addWidget(widget)
        column.addSpacing(6)
        column.addWidget(self.view, 1)
        self._failure.hide()

    def _ask(self) -> None:
        if self._words.strip():
            self._job = self._desk.search_conversations(self._words)

    def _on_event(self, event: Event) -> None:
        if event.job != self._job:
            return
        if isinstance(event, ChatsSearched):
            self._found = event.found
            self._failure.hide()
            self._show()
            if event.found.unread and self.isVisible():
                self._reading.start()  # there is more to find in a moment
        elif isinstance(event, JobFailed):
            self._failure.setText(translate(event.message))
            self._failure.show()

    def _show(self) -> None:
        found = self._found
        self._told.setText(self._summary(found) if found is not None else "")
        self.view.setAccessibleDescription(self._told.text())
        place = self.view.currentIndex().row()
        self.results.show(self._rows(found) if found is not None else [])
        if self.view.hasFocus():  # more was found meanwhile, or the language changed
            self.view.setCurrentIndex(self.results.index(min(place, self.results.rowCount() - 1)))

    def _rows(self, found: ChatsFound) -> list[Row]:
        rows = []
        for chat in found.conversations:
            rows.append(Row(chat, who=_date(chat.updated_at)))
            rows += [Row(chat, message, self._who(message)) for message in chat.messages]
        return rows

    def _who(self, message: FoundMessage) -> str:
        if message.thought:
            return self.tr("Thought")
        return self.tr("You") if message.role is Role.USER else self.tr("Model")

    def _summary(self, found: ChatsFound) -> str:
        unread = self.tr("{count} messages are still being read.").format(
            count=QLocale().toString(found.unread)
        )
        if not found.conversations:
            words = self.tr("Nothing found.")
        elif found.more:
            words = self.tr("The newest {count} messages; more words narrow it down.").format(
                count=QLocale().toString(found.messages)
            )
        else:
            words = self.tr("Chats: {chats}, messages: {messages}").format(
                chats=QLocale().toString(len(found.conversations)),
                messages=QLocale().toString(found.messages),
            )
        return f"{words} {unread}" if found.unread else words

    def _choose(self, index: QModelIndex) -> None:
        row = index.data(HIT_ROLE)
        if isinstance(row, Row):
            message_id = row.message.id if row.message is not None else None
            self.chosen.emit(row.chat.id, message_id, row.looked_for)


def _date(at: float) -> str:
    moment = QDateTime.fromSecsSinceEpoch(int(at))
    return QLocale().toString(moment.date(), QLocale.FormatType.ShortFormat)
