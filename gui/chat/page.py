"""The chat page: transcript, composer, and what is to say between them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.catalog.model import InstalledModel
from engine.chat.markdown_reader import is_safe_link
from engine.events import Event
from engine.jobs.desk import Desk
from engine.runtime.values import RuntimeState
from gui.bridge import EngineBridge
from gui.chat.composer import Composer
from gui.chat.context_notice import ContextNotice
from gui.chat.edit_notice import EditNotice
from gui.chat.empty import EmptyChat
from gui.chat.find_bar import FindBar
from gui.chat.finder import Finder
from gui.chat.look import COLUMN, MARGIN
from gui.chat.model import ChatModel, LiveAnswer
from gui.chat.queue_watch import QueueWatch
from gui.chat.transcript import Transcript
from gui.widgets.labels import Line
from gui.widgets.places import host_of_model
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource


class ChatPage(QWidget):
    conversation_opened = Signal(int)  # one was shown, or begun with its first message
    activity_changed = Signal(str)  # what the answer that is shown waits for; "" for nothing

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._drafts: dict[int | None, str] = {}
        self.model = ChatModel(self)
        self._queue = QueueWatch(desk, self)
        self.transcript = Transcript(theme, self)
        self.find_bar = FindBar(Finder(self.transcript), theme, self)
        self.empty = EmptyChat(self)
        self.status = Line(kind="muted")
        self.error = SentenceLabel("warning")
        self.context = ContextNotice(theme, self)
        self.editing = EditNotice(self)
        self._draft_before_edit = ""
        self.composer = Composer(theme, self)
        self._build()
        self._connect(bridge)
        self._show_opened()

    # for the shell
    def open_conversation(self, conversation_id: int) -> None:
        """Shows a stored conversation as soon as it is read."""
        self._keep_draft()
        self.model.expect_open(conversation_id, self._desk.open_conversation(conversation_id))
        self._restore_draft()

    def new_conversation(self) -> None:
        """An empty page; the conversation begins with its first message."""
        self._keep_draft()
        self.model.begin_new()
        self._restore_draft()
        self.focus_composer()

    def show_model(self, model: InstalledModel | None) -> None:
        """The model in use: where messages go."""
        self.model.model_path = model.path if model is not None else ""
        host = host_of_model(model)
        self.composer.show_host(host)
        self.empty.show_host(host)

    def focus_composer(self) -> None:
        self.composer.draft.setFocus(Qt.FocusReason.OtherFocusReason)

    def find(self) -> bool:
        """Opens the bar to look for words; False where there is nothing to look through."""
        if not self.model.messages:
            return False
        self.find_bar.open()
        return True

    # building
    def _build(self) -> None:
        self._pages = QStackedWidget(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.transcript)
        column = QWidget()
        below = QVBoxLayout(column)
        below.setContentsMargins(0, 4, 0, 18)
        below.setSpacing(8)
        for widget in (self.status, self.error, self.context, self.editing, self.composer):
            below.addWidget(widget)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(_centred(self.find_bar))
        whole.addWidget(self._pages, 1)
        whole.addLayout(_centred(column))
        # Behind everything above it: the composer hands its focus on, and a draft that came earlier
        # in the order would send Tab round in a circle.
        self.setTabOrder(self.empty.buttons[-1], self.composer.draft)
        self.setTabOrder(self.composer.draft, self.composer.button)
        self.setTabOrder(self.composer.button, self.editing.cancel)

    def _connect(self, bridge: EngineBridge) -> None:
        bridge.event_arrived.connect(self._fold)
        self.model.opened.connect(self._show_opened)
        self.model.replaced_from.connect(self._replace_from)
        self.model.message_ended.connect(self._end_message)
        self.model.text_arrived.connect(self._add_text)
        self.model.status_changed.connect(self._show_status)
        self._queue.changed.connect(self._show_status)
        self.model.begun.connect(self._begin)
        self.model.sending_failed.connect(self._give_back)
        self.transcript.carry_on_requested.connect(self._carry_on)
        self.transcript.regenerate_requested.connect(self._regenerate)
        self.transcript.edit_requested.connect(self._begin_edit)
        self.editing.cancelled.connect(self._leave_edit)
        self.composer.left.connect(self._leave)
        self.transcript.version_requested.connect(self._show_version)
        self.transcript.follow_versions(self.model.versions_of)
        self.transcript.find_requested.connect(self.find)
        self.find_bar.closed.connect(self._leave_find)
        self.transcript.link_activated.connect(self._open_link)
        self.empty.prompt_chosen.connect(self._use_prompt)
        self.context.room_wanted.connect(self._make_room)
        self.context.left.connect(self._leave_context)
        self.context.cancelled.connect(self.stop)
        self.context.focus_left.connect(self.focus_composer)
        self.composer.send_requested.connect(self._send)
        self.composer.stop_requested.connect(self.stop)

    def _fold(self, event: Event) -> None:
        self.model.fold(event)
        self._queue.on_event(event)

    # commands
    def _send(self, text: str) -> None:
        conversation, edited = self.model.conversation_id, self.editing.message_id
        if edited is not None and conversation is not None:
            self._end_edit()
            job = self._desk.edit(conversation, edited, text)
        else:
            self.composer.set_text("")
            job = self._desk.send(conversation, text)
        self.model.expect_answer(job, text)
        self.transcript.go_to_end()

    # editing
    def _begin_edit(self, message_id: int) -> None:
        """The question comes into the composer; what was being typed there waits."""
        question = next(message for message in self.model.messages if message.id == message_id)
        if self.editing.message_id is None:
            self._draft_before_edit = self.composer.text
        self.editing.show_edit(message_id)
        self.composer.show_purpose(self.editing.words.text())
        self.composer.set_text(question.text())
        self.focus_composer()

    def _end_edit(self) -> None:
        if self.editing.message_id is not None:
            self.editing.show_edit(None)
            self.composer.show_purpose("")
            self.composer.set_text(self._draft_before_edit)

    def _leave_edit(self) -> None:
        self.focus_composer()
        self._end_edit()

    def _leave(self) -> None:
        """Esc in the composer."""
        if self.editing.message_id is not None:
            self._leave_edit()
        else:
            self.find_bar.close_find()

    def _carry_on(self, message_id: int) -> None:
        if self.model.conversation_id is not None and self.model.live is None:
            self.model.expect_answer(self._desk.carry_on(self.model.conversation_id, message_id))

    def _regenerate(self, message_id: int) -> None:
        if self.model.conversation_id is not None and self.model.live is None:
            self.model.expect_answer(self._desk.regenerate(self.model.conversation_id, message_id))

    def _show_version(self, message_id: int) -> None:
        if self.model.conversation_id is not None and self.model.live is None:
            self.model.expect_branch(self._desk.show_branch(self.model.conversation_id, message_id))

    def _make_room(self, way: str) -> None:
        model, use = self.model, self.model.context
        if model.conversation_id is not None and model.live is None and use is not None:
            job = self._desk.make_room(model.conversation_id, use.message_id, way)
            model.expect_room(job, summarising=way == "summarise")
            self.transcript.go_to_end()

    def _leave_context(self) -> None:
        self.model.leave_context()
        self.focus_composer()

    def stop(self) -> None:
        """Ends the answer that is being written here."""
        job = self.model.live_job
        if job is not None:
            self._desk.cancel(job)
            self.model.expect_stop(job)

    def _open_link(self, address: str) -> None:
        if is_safe_link(address):
            QDesktopServices.openUrl(QUrl(address))

    def _use_prompt(self, text: str) -> None:
        self.composer.set_text(text)
        self.focus_composer()

    def _leave_find(self, found: bool) -> None:
        if found:
            self.transcript.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.focus_composer()

    # drafts
    def _keep_draft(self) -> None:
        self._end_edit()
        self._drafts[self.model.conversation_id] = self.composer.text

    def _restore_draft(self) -> None:
        self.composer.set_text(self._drafts.pop(self.model.conversation_id, ""))

    def _give_back(self, conversation_id: int | None, text: str) -> None:
        """Sending failed: the words return to where they came from, before what was typed since."""
        if conversation_id == self.model.conversation_id:
            since = self.composer.text
            self.composer.set_text(f"{text}\n{since}" if since else text)
        else:
            since = self._drafts.get(conversation_id, "")
            self._drafts[conversation_id] = f"{text}\n{since}" if since else text

    # what the model tells
    def _show_opened(self) -> None:
        self.transcript.show_messages(self.model.messages, self.model.live_message_id)
        if self.model.live is not None:
            self.transcript.show_thought(self.model.live.thought())
        if self.model.conversation_id is not None and not self.model.opening:
            self.conversation_opened.emit(self.model.conversation_id)
        self._show_status()

    def _begin(self, conversation_id: int) -> None:
        self.conversation_opened.emit(conversation_id)

    def _replace_from(self, index: int) -> None:
        if self.editing.message_id not in [message.id for message in self.model.messages]:
            self._end_edit()  # another branch is shown
        self.transcript.replace_from(index, self.model.messages[index:], self.model.live_message_id)

    def _end_message(self, index: int) -> None:
        self.transcript.end_answer(index, self.model.messages[index])

    def _add_text(self, text: str, reasoning: bool) -> None:
        live = self.model.live
        if live is not None:
            self.transcript.show_thought(live.thought())
        self.transcript.append_text(text, reasoning)

    def _show_status(self) -> None:
        model = self.model
        generating = model.live is not None
        self.transcript.set_busy(generating)
        self.composer.set_generating(generating)
        self.composer.set_sendable(not model.opening and not model.branching)
        empty = not model.messages and not model.opening and model.conversation_id is None and not generating
        self._pages.setCurrentWidget(self.empty if empty else self.transcript)
        if empty:
            self.find_bar.close_find()
        self._follow_queue()
        words = self._status_words()
        self.activity_changed.emit(self._activity_words())
        self.status.setText(words)
        self.status.setVisible(bool(words))
        self.context.show_use(model.context, model.live)
        self.error.show_sentences(*([model.error] if model.error is not None else []))

    def _follow_queue(self) -> None:
        live = self.model.live
        waits = live is not None and not live.text_begun and live.progress is None and not live.stopping
        message = live.message if live is not None else None
        self._queue.follow(message.model if waits and message is not None else "")

    def _activity_words(self) -> str:
        """For the top line; short."""
        live = self.model.live
        if live is None or live.text_begun or live.stopping:
            return ""
        if live.summarising:
            return self.tr("summarising")
        if live.progress is not None:
            return self.tr("reading prompt, {done} of {total}").format(
                done=QLocale().toString(live.progress.done), total=QLocale().toString(live.progress.total)
            )
        if self._queue.place:
            return self.tr("in the queue, place {place}").format(place=self._queue.place)
        return ""

    def _status_words(self) -> str:
        if self.model.opening:
            return self.tr("Opening the conversation …")
        live = self.model.live
        return self._waiting_words(live) if live is not None else ""

    def _waiting_words(self, live: LiveAnswer) -> str:
        if live.stopping:
            return self.tr("Stopping …")
        if live.summarising:
            return ""  # said in the notice
        if live.text_begun:
            return ""
        if live.progress is not None:
            return self.tr("Reading {done} of {total} tokens").format(
                done=QLocale().toString(live.progress.done),
                total=QLocale().toString(live.progress.total),
            )
        if self.model.runtime is RuntimeState.STARTING:
            return self.tr("Starting the model …")
        if self.model.runtime is RuntimeState.LOADING:
            percent = QLocale().toString(round(self.model.load_fraction * 100))
            return self.tr("Loading the model … {percent} %").format(percent=percent)
        if self._queue.place:
            place = QLocale().toString(self._queue.place)
            return self.tr("Other answers come first: place {place} in the queue").format(place=place)
        return self.tr("Waiting for the first word …")

    # keys and language
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.model.live is not None:
            self.stop()
        elif event.key() == Qt.Key.Key_Escape and self.editing.isVisible():
            self._leave_edit()
        elif event.key() == Qt.Key.Key_Escape and self.find_bar.isVisible():
            self.find_bar.close_find()
        elif event.key() == Qt.Key.Key_F2:
            self.transcript.edit_by_key()
        elif event.key() == Qt.Key.Key_F3 and self.find_bar.isVisible():
            self.find_bar.step(not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show_status()


def _centred(widget: QWidget) -> QHBoxLayout:
    """As wide as the column of the conversation, and where it is."""
    widget.setMaximumWidth(COLUMN)
    row = QHBoxLayout()
    row.setContentsMargins(MARGIN, 0, MARGIN, 0)
    row.addStretch(1)
    row.addWidget(widget, 1000)
    row.addStretch(1)
    return row
