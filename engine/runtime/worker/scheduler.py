"""Continuous batching: many answers share one context, one thread and every batch.

Each step computes one token for every answer that is being written, then as much of the
waiting prompts as fits. A conversation finds the slot that still holds its beginning in the
KV cache, so that a follow-up reads only what is new.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from engine.errors import DesksideError
from engine.events import JobId
from engine.messages import Sentence, sentence
from engine.runtime.protocol import Cancel, Failed, Generate, ToWorker
from engine.runtime.values import StopReason
from engine.runtime.worker.context import Context, Outcome, Portion
from engine.runtime.worker.inbox import Inbox
from engine.runtime.worker.outbox import Outbox
from engine.runtime.worker.stream import Stream
from engine.runtime.worker.vocabulary import Vocabulary
from engine.runtime.worker.writer import Writer

MOST_WAITING = 64  # answers that wait for a slot; more are refused
_SHARE_WHILE_ANSWERING = 4  # a prompt gets a quarter of a batch while answers are being written
_LEAST_PROMPT_TOKENS = 64  # but no less than this, or it would never end
_UNINTERRUPTED_TOKENS = 32  # of a batch that no cancel can stop, so that none waits for long


@dataclass(slots=True, eq=False)
class Slot:
    """One sequence of the context. `tokens` is what its KV cache holds."""

    sequence: int
    tokens: list[int] = field(default_factory=list)
    stream: Stream | None = None
    last_used: int = 0  # step in which a stream last had it


class Scheduler:
    """Owns the context. `run` never returns: the process ends with its channel (inbox.py)."""

    def __init__(
        self, context: Context, vocabulary: Vocabulary, writer: Writer, inbox: Inbox, outbox: Outbox
    ) -> None:
        self._context = context
        self._vocabulary = vocabulary
        self._writer = writer
        self._inbox = inbox
        self._outbox = outbox
        self._slots = [Slot(sequence) for sequence in range(context.sequences)]
        self._queue: deque[Stream] = deque()
        self._step_number = 0
        self._most_tokens = context.batch_size  # less after the cache had no room for a batch
        # Jobs whose cancelling stops the batch at work. Empty for the batch after a stopped one,
        # so that those who come and go cannot keep the others from getting on.
        self._interruptible: frozenset[JobId] = frozenset()
        self._was_aborted = False
        inbox.interrupt = self._interrupt

    def run(self) -> None:
        while True:
            if not self._queue and not any(slot.stream for slot in self._slots):
                self._handle(self._inbox.take())
            for message in self._inbox.waiting():
                self._handle(message)
            self._fill_slots()
            self._step()

    # requests
    def _handle(self, message: ToWorker) -> None:
        if isinstance(message, Generate):
            self._admit(message)
        elif isinstance(message, Cancel):
            self._cancel(message.job)

    def _admit(self, message: Generate) -> None:
        try:
            if len(self._queue) >= MOST_WAITING:
                self._outbox.put(Failed(message.job, sentence("queue_full", waiting=MOST_WAITING)))
                return
            self._queue.append(self._writer.stream(message.job, message.request))
        except DesksideError as error:
            self._outbox.put(Failed(message.job, error.message))

    def _cancel(self, job: JobId) -> None:
        for slot in self._slots:
            if slot.stream and slot.stream.job == job:
                self._end(slot, StopReason.CANCELLED)
        for stream in [stream for stream in self._queue if stream.job == job]:
            self._queue.remove(stream)
            stream.finish(StopReason.CANCELLED)

    # slots
    def _fill_slots(self) -> None:
        while self._queue and (free := [slot for slot in self._slots if slot.stream is None]):
            stream = self._queue.popleft()
            self._seat(stream, choose_slot(free, stream.prompt))

    def _seat(self, stream: Stream, slot: Slot) -> None:
        # One token at least has to be computed, for its logits.
        shared = min(common_prefix(slot.tokens, stream.prompt), len(stream.prompt) - 1)
        self._keep(slot, shared)
        slot.stream = stream
        slot.last_used = self._step_number
        stream.begin(len(slot.tokens))

    def _keep(self, slot: Slot, length: int) -> None:
        """Cuts what the cache holds; recurrent models may have to forget it all."""
        if length < len(slot.tokens):
            del slot.tokens[self._context.truncate(slot.sequence, length) :]

    def _end(self, slot: Slot, reason: StopReason) -> None:
        if slot.stream:
            slot.stream.finish(reason)
        slot.stream = None

    # one batch
    def _step(self) -> None:
        portions = self._portions()
        if not portions:
            return
        self._step_number += 1
        if not self._allow_interrupts(portions):
            return
        outcome, ends = self._context.decode(portions)
        self._interruptible = frozenset()
        self._was_aborted = outcome is Outcome.ABORTED and len(portions) > 1
        if outcome is Outcome.DONE:
            self._most_tokens = self._context.batch_size
            for portion, end in zip(portions, ends, strict=True):
                self._advance(self._slots[portion.sequence], portion, end)
        elif outcome is Outcome.NO_ROOM:
            self._make_room(portions)
        elif outcome is Outcome.ABORTED:
            for portion in portions:
                self._rewind(self._slots[portion.sequence])
        else:
            self._give_up(portions)

    def _allow_interrupts(self, portions: list[Portion]) -> bool:
        """False when a job of this batch was cancelled in the meantime, which is to be seen to first."""
        streams = [self._slots[portion.sequence].stream for portion in portions]
        jobs = frozenset(stream.job for stream in streams if stream)
        self._context.clear_abort()
        self._interruptible = frozenset() if self._was_aborted else jobs
        # A cancel that comes after this question finds its job in `_interruptible`.
        return not any(self._inbox.is_cancelled(job) for job in jobs)

    def _interrupt(self, job: JobId) -> None:
        """Called by the inbox's thread."""
        if job in self._interruptible:
            self._context.abort()

    def _portions(self) -> list[Portion]:
        """One token of every answer, then prompts; those that waited longest come first."""
        seated = sorted((slot for slot in self._slots if slot.stream), key=lambda slot: slot.last_used)
        writing = [slot for slot in seated if slot.stream and slot.stream.answering]
        reading = [slot for slot in seated if slot not in writing]
        portions: list[Portion] = []
        room = min(self._most_tokens, _UNINTERRUPTED_TOKENS) if self._was_aborted else self._most_tokens
        for slot in writing:
            room -= self._add_portion(portions, slot, min(room, 1))
        if writing:
            room = min(room, max(self._most_tokens // _SHARE_WHILE_ANSWERING, _LEAST_PROMPT_TOKENS))
        for slot in reading:
            room -= self._add_portion(portions, slot, room)
        return portions

    def _add_portion(self, portions: list[Portion], slot: Slot, room: int) -> int:
        if slot.stream is None or room <= 0:
            return 0
        todo = slot.stream.todo
        tokens = todo[:room]
        last = len(tokens) == len(todo)
        portions.append(Portion(slot.sequence, len(slot.tokens), tokens, wants_logits=last))
        return len(tokens)

    def _advance(self, slot: Slot, portion: Portion, end: int) -> None:
        slot.tokens += portion.tokens
        slot.last_used = self._step_number
        stream = slot.stream
        if stream is None:
            return
        stream.todo = stream.todo[len(portion.tokens) :]
        if not stream.answering:
            stream.report_prompt()
        if not portion.wants_logits:
            return
        token = stream.sampler.sample(self._context.pointer, end)
        ends = self._vocabulary.ends_answer(token)
        reason = stream.accept(token, self._vocabulary.bytes_of, ends)
        if reason is None and len(slot.tokens) >= self._context.length:
            reason = StopReason.CONTEXT_FULL
        if reason is not None:
            self._end(slot, reason)

    # what can go wrong in a batch
    def _make_room(self, portions: list[Portion]) -> None:
        """Tries again with fewer tokens; a single one that finds no room ends its answer."""
        size = sum(len(portion.tokens) for portion in portions)
        self._most_tokens = max(1, size // 2)
        if size == 1:
            self._end(self._slots[portions[0].sequence], StopReason.CONTEXT_FULL)

    def _rewind(self, slot: Slot) -> None:
        """Back to before a batch of which nobody knows how far it came."""
        computed = len(slot.tokens)
        kept = self._context.truncate(slot.sequence, computed)
        if slot.stream:
            slot.stream.todo = slot.tokens[kept:] + slot.stream.todo
        del slot.tokens[kept:]

    def _give_up(self, portions: list[Portion]) -> None:
        reason = self._writer.native_reason() or "no reason given"
        why = sentence("decode_failed", number=self._context.last_code, reason=reason)
        for portion in portions:
            slot = self._slots[portion.sequence]
            del slot.tokens[self._context.truncate(slot.sequence, 0) :]
            self._fail(slot, why)

    def _fail(self, slot: Slot, why: Sentence) -> None:
        if slot.stream:
            self._outbox.put(Failed(slot.stream.job, why))
            slot.stream.sampler.free()
        slot.stream = None


def choose_slot(free: list[Slot], prompt: list[int]) -> Slot:
    """The slot that holds most of the prompt, if the prompt uses most of what it holds; else the
    one that was unused for longest, so that other conversations keep theirs."""
    shared = {slot.sequence: common_prefix(slot.tokens, prompt) for slot in free}
    fitting = [slot for slot in free if shared[slot.sequence] * 2 > len(slot.tokens)]
    if fitting:
        return max(fitting, key=lambda slot: shared[slot.sequence])
    return min(free, key=lambda slot: (slot.last_used, slot.sequence))


def common_prefix(left: list[int], right: list[int]) -> int:
    """How many tokens both begin with."""
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))
