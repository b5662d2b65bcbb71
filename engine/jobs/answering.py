"""Answer -> store: an answer is on disk while it is being written, and marked by how it ended."""

from __future__ import annotations

import json
import logging
import queue
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Final

from engine.cancellation import CancelToken
from engine.chat.conversation import AnswerStats, ChatMessage, MessageState, Part, PartKind
from engine.chat.options import NOTHING_SET, ChatOptions
from engine.chat.store import ChatStore
from engine.errors import Cancelled, StoreError, WorkerError
from engine.events import (
    Emit,
    Event,
    GenerationFinished,
    JobId,
    MessageChanged,
    Noticed,
    TokenDelta,
    ToolCalled,
)
from engine.jobs.room import turns_of
from engine.jobs.runtime_link import events_until_end
from engine.jobs.storekeeper import StoreKeeper
from engine.runtime.values import GenerationRequest, Sampling, StopReason, WhenFull

log = logging.getLogger(__name__)

# Every token that was shown is on disk within a second.
SAVE_EVERY_S: Final = 0.5

_STATE_BY_REASON: Final = {
    StopReason.END: MessageState.COMPLETE,
    StopReason.STOP_STRING: MessageState.COMPLETE,
    StopReason.LENGTH: MessageState.CUT,
    StopReason.CONTEXT_FULL: MessageState.CUT,
    StopReason.CANCELLED: MessageState.STOPPED,
    StopReason.TOOL_CALLS: MessageState.COMPLETE,  # no tool was offered, but an endpoint may call one
}


Energy = Callable[[float, float], float]  # joules between two moments of time.monotonic()


def no_energy(since: float, until: float) -> float:
    return 0.0


def request_for(
    branch: tuple[ChatMessage, ...],
    answer: ChatMessage,
    conversation: str = "",
    when_full: WhenFull = WhenFull.STOP,
    options: ChatOptions = NOTHING_SET,
) -> GenerationRequest:
    """What the model is asked: the messages above `answer`, without their reasoning, in the way that
    was set for the conversation.

    Text that `answer` already holds is carried on. `conversation` names it for its state files.
    """
    return GenerationRequest(
        turns_of(tuple(message for message in branch if message.id != answer.id), options.system),
        _sampling_of(options),
        max_tokens=options.max_tokens or 0,
        answer_so_far=answer.text(),
        reasoning_so_far=answer.text(PartKind.REASONING),
        conversation=conversation,
        when_full=when_full,
        thinking=options.thinking,
    )


def _sampling_of(options: ChatOptions) -> Sampling:
    chosen: dict[str, Any] = {name: value for name, value in options.chosen().items() if name != "max_tokens"}
    return Sampling(**chosen, chosen=tuple(chosen))


class AnswerWriter:
    """Folds token deltas into the parts of one message and saves them."""

    def __init__(
        self,
        keeper: StoreKeeper,
        emit: Emit,
        conversation_id: int,
        answer: ChatMessage,
        energy: Energy = no_energy,
    ) -> None:
        self._energy = energy
        self._keeper = keeper
        self._emit = emit
        self._conversation_id = conversation_id
        self._answer = answer
        self._reasoning = [answer.text(PartKind.REASONING)]
        self._text = [answer.text()]
        self._calls = [part for part in answer.parts if part.kind is PartKind.TOOL_CALL]
        self._stats: AnswerStats | None = None
        self._reason = StopReason.END
        self._saved_at = time.monotonic()
        self._unsaved = False
        self._told = False  # that saving fails
        self._trashed = False  # the conversation was put into the trash, in whatever window

    def follow(
        self,
        job: JobId,
        inbox: queue.SimpleQueue[Event],
        token: CancelToken,
        ask_to_stop: Callable[[], None],
    ) -> None:
        """Takes the worker's events until the answer ended.

        A save that fails is said once and tried again; the text stays in memory until it is saved.
        Raises: Cancelled after a stop, WorkerError when the worker failed.
        """
        for event in events_until_end(inbox, token, ask_to_stop, WorkerError):
            if self._trashed:
                token.cancel()
            if event is None:
                self._save_if_due(job)
            else:
                self._take(event)
        if self._reason is StopReason.CANCELLED:
            raise Cancelled

    def end(self, job: JobId, state: MessageState | None = None) -> None:
        """The last save, and MessageChanged. Without `state`: by the reason the worker gave.

        Raises: StoreError, after MessageChanged: what was written is shown and saved as soon as that is
        possible.
        """
        state = state or _STATE_BY_REASON[self._reason]
        parts, stats = self._parts(), self._stats

        def save(store: ChatStore) -> bool:
            return store.update(self._answer.id, parts, state, stats)

        try:
            self._keeper.call(save)
        except StoreError:
            self._keeper.owe(self._answer.id, save)
            raise
        finally:
            changed = replace(self._answer, parts=parts, state=state, stats=stats)
            self._emit(MessageChanged(job, self._conversation_id, changed))

    def _take(self, event: Event) -> None:
        if isinstance(event, TokenDelta):
            (self._reasoning if event.reasoning else self._text).append(event.text)
            self._unsaved = True
        elif isinstance(event, ToolCalled):
            body = json.dumps(asdict(event.call), ensure_ascii=False)
            self._calls.append(Part(PartKind.TOOL_CALL, body))
        elif isinstance(event, GenerationFinished):
            event = replace(event, stats=self._with_energy(event.stats))
            self._stats, self._reason = event.stats, event.reason
        self._emit(event)
        self._save_if_due(event.job)

    def _with_energy(self, stats: AnswerStats) -> AnswerStats:
        if stats.remote:
            return stats  # computed elsewhere
        now = time.monotonic()
        return replace(stats, energy_j=self._energy(now - stats.prompt_s - stats.generation_s, now))

    def _save_if_due(self, job: JobId) -> None:
        if not self._unsaved or time.monotonic() - self._saved_at < SAVE_EVERY_S:
            return
        parts = self._parts()
        self._saved_at = time.monotonic()
        try:
            listed = self._keeper.call(
                lambda store: store.update(self._answer.id, parts, MessageState.STREAMING)
            )
        except StoreError as error:
            log.warning("an answer was not saved while it was written: %s", error)
            if not self._told:
                self._told = True
                self._emit(Noticed(job, error.message))
        else:
            self._unsaved = False
            self._trashed = not listed

    def _parts(self) -> tuple[Part, ...]:
        both = ((PartKind.REASONING, self._reasoning), (PartKind.TEXT, self._text))
        texts = (Part(kind, body) for kind, pieces in both if (body := "".join(pieces)))
        return (*texts, *self._calls)
