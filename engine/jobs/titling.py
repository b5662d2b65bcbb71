"""A title by the model, after an answer: a small request that makes way for everything else."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from engine.cancellation import CancelToken
from engine.chat.conversation import Conversation, Role
from engine.errors import Cancelled, DesksideError, WorkerError
from engine.events import Emit, GenerationFinished, JobId, PromptProgressed, TokenDelta, ToolCalled
from engine.jobs.backends import Backends, wish_for
from engine.jobs.room import turns_of
from engine.jobs.runtime_link import RuntimeLink, events_until_end
from engine.jobs.storekeeper import StoreKeeper
from engine.jobs.threads import Work
from engine.runtime.values import GenerationRequest, Sampling, Turn, WhenFull
from engine.settings import Settings

log = logging.getLogger(__name__)

LONGEST_TITLE: Final = 60  # characters
_LONGEST_ANSWER: Final = 120  # characters of what the model writes, before it is told that it is enough
_MOST_TOKENS: Final = 512  # with thoughts, of models that cannot do without
_MOST_TRIES: Final = 3  # for one conversation
_READ: Final = 4000  # characters of a message, where another machine has to read them anew
_ORDER: Final = (
    "Give this conversation a title of two to six words, in the language it is held in."
    " Write only the title: no quotation marks, no full stop."
)
_WRAPPING: Final = " \t#*_`~\"'“”‘’«»「」『』《》〈〉【】.。"
_LABEL: Final = re.compile(r"^\W*(title|titel|titre|标题|題名|タイトル)\W*[:：]\s*", re.IGNORECASE)


class Titles:
    """`start` begins a job with a thread of its own, `cancel` ends one."""

    def __init__(
        self,
        keeper: StoreKeeper,
        backends: Backends,
        link: RuntimeLink,
        emit: Emit,
        start: Callable[[str, Work], JobId],
        cancel: Callable[[JobId], None],
        listed: Callable[[JobId], None],
    ) -> None:
        self._keeper = keeper
        self._backends = backends
        self._link = link
        self._emit = emit
        self._start = start
        self._cancel = cancel
        self._listed = listed  # tells that the list has changed
        self._lock = threading.Lock()
        self._running: set[JobId] = set()
        self._tries: dict[int, int] = {}

    def offer(self, conversation_id: int, settings: Settings) -> None:
        """An answer has ended there: its conversation gets a title, if it has none of its own."""
        tries = self._tries.get(conversation_id, 0)
        if not settings.name_chats or tries >= _MOST_TRIES:
            return
        if not self._keeper.call(lambda store: store.filing.has_first_title(conversation_id)):
            return
        self._tries[conversation_id] = tries + 1

        def work(job: JobId, token: CancelToken) -> None:
            with self._lock:
                self._running.add(job)
            try:
                self._name(job, token, conversation_id, settings)
            except DesksideError as error:
                # Nobody asked for it: the first line of the question stays the title.
                log.warning("a conversation got no title: %s", error)
            finally:
                with self._lock:
                    self._running.discard(job)

        self._start("title", work)

    def make_way(self) -> None:
        """Somebody asks something."""
        with self._lock:
            running = tuple(self._running)
        for job in running:
            self._cancel(job)

    def _name(self, job: JobId, token: CancelToken, conversation_id: int, settings: Settings) -> None:
        conversation = self._keeper.call(lambda store: store.conversation(conversation_id))
        title = title_from(self._write(job, token, conversation, settings))
        if title and self._keeper.call(lambda store: store.filing.title_by_model(conversation_id, title)):
            self._listed(job)

    def _write(self, job: JobId, token: CancelToken, conversation: Conversation, settings: Settings) -> str:
        """What the model says to it. Raises: Cancelled, WorkerError."""
        model = self._backends.wanted(settings)
        backend = self._backends.of(model)
        request = title_request(conversation, backend is self._backends.local)
        text = ""
        enough = CancelToken()
        with self._link.inbox(job) as inbox:
            backend.generate(job, request, wish_for(model, settings))
            try:
                for event in events_until_end(inbox, enough, lambda: backend.cancel(job), WorkerError):
                    if isinstance(event, TokenDelta):
                        text += "" if event.reasoning else event.text
                    elif event is not None and not isinstance(
                        event, GenerationFinished | ToolCalled | PromptProgressed
                    ):
                        self._emit(event)
                    if token.cancelled or "\n" in text.strip(" \n") or len(text) > _LONGEST_ANSWER:
                        enough.cancel()
            except Cancelled:
                token.raise_if_cancelled()
        return text


def title_request(conversation: Conversation, here: bool) -> GenerationRequest:
    """Asks for a title of the first question and answer. On this machine the engine still holds what it
    has read of them; another one reads them again, so that it is given less."""
    branch = conversation.branch()
    end = next((at for at, message in enumerate(branch) if message.role is Role.ASSISTANT), len(branch) - 1)
    turns = turns_of(branch[: end + 1], conversation.options.system)
    if not here:
        turns = tuple(replace(turn, content=turn.content[:_READ]) for turn in turns)
    return GenerationRequest(
        (*turns, Turn("user", _ORDER)),
        Sampling(temperature=0.3),
        _MOST_TOKENS,
        thinking=False,
        when_full=WhenFull.CUT,
    )


def title_from(text: str) -> str:
    """What a model wrote, as a title; "" where it is none."""
    line = next((line for line in text.splitlines() if line.strip(_WRAPPING)), "")
    title = " ".join(_LABEL.sub("", line).strip(_WRAPPING).split())
    good = len(title) <= LONGEST_TITLE and sum(letter.isalnum() for letter in title) >= 2
    return title if good else ""
