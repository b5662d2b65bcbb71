"""Gives answers their slots, and keeps what idle slots hold for as long as there is room."""

from __future__ import annotations

import time
from collections.abc import Iterator

from engine.events import JobId
from engine.runtime.worker.context import Context
from engine.runtime.worker.pace import Pace
from engine.runtime.worker.parking import Fetched, Parking
from engine.runtime.worker.slots import Beginning, Slot, choose_beginning, choose_slot, usable
from engine.runtime.worker.stream import Stream

_COPY_GAIN = 32  # tokens that another place has to save, at least
_COPIED_A_SECOND = 4e9  # bytes, within memory
_SHARING_S = 0.0005  # where all sequences have one room, only its lists change


class Seating:
    """All slots of a context. Belongs to its thread."""

    def __init__(self, context: Context, parking: Parking | None, pace: Pace) -> None:
        self._context = context
        self._parking = parking
        self._pace = pace
        self.slots = [Slot(sequence) for sequence in range(context.sequences)]
        self.busy: list[Slot] = []  # those with a stream, in their order
        self.jobs: frozenset[JobId] = frozenset()  # of the busy ones
        self._expecting: set[JobId] = set()  # streams whose beginning has to be read from the disk

    @property
    def idle(self) -> list[Slot]:
        return [slot for slot in self.slots if not slot.stream]

    def has_room(self, stream: Stream) -> bool:
        """Whether a slot is free and the room, if all share one, will do once idle slots are emptied."""
        busy = self.busy
        if len(busy) == len(self.slots):
            return False
        if not self._context.unified or not busy:
            return True
        taken = sum(len(slot.stream.tokens) + 1 for slot in busy if slot.stream)
        return taken + len(stream.tokens) + 1 <= self._context.room

    def awaits(self, stream: Stream) -> bool:
        """Whether the best beginning of its prompt is still on the disk; has it read in that case."""
        if self._parking is None:
            return False
        if self._parking.fetching and stream.job in self._expecting:
            return True
        _, best = self._best(stream)
        if best.slot is not None or self._parking.holds(best.state):
            self._expecting.discard(stream.job)
            return False
        self._expecting.add(stream.job)
        self._parking.fetch(best.state)
        return True

    @property
    def fetching(self) -> bool:
        """Something is being read from the disk."""
        return self._parking is not None and self._parking.fetching

    def fetched(self, state: Fetched) -> None:
        if self._parking:
            self._parking.arrived(state)
            self._release_unexpected()

    def expects_no_more(self, stream: Stream) -> None:
        """It has left the queue without a slot."""
        self._expecting.discard(stream.job)
        self._release_unexpected()

    def _release_unexpected(self) -> None:
        if self._parking and not self._expecting:
            self._parking.release()

    def seat(self, stream: Stream, step: int) -> Slot:
        """Finds a slot, and in it or elsewhere as much of the stream's tokens as was computed already."""
        slot, best = self._best(stream)
        restored = self._take(slot, stream, best)
        slot.stream, slot.conversation = stream, stream.conversation
        slot.last_used = step
        self._count()
        self._release_unexpected()
        stream.begin(len(slot.tokens), restored)
        return slot

    def leave(self, slot: Slot) -> None:
        """The slot is idle from now on, and keeps what it holds."""
        slot.stream = None
        slot.idle_since = time.monotonic()
        self._count()

    def cut(self, slot: Slot, length: int, shift: int | None = None) -> None:
        """Cuts what the cache holds; recurrent models may have to forget it all. `shift`: of positions at
        that place, if it is not the slot's own."""
        held = len(slot.tokens)
        shift = slot.shift if shift is None else shift
        del slot.tokens[self._context.truncate(slot.sequence, held, length, shift) :]
        slot.shift = shift if slot.tokens else 0
        if len(slot.tokens) < slot.parked_length:
            slot.parked_length = 0  # its file goes on differently from here

    def empty_one(self) -> bool:
        """Empties the idle slot that was unused for longest. False when there is none."""
        holding = [slot for slot in self.idle if slot.tokens]
        if not holding:
            return False
        slot = min(holding, key=lambda slot: slot.last_used)
        self._park(slot)
        self.cut(slot, 0)
        return True

    def forget(self, conversation: str) -> None:
        """Nothing of it is kept, in memory or on disk."""
        if not conversation:
            return
        if self._parking:
            self._parking.forget(conversation)
        for slot in self.slots:
            if slot.conversation == conversation:
                slot.conversation = ""
                if slot.stream is None:
                    self.cut(slot, 0)

    def _count(self) -> None:
        self.busy = [slot for slot in self.slots if slot.stream]
        self.jobs = frozenset(slot.stream.job for slot in self.busy if slot.stream)

    # state files
    def rest_s(self) -> float | None:
        """Seconds until a slot is to be parked; None when there is none to park."""
        waits = [wait for _, wait in self._waits()]
        return max(0.0, min(waits)) if waits else None

    def park_due(self) -> None:
        """Parks one slot that has rested for long enough."""
        due = [slot for slot, wait in self._waits() if wait <= 0]
        if due:
            self._park(due[0])

    def park_all(self) -> None:
        """All is on disk when it returns."""
        for slot in sorted(self.idle, key=lambda slot: -slot.last_used):
            self._park(slot)
        if self._parking:
            self._parking.finish()

    def limit_parking(self, budget_bytes: int) -> None:
        """Of the disk, from now on."""
        if self._parking:
            self._parking.limit(budget_bytes)

    def _waits(self) -> Iterator[tuple[Slot, float]]:
        now = time.monotonic()
        for slot in self.idle if self._parking else ():
            rest = self._parking.rest_s(slot) if self._parking else None
            if rest is not None:
                yield slot, slot.idle_since + rest - now

    def _park(self, slot: Slot) -> None:
        if self._parking:
            self._parking.save(slot)

    # beginnings
    def _best(self, stream: Stream) -> tuple[Slot, Beginning]:
        """The slot it would get, and where most of its tokens would come from."""
        slot = choose_slot(self.idle, self.busy, stream.tokens, stream.conversation)
        own = Beginning(self._usable(slot, stream), 0.0, slot)
        others = self._other_beginnings(slot, stream)
        return slot, choose_beginning(own, others, self._pace.token_s, _COPY_GAIN)

    def _usable(self, slot: Slot, stream: Stream) -> int:
        return usable(self._context, slot, stream.tokens, stream.sight)

    def _other_beginnings(self, slot: Slot, stream: Stream) -> Iterator[Beginning]:
        seconds = _SHARING_S if self._context.unified else self._context.sequence_bytes / _COPIED_A_SECOND
        for other in self.slots:
            if other is not slot and other.tokens:
                yield Beginning(self._usable(other, stream), seconds, other)
        if self._parking:
            yield from self._parking.beginnings(stream.tokens)

    def _take(self, slot: Slot, stream: Stream, best: Beginning) -> int:
        """Brings the beginning into the slot. Returns how many tokens came from a state file."""
        if slot.conversation != stream.conversation or not slot.conversation:
            if best.slot is not slot or best.length < len(slot.tokens):
                self._park(slot)
            slot.parked_length = 0
        if best.slot is None:
            self._restore(slot, best.state)
        elif best.slot is not slot:
            self._copy(best.slot, slot)
        length = self._usable(slot, stream)
        self.cut(slot, length, stream.sight.shift(length) if stream.sight else 0)
        return 0 if best.slot else len(slot.tokens)

    def _copy(self, source: Slot, target: Slot) -> None:
        self._context.copy(source.sequence, target.sequence)
        target.tokens = source.tokens[:]
        target.shift = source.shift
        target.parked_length = 0

    def _restore(self, slot: Slot, state: str) -> None:
        self.cut(slot, 0)
        if self._parking and self._make_room(self._parking.length_of(state)):
            self._parking.restore(slot, state)

    def _make_room(self, tokens: int) -> bool:
        """Empties idle slots until so many tokens fit in."""
        while sum(len(slot.tokens) for slot in self.slots) + tokens > self._context.room:
            if not self.empty_one():
                return False
        return True
