"""The chat page: transcript, composer, and what is to say between them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.catalog.model import InstalledModel
from engine.chat.attachments import AttachedFile
from engine.chat.conversation import Role
from engine.chat.markdown_reader import is_safe_link
from engine.chat.options import NOTHING_SET, ChatOptions
from engine.chat.shelf import Shelf
from engine.events import Event, ShelfRead
from engine.jobs.desk import Desk
from engine.settings import Settings
from gui.bridge import EngineBridge
from gui.chat.asking import Asking
from gui.chat.attaching import Attaching
from gui.chat.composer import Composer
from gui.chat.context_notice import ContextNotice
from gui.chat.details import Electricity
from gui.chat.draft_field import files_in
from gui.chat.edit_notice import EditNotice
from gui.chat.empty import EmptyChat
from gui.chat.find_bar import FindBar
from gui.chat.finder import Finder
from gui.chat.meter import ContextMeter
from gui.chat.model import ChatModel
from gui.chat.options_panel import OptionsPanel
from gui.chat.page_layout import lay_out
from gui.chat.queue_watch import QueueWatch
from gui.chat.slash import entries
from gui.chat.slash_actions import SlashActions
from gui.chat.transcript import Transcript
from gui.chat.waiting import activity_words, status_words
from gui.chat.writing import Writing
from gui.widgets.announce import announce
from gui.widgets.labels import Line
from gui.widgets.places import host_of_model
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource


class ChatPage(QWidget):
    command_wanted = Signal(str)  # id of a command of the window
    model_wanted = Signal(str)  # words of its name
    options_shown = Signal(bool)  # the panel beside the chat
    conversation_opened = Signal(int)  # one was shown, or begun with its first message
    activity_changed = Signal(str)  # what the answer that is shown waits for; "" for nothing

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self.model = ChatModel(self)
        self.asking = Asking(desk, self.model, self)
        self._queue = QueueWatch(desk, self)
        self.transcript = Transcript(theme, self)
        self.find_bar = FindBar(Finder(self.transcript), theme, self)
        self.empty = EmptyChat(self)
        self.status = Line(kind="muted")
        self.error = SentenceLabel("warning")
        self.context = ContextNotice(theme, self)
        self.meter = ContextMeter(theme, self)
        self.editing = EditNotice(self)
        self._remark = ""
        self._goal: tuple[int, str] | None = None  # a message to go to once it is there, and words in it
        self.composer = Composer(theme, self)
        self.options = OptionsPanel(theme, self)
        self._shelf = Shelf()
        self._sent_options = NOTHING_SET  # with the first message of a conversation
        self._attaching = Attaching(desk, self.composer.chips, self)
        self._writing = Writing(desk, self.model, self.composer, self.editing, self._attaching, self)
        self._slashes = SlashActions(self)
        self._pages = lay_out(self)
        self._connect(bridge)
        self._show_shelf(self._shelf)
        self._show_opened()
        desk.read_shelf()

    # for the shell
    def open_conversation(self, conversation_id: int, message_id: int | None = None, words: str = "") -> None:
        """Shows a stored conversation as soon as it is read; at a message, with words of it marked."""
        self._put_away()
        self._goal = (message_id, words) if message_id is not None else None
        self.model.expect_open(conversation_id, self._desk.open_conversation(conversation_id, message_id))
        self._writing.take_out()

    def new_conversation(self) -> None:
        """An empty page; the conversation begins with its first message."""
        self._put_away()
        self.model.begin_new()
        self._writing.take_out()
        self.focus_composer()

    def show_model(self, model: InstalledModel | None) -> None:
        """The model in use: where messages go."""
        self.model.model_path = model.path if model is not None else ""
        self._attaching.show_model(self.model.model_path)
        host = host_of_model(model)
        self.composer.show_host(host)
        self.empty.show_host(host)

    def show_settings(self, settings: Settings) -> None:
        """Of the window; they have changed, or are shown for the first time."""
        price = settings.kwh_price
        self.transcript.price_electricity(Electricity(price, settings.currency) if price else None)

    def focus_composer(self) -> None:
        self.composer.draft.setFocus(Qt.FocusReason.OtherFocusReason)

    def keep(self) -> None:
        """The window closes: what was typed and set is kept now."""
        self.options.flush()
        self._writing.keep()

    def attach(self) -> None:
        """Asks for files."""
        paths, _ = QFileDialog.getOpenFileNames(self, self.tr("Attach files"))
        self._take_files(paths)

    def toggle_options(self) -> None:
        shown = not self.options.isVisibleTo(self)
        self.options.setVisible(shown)
        self.composer.options.setChecked(shown)
        self.options_shown.emit(shown)
        if shown:
            self.options.enter()
        else:
            self.options.flush()
            self.focus_composer()

    def use_prompt(self, text: str) -> None:
        """A prompt of the library, to be filled in."""
        self.composer.draft.use_prompt(text)
        self.focus_composer()

    def copy_last(self) -> None:
        answers = [message for message in self.model.messages if message.role is Role.ASSISTANT]
        if answers:
            QGuiApplication.clipboard().setText(answers[-1].text())

    def find(self) -> bool:
        """Opens the bar to look for words; False where there is nothing to look through."""
        if not self.model.messages:
            return False
        self.find_bar.open()
        return True

    def _connect(self, bridge: EngineBridge) -> None:
        bridge.event_arrived.connect(self._fold)
        self.model.opened.connect(self._show_opened)
        self.model.options_changed.connect(self._show_options)
        self._attaching.failed.connect(self._show_status)
        self.model.replaced_from.connect(self._replace_from)
        self.model.message_ended.connect(self._end_message)
        self.model.text_arrived.connect(self._add_text)
        self.model.status_changed.connect(self._show_status)
        self._queue.changed.connect(self._show_status)
        self.model.begun.connect(self._begin)
        self.transcript.carry_on_requested.connect(self.asking.carry_on)
        self.transcript.regenerate_requested.connect(self.asking.regenerate)
        self.transcript.edit_requested.connect(self._writing.edit)
        self.composer.left.connect(self._leave)
        self.transcript.version_requested.connect(self.asking.show_version)
        self.transcript.follow_versions(self.model.versions_of)
        self.transcript.find_requested.connect(self.find)
        self.find_bar.closed.connect(self._leave_find)
        self.transcript.link_activated.connect(self._open_link)
        self.empty.prompt_chosen.connect(self._use_prompt)
        self.context.room_wanted.connect(self.asking.make_room)
        self.asking.room_asked.connect(self.transcript.go_to_end)
        self.context.left.connect(self._leave_context)
        self.context.cancelled.connect(self.asking.stop)
        self.context.focus_left.connect(self.focus_composer)
        composer, options = self.composer, self.options
        chips = composer.chips
        chips.changed.connect(lambda: self.meter.show_attached(chips.tokens, chips.origin))
        composer.draft.textChanged.connect(self._typed)
        composer.draft.files_given.connect(self._take_files)
        composer.draft.image_given.connect(self._attaching.take_image)
        composer.attach_requested.connect(self.attach)
        composer.options_requested.connect(self.toggle_options)
        composer.slash_used.connect(self._slashes.use)
        options.left.connect(self.toggle_options)
        options.changed.connect(self._set_options)
        options.shelf_changed.connect(self._desk.keep_shelf)
        self.composer.send_requested.connect(self._send)
        self.composer.stop_requested.connect(self.asking.stop)

    def _fold(self, event: Event) -> None:
        self.model.fold(event)
        self._queue.on_event(event)
        self._writing.on_event(event)
        self._attaching.on_event(event)
        if isinstance(event, ShelfRead):
            self._show_shelf(event.shelf)

    # commands
    def _send(self, text: str) -> None:
        self.options.flush()
        conversation, edited = self.model.conversation_id, self._writing.edited
        files: tuple[AttachedFile, ...] = ()
        if edited is not None and conversation is not None:
            if not text:
                return
            self._writing.end_edit()
            job = self._desk.edit(conversation, edited, text)
        else:
            files = self.composer.chips.files
            self.composer.set_text("")
            self.composer.chips.clear()
            self._sent_options = self.model.options if conversation is None else NOTHING_SET
            job = self._desk.send(conversation, text, files, self._sent_options)
        self.composer.draft.history.add(text)
        self.model.expect_answer(job, text, files)
        self.transcript.go_to_end()

    def _take_files(self, paths: list[str]) -> None:
        self._attaching.take(paths)
        self.focus_composer()

    # options
    def _set_options(self, options: ChatOptions) -> None:
        self.model.options = options
        if self.model.conversation_id is not None:
            self._desk.set_options(self.model.conversation_id, options)

    def _show_options(self) -> None:
        self.options.show_options(self.model.options)

    def _show_shelf(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.options.show_shelf(shelf)
        self.composer.slashes.offer(entries((one.name, one.text) for one in shelf.prompts))

    @property
    def shelf(self) -> Shelf:
        """Prompts and presets, as far as they have come."""
        return self._shelf

    def _leave(self) -> None:
        """Esc in the composer."""
        if self._writing.edited is not None:
            self._writing.leave_edit()
        else:
            self.find_bar.close_find()

    def _leave_context(self) -> None:
        self.model.leave_context()
        self.focus_composer()

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

    def _put_away(self) -> None:
        """Before another conversation is shown."""
        self.options.flush()
        self._writing.put_away()

    def _typed(self) -> None:
        if self.composer.text and self._remark:
            self._remark = ""
            self._show_status()
        self._writing.note()

    # what the model tells
    def _show_opened(self) -> None:
        self.transcript.show_messages(self.model.messages, self.model.live_message_id)
        questions = (message.text() for message in self.model.messages if message.role is Role.USER)
        self.composer.draft.history.show(questions)
        if self.model.live is not None:
            self.transcript.show_thought(self.model.live.thought())
        if self.model.conversation_id is not None and not self.model.opening:
            self.conversation_opened.emit(self.model.conversation_id)
        self._show_status()
        if self._goal is not None and not self.model.opening:
            self._go_to(*self._goal)
            self._goal = None

    def _go_to(self, message_id: int, words: str) -> None:
        box = next((n for n, message in enumerate(self.model.messages) if message.id == message_id), None)
        if box is not None:
            self.transcript.bring_into_sight(box, 0, 0)
            if words:
                self.find_bar.open_at(words, box)
            else:
                self.transcript.setFocus(Qt.FocusReason.OtherFocusReason)

    def _begin(self, conversation_id: int) -> None:
        self._writing.begin()
        if self.model.options != self._sent_options:  # changed while it began
            self._desk.set_options(conversation_id, self.model.options)
        self.conversation_opened.emit(conversation_id)

    def _replace_from(self, index: int) -> None:
        if self._writing.edited not in [message.id for message in self.model.messages]:
            self._writing.end_edit()  # another branch is shown
        self.transcript.replace_from(index, self.model.messages[index:], self.model.live_message_id)

    def _end_message(self, index: int) -> None:
        self.transcript.end_answer(index, self.model.messages[index])

    def _add_text(self, text: str, reasoning: bool) -> None:
        live = self.model.live
        if live is not None:
            self.transcript.show_thought(live.thought())
        self.transcript.append_text(text, reasoning)
        self.meter.show_parts(self.model.context_parts)

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
        words = status_words(model, self._queue.place) or self._remark
        self.activity_changed.emit(activity_words(model, self._queue.place))
        self.status.setText(words)
        self.status.setVisible(bool(words))
        self.context.show_use(model.context, model.live)
        self.meter.show_parts(model.context_parts)
        errors = [model.error] if model.error is not None else []
        self.error.show_sentences(*errors, *self._attaching.failures)

    def remark(self, words: str) -> None:
        """Says something in passing, until the next key."""
        self._remark = words
        self._show_status()
        announce(self, words)

    def _follow_queue(self) -> None:
        live = self.model.live
        waits = live is not None and not live.text_begun and live.progress is None and not live.stopping
        message = live.message if live is not None else None
        self._queue.follow(message.model if waits and message is not None else "")

    # files that are dropped anywhere on the page
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if files_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._take_files(files_in(event.mimeData()))
        event.acceptProposedAction()

    # keys and language
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.model.live is not None:
            self.asking.stop()
        elif event.key() == Qt.Key.Key_Escape and self.editing.isVisible():
            self._writing.leave_edit()
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
