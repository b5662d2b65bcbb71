"""Questions and answers: the conversation's tree, the model, and whoever answers, joined."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, TypeVar

from engine.cancellation import CancelToken
from engine.chat.attachments import AttachedFile, part_of
from engine.chat.conversation import ChatMessage, Conversation, MessageState, Part, PartKind, Role
from engine.chat.options import NOTHING_SET, ChatOptions
from engine.chat.store import ChatStore
from engine.errors import Cancelled, DesksideError, StoreError, UsageError, WorkerError
from engine.events import (
    ConversationOpened,
    ConversationsListed,
    Emit,
    GenerationFinished,
    JobId,
    MessageAdded,
    MessageChanged,
    TokenDelta,
    ToolCalled,
)
from engine.jobs.answering import AnswerWriter, Energy, no_energy, request_for
from engine.jobs.backends import Backends, wish_for
from engine.jobs.chats import state_name
from engine.jobs.room import begun_here, new_start, summary_request
from engine.jobs.runtime_link import RuntimeLink, events_until_end
from engine.jobs.storekeeper import StoreKeeper
from engine.jobs.titling import Titles
from engine.runtime.values import WhenFull
from engine.settings import Settings

Result = TypeVar("Result")

_LONGEST_TITLE: Final = 48
_WAYS: Final = ("cut", "summarise")
_LOOK_AGAIN_S: Final = 0.2  # whether the answer above has ended


def title_of(text: str) -> str:
    """The first line of a question, cut to a title's length."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= _LONGEST_TITLE else first[: _LONGEST_TITLE - 1].rstrip() + "…"


