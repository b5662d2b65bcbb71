"""Folds the engine's events into what the chat page shows. Events of stale jobs change nothing."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from engine.chat.attachments import AttachedFile
from engine.chat.conversation import ChatMessage, Conversation, MessageState, Role
from engine.chat.options import NOTHING_SET, ChatOptions
from engine.events import (
    ConversationOpened,
    Event,
    GenerationFinished,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    LoadProgressed,
    MessageAdded,
    MessageChanged,
    ModelLoaded,
    PromptProgressed,
    RuntimeStateChanged,
    TokenDelta,
)
from engine.messages import Sentence
from engine.runtime.values import RuntimeState
from gui.chat.context import ContextParts, ContextUse
from gui.chat.fullness import Fullness
from gui.chat.live_answer import LiveAnswer
from gui.chat.versions import Versions


class ChatModel(QObject):
    """State of the conversation that is shown, and of answers that are being written anywhere."""

    options_changed = Signal()  # another conversation with other settings is shown
    opened = Signal()  # another conversation is shown: read `messages` and `live`
    replaced_from = Signal(int)  # messages from that index on are new
    message_ended = Signal(int)  # the message at that index is as stored now
    text_arrived = Signal(str, bool)  # (text, is reasoning), for the live answer that is shown
    status_changed = Signal()  # progress, error, opening, runtime
    begun = Signal(int)  # a new conversation got this id
    sending_failed = Signal(object, str, object)  # (conversation id or None, text, files): not stored

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.conversation_id: int | None = None
        self.messages: list[ChatMessage] = []
        self.options = NOTHING_SET
        self.model_path = ""  # of the model in use; "" while that is not known
        self.runtime = RuntimeState.STOPPED
        self._crash: Sentence | None = None
        self.load_fraction = 0.0
        self._live: dict[JobId, LiveAnswer] = {}
        self._opening: JobId | None = None
        self._branching: JobId | None = None  # another branch was asked for
        self._versions = Versions()
        self._errors: dict[int | None, Sentence] = {}
        self._fullness = Fullness()

    # state
    @property
    def opening(self) -> bool:
        return self._opening is not None

    @property
    def branching(self) -> bool:
        """Another branch of the conversation that is shown is on its way."""
        return self._branching is not None

    def versions_of(self, message_id: int) -> tuple[int, ...]:
        """That message and those beside it in the tree, the oldest first."""
        return self._versions.of(message_id)

    @property
    def live_job(self) -> JobId | None:
        """The job that writes into the conversation that is shown."""
        for job, live in self._live.items():
            if live.conversation_id == self.conversation_id and not live.ended and not live.detached:
                return job
        return None

    @property
    def live(self) -> LiveAnswer | None:
        job = self.live_job
        return self._live[job] if job is not None else None

    @property
    def live_message_id(self) -> int | None:
        live = self.live
        return live.message.id if live and live.message else None

    @property
    def error(self) -> Sentence | None:
        return self._errors.get(self.conversation_id)

    @property
    def context(self) -> ContextUse | None:
        """How full the context is, when that is worth a word."""
        return self._fullness.notice(self.conversation_id, self.messages, self.live)

    @property
    def context_parts(self) -> ContextParts | None:
        """What fills the context; None while nothing was counted."""
        return self._fullness.parts(self.messages, self.live)

    def leave_context(self) -> None:
        """The notice about the context is closed until there is something new to say."""
        use = self.context
        if use is not None:
            self._fullness.close(use)
            self.status_changed.emit()

    # commands that were given
    def expect_open(self, conversation_id: int, job: JobId) -> None:
        """That conversation was asked for; the page is empty until it comes."""
        self._detach()
        self._opening = job
        self._show(conversation_id, [])

    def expect_answer(self, job: JobId, draft: str = "", files: tuple[AttachedFile, ...] = ()) -> None:
        """A message was sent, or an answer asked for, in the conversation that is shown."""
        self._live[job] = LiveAnswer(self.conversation_id, draft, files)
        self._errors.pop(self.conversation_id, None)
        self.status_changed.emit()

    def expect_branch(self, job: JobId) -> None:
        """Another branch of the conversation that is shown was asked for."""
        self._branching = job
        self.status_changed.emit()

    def expect_room(self, job: JobId, summarising: bool) -> None:
        """Room was asked for in the conversation that is shown, by a summary or without one."""
        self._live[job] = LiveAnswer(self.conversation_id, summarising=summarising)
        self._errors.pop(self.conversation_id, None)
        self.status_changed.emit()

    def expect_stop(self, job: JobId) -> None:
        if job in self._live:
            self._live[job].stopping = True
            self.status_changed.emit()

    def begin_new(self) -> None:
        """An empty page for a conversation that begins with the first message."""
        self._versions = Versions()
        self._opening = None
        self._errors.pop(None, None)
        self._detach()
        self._take_options(NOTHING_SET)
        self._show(None, [])

    def _detach(self) -> None:
        """An answer in a conversation that has no id yet goes on unseen."""
        for live in self._live.values():
            live.detached = live.detached or live.conversation_id is None

    # events
    def fold(self, event: Event) -> None:
        """Takes one event; those of jobs that nobody waits for are dropped."""
        if isinstance(event, TokenDelta):
            self._add_text(event)
        elif isinstance(event, PromptProgressed):
            self._note_progress(event)
        elif isinstance(event, ConversationOpened):
            self._open(event.job, event.conversation)
        elif isinstance(event, MessageAdded):
            self._add_message(event)
        elif isinstance(event, MessageChanged):
            self._change_message(event)
        elif isinstance(event, GenerationFinished):
            self.status_changed.emit()
        elif isinstance(event, RuntimeStateChanged):
            self._note_runtime(event)
        elif isinstance(event, LoadProgressed):
            self.load_fraction = event.fraction
            self.status_changed.emit()
        elif isinstance(event, ModelLoaded):
            self._fullness.learn(event.model.name, event.facts.context_length)
            self.status_changed.emit()
        elif isinstance(event, JobFailed | JobCancelled | JobFinished):
            self._end_job(event)

    def _show(self, conversation_id: int | None, messages: list[ChatMessage]) -> None:
        self._branching = None
        self.conversation_id = conversation_id
        self.messages = messages
        self.opened.emit()
        self.status_changed.emit()

    def _open(self, job: JobId, conversation: Conversation) -> None:
        if job == self._branching:
            self._show_branch(conversation)
        if job != self._opening:
            return
        self._opening = None
        self._show_conversation(conversation)

    def _show_branch(self, conversation: Conversation) -> None:
        """What both branches begin with stays."""
        self._branching = None
        messages = list(conversation.branch())
        pairs = list(zip(self.messages, messages, strict=False))
        index = next((n for n, (old, new) in enumerate(pairs) if old.id != new.id), len(pairs))
        self._versions = Versions(conversation.messages)
        self.messages = messages
        self.replaced_from.emit(index)
        self.status_changed.emit()

    def _take_options(self, options: ChatOptions) -> None:
        self.options = options
        self.options_changed.emit()

    def _show_conversation(self, conversation: Conversation) -> None:
        self._take_options(conversation.options)
        messages = list(conversation.branch())
        self._versions = Versions(conversation.messages)
        self.conversation_id = conversation.id
        live = self.live
        if live is not None and live.message is not None:
            # What is being written is newer here than in the store.
            ids = [message.id for message in messages]
            answer = live.so_far()
            if answer.id in ids:
                messages[ids.index(answer.id) :] = [answer]
            else:
                messages.append(answer)
        self._show(conversation.id, messages)

    def _add_text(self, delta: TokenDelta) -> None:
        live = self._live.get(delta.job)
        if live is not None and live.summarising:
            live.add_to_summary(delta)
            self.status_changed.emit()
        if live is None or live.message is None:
            return
        waited = not live.text_begun
        live.add(delta)
        if live is self.live and not self.opening:
            self.text_arrived.emit(delta.text, delta.reasoning)
            if waited or self._fills_up(live):
                self.status_changed.emit()

    def _fills_up(self, live: LiveAnswer) -> bool:
        """True once, when the context becomes nearly full."""
        if live.nearly_full or self.context is None:
            return False
        live.nearly_full = True
        return True

    def _note_progress(self, event: PromptProgressed) -> None:
        if event.job in self._live:
            self._live[event.job].read(event)
            self.status_changed.emit()

    def _add_message(self, event: MessageAdded) -> None:
        live = self._live.get(event.job)
        if live is None:
            return
        if live.conversation_id is None:
            self._adopt(live, event.conversation_id)
        if event.message.state is MessageState.STREAMING:
            live.begin(event.message)
            self._fullness.begin(live.conversation_id)
        else:
            live.draft, live.files = "", ()
        if live.conversation_id == self.conversation_id and not self.opening:
            self._versions.add(event.message)
            self._put(event.message)

    def _adopt(self, live: LiveAnswer, conversation_id: int) -> None:
        """A conversation has begun; it is shown unless the user went elsewhere meanwhile."""
        shown = self.conversation_id is None and not live.detached
        live.conversation_id = conversation_id
        live.detached = False
        if shown:
            self.conversation_id = conversation_id
            self.begun.emit(conversation_id)

    def _put(self, message: ChatMessage) -> None:
        """A message takes the place of its older self, or follows its parent."""
        ids = [known.id for known in self.messages]
        if message.id in ids:
            index = ids.index(message.id)
        elif message.parent_id in ids:
            index = ids.index(message.parent_id) + 1
        else:
            index = len(ids) if message.parent_id is not None else 0
        self.messages[index:] = [message]
        self.replaced_from.emit(index)
        self.status_changed.emit()

    def _change_message(self, event: MessageChanged) -> None:
        live = self._live.get(event.job)
        if live is not None and event.message.role is Role.ASSISTANT:
            live.message, live.pieces, live.ended = event.message, [], True
        if event.conversation_id != self.conversation_id or self.opening:
            return
        self._replace(event.message)
        self.status_changed.emit()

    def _replace(self, message: ChatMessage) -> None:
        ids = [known.id for known in self.messages]
        if message.id in ids:
            index = ids.index(message.id)
            self.messages[index] = message
            self.message_ended.emit(index)

    def _note_runtime(self, event: RuntimeStateChanged) -> None:
        if event.model and self.model_path and event.model != self.model_path:
            return
        self.runtime = event.state
        self._crash = event.reason if event.state is RuntimeState.CRASHED else None
        if event.state is RuntimeState.LOADING:
            self.load_fraction = 0.0
        self.status_changed.emit()

    def _end_job(self, event: JobFailed | JobCancelled | JobFinished) -> None:
        failed = event.message if isinstance(event, JobFailed) else None
        if event.job in (self._opening, self._branching):
            self._opening = self._branching = None
            if failed is not None:
                self._errors[self.conversation_id] = failed
            self.status_changed.emit()
            return
        live = self._live.pop(event.job, None)
        if live is not None:
            self._end_answer(live, failed, isinstance(event, JobCancelled))

    def _end_answer(self, live: LiveAnswer, failed: Sentence | None, cancelled: bool) -> None:
        # The window tells of a crash with its remedy; the answer itself says that it was interrupted.
        conversation = live.conversation_id
        if (
            failed is not None
            and failed != self._crash
            and not self._fullness.refuse(conversation, live, failed)
        ):
            self._errors[conversation] = failed
        if live.draft or live.files:
            self.sending_failed.emit(live.conversation_id, live.draft, live.files)
        if live.message is not None and not live.ended and live.conversation_id == self.conversation_id:
            # The store did not tell how it ended; what has arrived stays in sight.
            state = MessageState.STOPPED if cancelled else MessageState.INTERRUPTED
            self._replace(replace(live.so_far(), state=state))
        self.status_changed.emit()
