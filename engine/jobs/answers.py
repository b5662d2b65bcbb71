"""Questions and answers: the conversation's tree, the model, and the worker joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

from engine.cancellation import CancelToken
from engine.chat.conversation import ChatMessage, MessageState, Part, PartKind, Role
from engine.chat.store import ChatStore
from engine.errors import Cancelled, StoreError
from engine.events import ConversationsListed, Emit, JobId, MessageAdded
from engine.jobs.answering import AnswerWriter, request_for
from engine.jobs.loading import Loader
from engine.jobs.runtime_link import RuntimeLink
from engine.jobs.storekeeper import StoreKeeper
from engine.runtime.client import RuntimeClient
from engine.settings import Settings

Result = TypeVar("Result")

_LONGEST_TITLE: Final = 48


def title_of(text: str) -> str:
    """The first line of a question, cut to a title's length."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first if len(first) <= _LONGEST_TITLE else first[: _LONGEST_TITLE - 1].rstrip() + "…"


class Answers:
    """Each method is the work of one job: see `Desk` for its events."""

    def __init__(
        self, keeper: StoreKeeper, loader: Loader, client: RuntimeClient, link: RuntimeLink, emit: Emit
    ) -> None:
        self._keeper = keeper
        self._loader = loader
        self._client = client
        self._link = link
        self._emit = emit

    def send(
        self, job: JobId, token: CancelToken, conversation_id: int | None, text: str, settings: Settings
    ) -> None:
        chat_id = conversation_id if conversation_id is not None else self._begin(job, text)
        parent = self._store(lambda store: store.conversation(chat_id)).leaf_id
        question = self._store(
            lambda store: store.add(chat_id, parent, Role.USER, (Part(PartKind.TEXT, text),))
        )
        self._emit(MessageAdded(job, chat_id, question))
        self._answer(job, token, chat_id, question.id, settings)
        self._list(job)

    def regenerate(
        self, job: JobId, token: CancelToken, conversation_id: int, message_id: int, settings: Settings
    ) -> None:
        old = self._message(conversation_id, message_id)
        self._answer(job, token, conversation_id, old.parent_id, settings)

    def carry_on(
        self, job: JobId, token: CancelToken, conversation_id: int, message_id: int, settings: Settings
    ) -> None:
        old = self._message(conversation_id, message_id)
        self._store(lambda store: store.update(old.id, old.parts, MessageState.STREAMING))
        self._write(job, token, conversation_id, replace(old, state=MessageState.STREAMING), settings)

    def _begin(self, job: JobId, text: str) -> int:
        chat_id = self._store(lambda store: store.begin(title_of(text)))
        self._list(job)
        return chat_id

    def _answer(
        self, job: JobId, token: CancelToken, chat_id: int, parent_id: int | None, settings: Settings
    ) -> None:
        name = self._loader.wanted(settings).name
        answer = self._store(
            lambda store: store.add(chat_id, parent_id, Role.ASSISTANT, (), MessageState.STREAMING, name)
        )
        self._write(job, token, chat_id, answer, settings)

    def _write(
        self, job: JobId, token: CancelToken, chat_id: int, answer: ChatMessage, settings: Settings
    ) -> None:
        """From a STREAMING message to its end. However it ends, what was written is kept."""
        self._emit(MessageAdded(job, chat_id, answer))
        writer = AnswerWriter(self._keeper, self._emit, chat_id, answer)
        try:
            self._loader.ensure_loaded(token, settings)
            conversation = self._store(lambda store: store.conversation(chat_id))
            branch = replace(conversation, leaf_id=answer.id).branch()
            with self._link.inbox(job) as inbox:
                self._client.generate(job, request_for(branch, answer))
                writer.follow(job, inbox, token, lambda: self._client.cancel(job))
        except Cancelled:
            writer.end(job, MessageState.STOPPED)
            raise
        except Exception:
            writer.end(job, MessageState.INTERRUPTED)
            raise
        writer.end(job)

    def _message(self, conversation_id: int, message_id: int) -> ChatMessage:
        for message in self._store(lambda store: store.conversation(conversation_id)).messages:
            if message.id == message_id:
                return message
        raise StoreError.of("message_missing", id=message_id)

    def _list(self, job: JobId) -> None:
        self._emit(ConversationsListed(job, self._store(lambda store: store.conversations())))

    def _store(self, use: Callable[[ChatStore], Result]) -> Result:
        return self._keeper.call(use)
