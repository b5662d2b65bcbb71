"""Continuous batching: many answers share one context, one thread and every batch.

Each step computes one token for every answer that is being written, then as much of the
waiting prompts as the pace allows. A conversation finds what was read of it before (seating.py),
so that a follow-up reads only what is new.
"""

from __future__ import annotations

import time
from collections import deque

from engine.events import JobId
from engine.messages import Sentence, sentence
from engine.runtime.protocol import Cancel, Cancelled, Embed, Failed, Forget, LimitParking, Park, Parked
from engine.runtime.values import StopReason
from engine.runtime.worker.admission import Admission, Admitted, Refused
from engine.runtime.worker.ahead import Ahead
from engine.runtime.worker.batch import Portion
from engine.runtime.worker.context import Context, Outcome
from engine.runtime.worker.crew import Crew
from engine.runtime.worker.drafter import Drafter
from engine.runtime.worker.grammar.gbnf import GrammarError
from engine.runtime.worker.inbox import Arrived, Inbox, Incoming
from engine.runtime.worker.outbox import Outbox
from engine.runtime.worker.pace import Pace, share_out
from engine.runtime.worker.parking import Fetched, Parking
from engine.runtime.worker.portions import free_tokens, left, next_tokens, portion_of
from engine.runtime.worker.seating import Seating
from engine.runtime.worker.slots import Slot
from engine.runtime.worker.speculation import Speculation
from engine.runtime.worker.sprint import Sprint, sprint
from engine.runtime.worker.stream import Stream
from engine.runtime.worker.vision.looking import Looking
from engine.runtime.worker.vision.pictures import Looked
from engine.runtime.worker.vocabulary import Vocabulary
from engine.runtime.worker.writer import Writer

MOST_WAITING = 64  # answers that wait for a slot; more are refused
_GATHERING_S = 0.02  # that a prompt waits for one that is about to come
_UNINTERRUPTED_TOKENS = 32  # of a batch that no cancel can stop, so that none waits for long