class Answers:
    """Each method is the work of one job: see `Desk` for its events."""

    def __init__(
        self,
        keeper: StoreKeeper,
        backends: Backends,
        link: RuntimeLink,
        titles: Titles,
        emit: Emit,
        energy: Energy = no_energy,
    ) -> None:
        self._energy = energy
        self._keeper = keeper
        self._backends = backends
        self._link = link
        self._titles = titles
        self._emit = emit
        self._live: dict[JobId, int] = {}  # conversations of answers at work

    def of(self, conversation_id: int) -> tuple[JobId, ...]:
        """The jobs that answer in that conversation now. Any thread."""
        return tuple(job for job, chat in tuple(self._live.items()) if chat == conversation_id)

    @contextmanager
    def _at_work(self, job: JobId, conversation_id: int) -> Iterator[None]:
        self._titles.make_way()
        self._live[job] = conversation_id
        try:
            yield
        finally:
            del self._live[job]

    def send(
        self,
        job: JobId,
        token: CancelToken,
        conversation_id: int | None,
        text: str,
        settings: Settings,
        files: tuple[AttachedFile, ...] = (),
        options: ChatOptions = NOTHING_SET,
    ) -> None:
        """`options` are those of a conversation that begins."""
        chat_id = conversation_id
        if chat_id is None:
            chat_id = self._begin(job, text or files[0].name, options)
        words = (Part(PartKind.TEXT, text),) if text else ()
        self._ask(job, token, chat_id, (*map(part_of, files), *words), settings)

    def edit(
        self,
        job: JobId,
        token: CancelToken,
        conversation_id: int,
        message_id: int,
        text: str,
        settings: Settings,
    ) -> None:
        """Raises: StoreError, for a message that is not there."""
        old = self._message(conversation_id, message_id)
        # A mark that reading begins there, with its summary of what is above, holds for every version.
        kept = tuple(part for part in old.parts if part.kind is not PartKind.TEXT)
        parts = (*kept, Part(PartKind.TEXT, text))
        self._ask(job, token, conversation_id, parts, settings, beside=old)

    def _ask(
        self,
        job: JobId,
        token: CancelToken,
        chat_id: int,
        parts: tuple[Part, ...],
        settings: Settings,
        beside: ChatMessage | None = None,
    ) -> None:
        try:
            name = self._backends.wanted(settings).name
        except DesksideError:
            self._keep_question(job, chat_id, parts, beside)  # asked all the same
            raise
        asked = self._store(lambda store: store.ask(chat_id, parts, name, beside))
        self._emit(MessageAdded(job, chat_id, asked.question))
        with self._at_work(job, chat_id):
            self._write(job, token, chat_id, asked.answer, settings)
        self._list(job)
        self._titles.offer(chat_id, settings)

    def _keep_question(
        self, job: JobId, chat_id: int, parts: tuple[Part, ...], beside: ChatMessage | None
    ) -> None:
        leaf_id = self._store(lambda store: store.conversation(chat_id)).leaf_id
        parent = beside.parent_id if beside is not None else leaf_id
        question = self._store(lambda store: store.add(chat_id, parent, Role.USER, parts))
        self._emit(MessageAdded(job, chat_id, question))

    def regenerate(
        self, job: JobId, token: CancelToken, conversation_id: int, message_id: int, settings: Settings
    ) -> None:
        old = self._message(conversation_id, message_id)
        with self._at_work(job, conversation_id):
            self._answer(job, token, conversation_id, old.parent_id, settings)

    def show_branch(self, job: JobId, conversation_id: int, message_id: int) -> None:
        """Raises: StoreError, for a message that is not there."""
        self._message(conversation_id, message_id)
        shown = self._store(lambda store: store.conversation(conversation_id)).through(message_id)
        leaf_id = shown.leaf_id
        assert leaf_id is not None
        self._store(lambda store: store.show(conversation_id, leaf_id))
        self._emit(ConversationOpened(job, shown))

    def carry_on(
        self,
        job: JobId,
        token: CancelToken,
        conversation_id: int,
        message_id: int,
        settings: Settings,
    ) -> None:
        with self._at_work(job, conversation_id):
            self._carry_on(job, token, conversation_id, message_id, settings, WhenFull.STOP)

    def _carry_on(
        self,
        job: JobId,
        token: CancelToken,
        conversation_id: int,
        message_id: int,
        settings: Settings,
        when_full: WhenFull,
    ) -> None:
        old = self._message(conversation_id, message_id)
        self._store(lambda store: store.update(old.id, old.parts, MessageState.STREAMING))
        answer = replace(old, state=MessageState.STREAMING)
        self._write(job, token, conversation_id, answer, settings, when_full)

    def make_room(
        self,
        job: JobId,
        token: CancelToken,
        conversation_id: int,
        message_id: int,
        way: str,
        settings: Settings,
    ) -> None:
        """Moves the place where reading begins, then carries the answer on.

        Raises: UsageError, when one question alone fills the context.
        """
        if way not in _WAYS:
            raise UsageError.of("room_way_unknown", way=way, known=", ".join(_WAYS))
        conversation = self._store(lambda store: store.conversation(conversation_id))
        branch = replace(conversation, leaf_id=message_id).branch()[:-1]
        start = new_start(branch)
        with self._at_work(job, conversation_id):
            summary = self._summary(job, token, branch, start, settings) if way == "summarise" else ""
            marked = begun_here(start, summary)
            self._store(lambda store: store.update(marked.id, marked.parts, marked.state))
            self._emit(MessageChanged(job, conversation_id, marked))
            # A guess by length of text may leave too much: then the engine cuts the rest, and says so.
            self._carry_on(job, token, conversation_id, message_id, settings, WhenFull.CUT)

    def _summary(
        self,
        job: JobId,
        token: CancelToken,
        branch: tuple[ChatMessage, ...],
        start: ChatMessage,
        settings: Settings,
    ) -> str:
        """Raises: WorkerError, also for an empty summary; Cancelled."""
        model = self._backends.wanted(settings)
        backend = self._backends.of(model)
        pieces: list[str] = []
        with self._link.inbox(job) as inbox:
            backend.generate(job, summary_request(branch, start), wish_for(model, settings))
            for event in events_until_end(inbox, token, lambda: backend.cancel(job), WorkerError):
                if isinstance(event, TokenDelta) and not event.reasoning:
                    pieces.append(event.text)
                # What the model does on the way is news; only the end is not that of an answer.
                if event is not None and not isinstance(event, GenerationFinished | ToolCalled):
                    self._emit(event)
        summary = "".join(pieces).strip()
        if not summary:
            raise WorkerError.of("summary_empty", model=model.name)
        return summary

    def _begin(self, job: JobId, text: str, options: ChatOptions) -> int:
        kept = options if options != NOTHING_SET else None
        chat_id = self._store(lambda store: store.begin(title_of(text), kept))
        self._list(job)
        return chat_id

    def _answer(
        self, job: JobId, token: CancelToken, chat_id: int, parent_id: int | None, settings: Settings
    ) -> None:
        name = self._backends.wanted(settings).name
        answer = self._store(
            lambda store: store.add(chat_id, parent_id, Role.ASSISTANT, (), MessageState.STREAMING, name)
        )
        self._write(job, token, chat_id, answer, settings)

    def _write(
        self,
        job: JobId,
        token: CancelToken,
        chat_id: int,
        answer: ChatMessage,
        settings: Settings,
        when_full: WhenFull = WhenFull.STOP,
    ) -> None:
        """From a STREAMING message to its end. However it ends, what was written is kept."""
        self._emit(MessageAdded(job, chat_id, answer))
        writer = AnswerWriter(self._keeper, self._emit, chat_id, answer, self._energy)
        try:
            model = self._backends.wanted(settings)
            backend = self._backends.of(model)
            conversation = self._settled(token, chat_id, answer)
            branch = conversation.branch()
            request = request_for(branch, answer, state_name(chat_id), when_full, conversation.options)
            with self._link.inbox(job) as inbox:
                backend.generate(job, request, wish_for(model, settings))
                writer.follow(job, inbox, token, lambda: backend.cancel(job))
        except Cancelled:
            writer.end(job, MessageState.STOPPED)
            raise
        except Exception:
            writer.end(job, MessageState.INTERRUPTED)
            raise
        writer.end(job)

    def _settled(self, token: CancelToken, chat_id: int, answer: ChatMessage) -> Conversation:
        """The conversation up to that answer, once nothing above it is being written, here or in another
        window. Raises: Cancelled."""
        while True:
            conversation = self._store(lambda store: store.conversation(chat_id))
            shown = replace(conversation, leaf_id=answer.id)
            written = self._store(lambda store: store.streaming(chat_id))
            if not any(message.id in written for message in shown.branch() if message.id != answer.id):
                return shown
            if token.wait(_LOOK_AGAIN_S):
                raise Cancelled

    def _message(self, conversation_id: int, message_id: int) -> ChatMessage:
        for message in self._store(lambda store: store.conversation(conversation_id)).messages:
            if message.id == message_id:
                return message
        raise StoreError.of("message_missing", id=message_id)

    def _list(self, job: JobId) -> None:
        view = self._store(lambda store: store.filing.view())
        self._emit(ConversationsListed(job, view.conversations, view.folders, view.trash))

    def _store(self, use: Callable[[ChatStore], Result]) -> Result:
        return self._keeper.call(use)
