"""Embeds texts: several in a batch, one vector each, of length 1."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterator, Sequence

from engine.errors import DesksideError, UsageError
from engine.events import JobId
from engine.messages import sentence
from engine.runtime.protocol import Cancel, Cancelled, Embed, Failed, Park, Parked, Vectors
from engine.runtime.values import ModelFacts
from engine.runtime.worker.embedding_context import EmbeddingContext, Stopped
from engine.runtime.worker.inbox import Arrived, Inbox, Incoming
from engine.runtime.worker.outbox import Outbox
from engine.runtime.worker.vocabulary import Vocabulary

MOST_WAITING = 64  # requests; more are refused
_MOST_NUMBERS = 2_000_000  # in one reply, which is a message of some 25 MB then
_DIGITS = 8  # of a number; its 24 bits hold no more


class Embedder:
    """The whole work of a worker that embeds. `run` never returns: it ends with its channel."""

    def __init__(
        self,
        facts: ModelFacts,
        vocabulary: Vocabulary,
        context: EmbeddingContext,
        inbox: Inbox,
        outbox: Outbox,
    ) -> None:
        self._facts = facts
        self._vocabulary = vocabulary
        self._context = context
        self._inbox = inbox
        self._outbox = outbox
        self._running: JobId | None = None
        self._waiting: deque[Embed] = deque()
        inbox.interrupt = self._interrupt

    def run(self) -> None:
        while True:
            if self._waiting:
                self._embed(self._waiting.popleft())
            elif (message := self._inbox.take()) is not None:
                self._handle(message)
            self._look()

    def _look(self) -> None:
        """At what has come meanwhile, so that the line never grows beyond its limit."""
        while not self._inbox.empty() and (message := self._inbox.take()) is not None:
            self._handle(message)

    def _handle(self, message: Incoming) -> None:
        match message:
            case Embed(job) if len(self._waiting) >= MOST_WAITING:
                self._outbox.put(Failed(job, sentence("queue_full", waiting=MOST_WAITING)))
            case Embed():
                self._waiting.append(message)
            case Arrived(message=generate):
                self._outbox.put(Failed(generate.job, sentence("not_for_answers", model=self._facts.name)))
            case Park():
                self._outbox.put(Parked())
            case Cancel() | _:
                pass  # of a job that is over: jobs are done in their order

    def _embed(self, message: Embed) -> None:
        self._context.abort.clear()
        self._running = message.job
        try:
            texts = self._read(message.request.texts)
            vectors = tuple(self._vectors(message.job, texts))
            self._outbox.put(Vectors(message.job, vectors, sum(map(len, texts))))
        except Stopped:
            self._outbox.put(Cancelled(message.job))
        except DesksideError as error:
            self._outbox.put(Failed(message.job, error.message))
        finally:
            self._running = None

    def _read(self, texts: Sequence[str]) -> list[array[int]]:
        most = _MOST_NUMBERS // self._context.width
        if not texts:
            raise UsageError.of("nothing_to_embed")
        if len(texts) > most:
            raise UsageError.of("too_many_texts", count=len(texts), most=most)
        return [self._tokens(number, text) for number, text in enumerate(texts, start=1)]

    def _tokens(self, number: int, text: str) -> array[int]:
        tokens = array("i", self._vocabulary.tokenize_text(text))
        if not tokens:
            raise UsageError.of("text_empty", number=number)
        if len(tokens) > self._context.length:
            available = self._context.length
            raise UsageError.of("text_too_long", number=number, needed=len(tokens), available=available)
        return tokens

    def _vectors(self, job: JobId, texts: Sequence[array[int]]) -> Iterator[tuple[float, ...]]:
        for group in groups(texts, self._context.length, self._context.sequences):
            self._look()
            if self._inbox.is_cancelled(job):
                raise Stopped
            for vector in self._context.embed(group):
                yield normalised(vector)

    def _interrupt(self, job: JobId) -> None:
        """Called by the inbox's thread."""
        if job == self._running:
            self._context.abort.set()
        else:  # it waits behind the one at work, and need not
            self._outbox.put(Cancelled(job))


def groups(texts: Sequence[array[int]], tokens: int, count: int) -> Iterator[list[array[int]]]:
    """In their order, in batches of at most `tokens` tokens and `count` texts."""
    group: list[array[int]] = []
    for text in texts:
        if group and (len(group) == count or sum(map(len, group)) + len(text) > tokens):
            yield group
            group = []
        group.append(text)
    if group:
        yield group


def normalised(vector: Sequence[float]) -> tuple[float, ...]:
    """Of length 1 (L2); zeros stay zeros, and what is no number becomes zero."""
    finite = [value if math.isfinite(value) else 0.0 for value in vector]
    length = math.sqrt(math.fsum(value * value for value in finite))
    return tuple(round(value / length, _DIGITS) if length else 0.0 for value in finite)