class Scheduler:
    """Owns the context. `run` never returns: the process ends with its channel (inbox.py)."""

    def __init__(
        self,
        context: Context,
        vocabulary: Vocabulary,
        writer: Writer,
        parking: Parking | None,
        pace: Pace,
        crew: Crew,
        inbox: Inbox,
        outbox: Outbox,
        looking: Looking | None = None,
        drafter: Drafter | None = None,
    ) -> None:
        self._context = context
        self._vocabulary = vocabulary
        self._writer = writer
        self._pace = pace
        self._crew = crew
        self._inbox = inbox
        self._outbox = outbox
        self._looking = looking  # None: the model sees no images
        self._seating = Seating(context, parking, pace)
        self._slots = self._seating.slots
        ends = vocabulary.ends_answer
        ahead = Ahead(drafter, ends) if drafter is not None else None
        self._speculation = Speculation(context.most_outputs, ends, ahead)
        self._admission = Admission(writer, inbox.post)
        self._asked: set[JobId] = set()  # that are being made into streams
        self._forgotten: set[str] = set()  # conversations, while requests of theirs may be on the way
        self._queue: deque[Stream] = deque()
        self._step_number = 0
        self._cancels = 0  # that were seen to, of those that have arrived
        self._most_tokens = context.batch_size  # less after the cache had no room for a batch
        # Jobs whose cancelling stops the batch at work. Empty for the batch after a stopped one,
        # so that those who come and go cannot keep the others from getting on.
        self._interruptible: frozenset[JobId] = frozenset()
        self._was_aborted = False
        self._crowded = False  # an answer had to give its slot back; nobody comes in before one ends
        inbox.interrupt = self._interrupt

    def run(self) -> None:
        while True:
            if not self._seating.busy and (not self._queue or self._seating.fetching):
                self._rest()
            while not self._inbox.empty():
                self._take()
            if self._queue:
                self._fill_slots()
            if self._seating.busy and not (self._asked and self._gathers()):
                self._step()

    def _gathers(self) -> bool:
        """Those who ask at the same moment are read in one batch, much faster than one after the other.
        True when somebody has come; nobody who writes is kept waiting for that."""
        writes = any(slot.stream and slot.stream.answering for slot in self._seating.busy)
        return not writes and self._take(_GATHERING_S)

    def _rest(self) -> None:
        """Waits for something to do; in between, idle conversations are parked."""
        if not self._take(self._seating.rest_s()):
            self._seating.park_due()

    def _take(self, timeout_s: float | None = None) -> bool:
        message = self._inbox.take(timeout_s)
        if message is not None:
            self._handle(message)
        return message is not None

    # requests
    def _handle(self, message: Incoming) -> None:
        match message:
            case Arrived():
                self._ask(message)
            case Admitted(stream):
                self._admit(stream)
            case Refused(job, why) if job in self._asked:
                self._asked.discard(job)
                self._outbox.put(Failed(job, why))
            case Cancel(job):
                self._cancel(job)
            case Forget(conversation):
                self._forget(conversation)
            case Park():
                self._seating.park_all()
                self._outbox.put(Parked())
            case Fetched():
                self._seating.fetched(message)
            case Looked() if self._looking:
                if slot := self._looking.arrived(message, self._seating.busy):
                    self._fail(slot, message.result)
            case LimitParking(budget_bytes):
                self._seating.limit_parking(budget_bytes)
            case Embed(job):
                self._outbox.put(Failed(job, sentence("not_for_embedding")))
            case _:
                pass  # refused, and cancelled before

    def _ask(self, message: Arrived) -> None:
        job = message.message.job
        if len(self._queue) + len(self._asked) >= MOST_WAITING:
            self._outbox.put(Failed(job, sentence("queue_full", waiting=MOST_WAITING)))
            return
        self._asked.add(job)
        self._admission.ask(message.message, message.at)

    def _admit(self, stream: Stream) -> None:
        if stream.job in self._asked:
            self._asked.discard(stream.job)
            if stream.conversation in self._forgotten:
                stream.conversation = ""
            if not self._asked:
                self._forgotten.clear()
            self._queue.append(stream)
        else:
            stream.free()  # cancelled in the meantime

    def _cancel(self, job: JobId) -> None:
        self._cancels += 1
        if job in self._asked:
            self._asked.discard(job)
            self._outbox.put(Cancelled(job))
        for slot in self._seating.busy:
            if slot.stream and slot.stream.job == job:
                self._end(slot, StopReason.CANCELLED)
        for stream in [stream for stream in self._queue if stream.job == job]:
            self._queue.remove(stream)
            self._seating.expects_no_more(stream)
            stream.finish(StopReason.CANCELLED)

    def _forget(self, conversation: str) -> None:
        if self._asked:
            self._forgotten.add(conversation)
        self._seating.forget(conversation)
        self._writer.forget(conversation)
        streams = [*self._queue, *(slot.stream for slot in self._seating.busy)]
        for stream in streams:
            if stream and stream.conversation == conversation:
                stream.conversation = ""

    # slots
    def _fill_slots(self) -> None:
        if self._crowded and self._seating.busy:
            return
        self._crowded = False
        for stream in tuple(self._queue):
            if not self._seating.has_room(stream):
                return
            if not self._seating.awaits(stream):  # those behind need not wait for its disk
                self._queue.remove(stream)
                slot = self._seating.seat(stream, self._step_number)
                if self._looking and stream.sight:
                    self._looking.want(stream.sight, len(slot.tokens))

    def _end(self, slot: Slot, reason: StopReason) -> None:
        if slot.stream:
            slot.stream.finish(reason)
        self._seating.leave(slot)
        self._crowded = False

    # one batch
    def _step(self) -> None:
        if most := self._sprintable():
            self._sprint(most)
            return
        portions = self._portions()
        if not portions:  # all wait for pictures that are being looked at
            self._take()
            return
        self._step_number += 1
        if not self._allow_interrupts():
            return
        self._crew.begins()
        began = time.monotonic()
        outcome, ends = self._context.decode(portions)
        now = time.monotonic()
        self._crew.computed(now - began, now)
        self._interruptible = frozenset()
        shared = len(portions) > 1 or portions[0].picture is not None
        self._was_aborted = outcome is Outcome.ABORTED and shared
        if outcome is Outcome.DONE:
            self._most_tokens = self._context.batch_size
            self._learn(portions, ends[-1] + 1, now - began)
            for portion, end in zip(portions, ends, strict=True):
                if portion.drafted:
                    self._judge(self._slots[portion.sequence], portion, end, len(portions), now)
                else:
                    self._advance(self._slots[portion.sequence], portion, end, len(portions), now)
            if now >= self._outbox.due:
                self._show(now)
        else:
            self._failed(outcome, portions)

    def _failed(self, outcome: Outcome, portions: list[Portion]) -> None:
        if outcome is Outcome.NO_ROOM:
            self._make_room(portions)
        elif outcome is Outcome.ABORTED:
            for portion in portions:
                self._rewind(self._slots[portion.sequence])
        else:
            self._give_up(portions)

    # answers alone, several batches in one go
    def _sprintable(self) -> int:
        """How many batches may follow each other at most; 0 where each token has to be looked at."""
        busy = self._seating.busy
        if self._was_aborted or self._most_tokens < self._context.batch_size or len(busy) > self._most_tokens:
            return 0
        free = free_tokens(busy, self._context.length)
        return free and min(free, self._speculation.batches_before(busy))

    def _sprint(self, most: int) -> None:
        if not self._allow_interrupts():
            return
        busy = self._seating.busy
        portions = next_tokens(busy)
        chains = [slot.stream.chain for slot in busy if slot.stream]
        self._crew.begins()
        ran = sprint(
            self._context, self._vocabulary, portions, chains, most, self._outbox.due, self._inbox.empty
        )
        self._interruptible = frozenset()
        if ran.times:
            self._ran(ran, busy, len(portions))
        if ran.outcome is not Outcome.DONE:
            self._was_aborted = ran.outcome is Outcome.ABORTED and len(portions) > 1
            self._failed(ran.outcome, next_tokens(busy))

    def _ran(self, ran: Sprint, busy: list[Slot], width: int) -> None:
        batches, now = len(ran.times), ran.times[-1]
        self._step_number += batches
        self._crew.computed(ran.computing_s, now)
        self._pace.learn(0, width, ran.computing_s / batches)
        self._speculation.plain(self._pace.answers_s)
        for slot, drawn in zip(busy, ran.drawn, strict=True):
            self._advanced(slot, drawn, ran.times, width)
        if now >= self._outbox.due:
            self._show(now)

    def _advanced(self, slot: Slot, drawn: list[int], times: list[float], width: int) -> None:
        stream, held = slot.stream, len(slot.tokens)
        assert stream is not None
        reason = stream.drew(drawn, times, width, self._vocabulary)
        slot.tokens.extend(stream.tokens[held : held + len(drawn)])
        slot.last_used = self._step_number
        if reason is None and len(slot.tokens) >= self._context.length:
            reason = StopReason.CONTEXT_FULL
        if reason is not None:
            self._end(slot, reason)

    def _learn(self, portions: list[Portion], tokens: int, seconds: float) -> None:
        answers = len(portions)
        if tokens == answers:
            self._pace.learn(0, answers, seconds)
            self._speculation.plain(self._pace.answers_s)
        elif portions[0].drafted:
            self._speculation.computed(answers, len(portions[0].tokens) - 1, seconds)
        else:
            answers = sum(len(portion.tokens) == 1 for portion in portions)
            self._pace.learn(tokens - answers, answers, seconds)

    def _show(self, now: float) -> None:
        """Hands on what was written in the last moments."""
        streams = [slot.stream for slot in self._seating.busy if slot.stream]
        self._outbox.flush([piece for stream in streams if (piece := stream.piece())], now)

    def _allow_interrupts(self) -> bool:
        """False when a job was cancelled in the meantime, which is to be seen to first."""
        jobs = self._seating.jobs
        self._context.abort.clear()
        self._interruptible = frozenset() if self._was_aborted else jobs
        # A cancel that comes after this question finds its job in `_interruptible`.
        return self._inbox.cancels == self._cancels or not self._inbox.any_cancelled(jobs)

    def _interrupt(self, job: JobId) -> None:
        """Called by the inbox's thread."""
        if job in self._interruptible:
            self._context.abort.set()

    def _portions(self) -> list[Portion]:
        """One token of every answer, then prompts."""
        busy = self._seating.busy
        if len(busy) <= self._most_tokens and (portions := next_tokens(busy)):
            return self._drafts(busy) or portions
        if self._looking and (picture := self._looking.portion(busy)):
            return [picture]
        # llama.cpp computes neighbours together only when they come in their order.
        sizes = self._shares(busy)
        return [portion_of(slot, sizes[slot.sequence]) for slot in busy if sizes.get(slot.sequence)]

    def _drafts(self, busy: list[Slot]) -> list[Portion] | None:
        if self._was_aborted or self._most_tokens < self._context.batch_size:
            return None  # there was no room for as much, or it takes too long
        return self._speculation.portions(busy, self._context.length)

    def _shares(self, busy: list[Slot]) -> dict[int, int]:
        """Tokens for each sequence; those that waited longest come first."""
        order = sorted(busy, key=lambda slot: slot.last_used)
        # Answers are what has one token left; one that gave its slot back has to read like a prompt.
        writing = [slot for slot in order if left(slot) == 1]
        reading = [slot for slot in order if left(slot) > 1]
        room = self._most_tokens
        if self._was_aborted:
            room = min(room, _UNINTERRUPTED_TOKENS, max(self._pace.short_batch(), len(writing)))
        writing = writing[:room]
        room = min(room - len(writing), self._pace.prompt_room(len(writing), len(reading)))
        shares = share_out(max(room, 0), [left(slot) for slot in reading])
        sizes = dict(zip((slot.sequence for slot in reading), shares, strict=True))
        return sizes | {slot.sequence: 1 for slot in writing}

    def _advance(self, slot: Slot, portion: Portion, output: int, width: int, now: float) -> None:
        slot.tokens.extend(portion.tokens)
        slot.last_used = self._step_number
        stream = slot.stream
        if stream is None:
            return
        stream.computed(len(portion.tokens), width)
        if not stream.answering:
            if self._looking and portion.picture:
                self._looking.computed(slot)
            stream.report_prompt(len(slot.tokens))
        if not portion.wants_logits:
            return
        try:
            reason = stream.draw(self._context.pointer, output, self._vocabulary, now)
        except GrammarError as error:
            stream.show()
            self._fail(slot, sentence("grammar_failed", reason=str(error)))
            return
        if reason is None and len(slot.tokens) >= self._context.length:
            reason = StopReason.CONTEXT_FULL
        if reason is not None:
            self._end(slot, reason)

    def _judge(self, slot: Slot, portion: Portion, output: int, width: int, now: float) -> None:
        """Draws after each token of a draft, for as long as what is drawn is the next one."""
        stream, held = slot.stream, 0
        slot.tokens.extend(portion.tokens)
        slot.last_used = self._step_number
        if stream is None:
            return
        stream.computed(1, width)
        most, first = len(portion.tokens) - 1, output - len(portion.tokens) + 1
        try:
            reason = stream.draw(self._context.pointer, first, self._vocabulary, now)
            while reason is None and held < most and stream.tokens[-1] == portion.tokens[held + 1]:
                held += 1
                reason = stream.draw(self._context.pointer, first + held, self._vocabulary, now)
        except GrammarError as error:
            self._seating.cut(slot, portion.start + held + 1)
            stream.show()
            self._fail(slot, sentence("grammar_failed", reason=str(error)))
            return
        self._seating.cut(slot, portion.start + held + 1)
        self._speculation.judged(slot, portion, held, width)
        if reason is None and len(slot.tokens) >= self._context.length:
            reason = StopReason.CONTEXT_FULL
        if reason is not None:
            self._end(slot, reason)

    # what can go wrong in a batch
    def _make_room(self, portions: list[Portion]) -> None:
        """Idle conversations leave first, then the youngest answer waits for the others to end, then it
        is tried with fewer tokens; a single one that finds no room ends its answer."""
        sees = portions[0].picture is not None
        if sees:
            self._rewind(self._slots[portions[0].sequence])  # a part of it may be there
        if self._context.unified and self._seating.empty_one():
            return
        if portions[0].drafted:
            self._most_tokens = len(portions)  # the next batch does without
            return
        busy = self._seating.busy
        if self._context.unified and len(busy) > 1:
            self._crowded = True
            self._put_back(max(busy, key=lambda slot: slot.stream.asked if slot.stream else 0.0))
            return
        if sees:
            self._give_up(portions)
            return
        size = sum(len(portion.tokens) for portion in portions)
        self._most_tokens = max(1, size // 2)
        if size == 1:
            self._end(self._slots[portions[0].sequence], StopReason.CONTEXT_FULL)

    def _put_back(self, slot: Slot) -> None:
        """Takes the slot from a stream, which goes on later from what it has written."""
        if slot.stream:
            self._queue.appendleft(slot.stream)
        self._seating.leave(slot)
        self._seating.cut(slot, 0)

    def _rewind(self, slot: Slot) -> None:
        """Back to before a batch of which nobody knows how far it came."""
        self._seating.cut(slot, len(slot.tokens))

    def _give_up(self, portions: list[Portion]) -> None:
        reason = self._writer.native_reason() or "no reason given"
        why = sentence("decode_failed", number=self._context.last_code, reason=reason)
        for portion in portions:
            slot = self._slots[portion.sequence]
            self._seating.cut(slot, 0)
            self._fail(slot, why)

    def _fail(self, slot: Slot, why: Sentence) -> None:
        if slot.stream:
            self._outbox.put(Failed(slot.stream.job, why))
            slot.stream.free()
        self._seating.leave(slot)
        self._crowded = False
