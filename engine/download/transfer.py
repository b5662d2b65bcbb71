"""The transfer of one file as a state machine without I/O.

It is told what happened (`resolved`, `answered`, `received`, `dropped`, ...) and asked what a
lane (one connection) should do next. It never reads a clock, a socket or a file: `now` comes
in as seconds of any monotonic clock. One thread at a time: the fetcher holds a lock around it.

    QUEUED ── start ──> FETCHING ── last byte ──> VERIFYING ── checksum matches ──> COMPLETE
                          │  ^                       │
                          │  └── rot, mismatch ──────┘
                          └── pause ──> PAUSED       any of them ── fail ──> FAILED

There may be several sources of the file. All lanes use one of them at a time; another one's turn
comes when this one is away or makes no sense, and the transfer fails when none is left.

When the checksum of the whole is wrong, segments are fetched again and compared (`suspects`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field

from engine.download.answers import Answer, Verdict, is_strong, judge
from engine.download.lane import Lane
from engine.download.steps import (
    Action,
    Failure,
    Fetch,
    Resolution,
    Resolve,
    Span,
    Stop,
    Trouble,
    Wait,
)
from engine.download.suspects import Suspects
from engine.download.turns import Origin, Turns
from engine.download.values import TransferState

_S = TransferState
TRANSITIONS: Mapping[TransferState, frozenset[TransferState]] = {
    _S.QUEUED: frozenset({_S.FETCHING, _S.VERIFYING, _S.PAUSED, _S.FAILED}),
    _S.FETCHING: frozenset({_S.VERIFYING, _S.PAUSED, _S.FAILED}),
    _S.VERIFYING: frozenset({_S.FETCHING, _S.COMPLETE, _S.PAUSED, _S.FAILED}),
    _S.PAUSED: frozenset({_S.FETCHING, _S.VERIFYING, _S.FAILED}),
    _S.COMPLETE: frozenset(),
    _S.FAILED: frozenset(),
}

_MOST_NONSENSE = 6  # answers in a row that make no sense
_MOST_BROKEN = 3  # times that one segment was not what its source said of it
_MOST_STALE = 3  # fresh links in a row that are refused
_IDLE_SECONDS = 5.0  # idle lanes are woken by changes; this is only a belt beside it
_RESOLVING_SECONDS = 2.0  # the same while one of them asks for a location, of which nothing may come for long


@dataclass(slots=True)
class Transfer:
    """See the module. `done[k]` bytes of segment k are in the file; front first."""

    size: int
    sha256: str  # "" where nobody tells it: then what arrives is taken, and this is its checksum in the end
    segment_size: int
    done: list[int]
    jitter: Callable[[], float] = random.random
    state: TransferState = TransferState.QUEUED
    failure: Failure | None = None
    sources: InitVar[int] = 1
    reserve: InitVar[int] = 0  # of the sources
    source: InitVar[int] = 0  # that is at work first
    validator: InitVar[str] = ""  # ETag or date of a file without checksum
    turns: Turns = field(init=False)
    _lanes: dict[int, Lane] = field(default_factory=dict)
    _resolving: int | None = None
    _located: bool = False
    _location: int = 0
    suspects: Suspects = field(default_factory=Suspects)
    _missing: int = 0  # bytes; kept, since there may be 50,000 segments
    _first_open: int = 0  # all segments before this one are full

    def __post_init__(self, sources: int, reserve: int, source: int, validator: str) -> None:
        self._missing = self.size - sum(self.done)
        self.turns = Turns(sources, reserve, source, validator)

    # what is known
    def length(self, segment: int) -> int:
        """Bytes of a segment; the last one may be shorter."""
        return min(self.segment_size, self.size - segment * self.segment_size)

    def is_full(self, segment: int) -> bool:
        return self.done[segment] == self.length(segment)

    @property
    def done_bytes(self) -> int:
        return self.size - self._missing

    @property
    def running(self) -> bool:
        return self.state in (TransferState.FETCHING, TransferState.VERIFYING)

    @property
    def waiting_for(self) -> str:
        """Why nothing moves: a `Trouble`, or "" while any lane works."""
        lanes = self._lanes.values()
        if self.state is not TransferState.FETCHING or any(lane.busy and not lane.failures for lane in lanes):
            return ""
        troubles = [lane.trouble for lane in lanes if lane.trouble and lane.failures > 1]
        return str(troubles[0]) if troubles else ""

    def next_action(self, number: int, now: float) -> Action:
        """What lane `number` should do; it has nothing under way any more."""
        lane = self._lane(number)
        self._release(number)
        if not self.running:
            return Stop()
        if self.state is TransferState.VERIFYING:
            return Wait(_IDLE_SECONDS)  # rot may bring work again
        if now < lane.not_before:
            return Wait(lane.not_before - now)
        lane.began = now
        self._swap_for_suspect()
        if not self._located:
            if self._resolving is not None:
                return Wait(_RESOLVING_SECONDS)
            self._resolving, lane.source = number, self.turns.at_work
            return Resolve(self.turns.at_work)
        return self._assign(lane)

    # commands
    def start(self) -> None:
        """Begins, or goes on after a pause."""
        self._located = False
        self._go(TransferState.FETCHING if self._missing else TransferState.VERIFYING)

    def pause(self) -> None:
        """Ends the work of all lanes; nothing they still receive counts."""
        if TransferState.PAUSED in TRANSITIONS[self.state]:
            self._go(TransferState.PAUSED)

    def fail(self, failure: Failure) -> None:
        """Ends the transfer, unless it has ended already."""
        if TransferState.FAILED in TRANSITIONS[self.state]:
            self.failure = failure
            self._go(TransferState.FAILED)

    # what happened: the source
    def resolved(self, number: int, resolution: Resolution) -> bool:
        """The source that was asked named a location; True if it is the one to use."""
        self._release(number)
        if not self.running:
            return False
        changed = self.sha256 and resolution.sha256 not in (None, self.sha256)
        if changed or resolution.size not in (None, self.size):
            self.give_up_source(self._lane(number).source, Failure.CHANGED)
            return False
        if self._lane(number).source != self.turns.at_work:
            return False  # its turn was over before it answered
        self._located = True
        self._location += 1
        return True

    def resolve_refused(self, number: int, answer: Answer, gated: bool, now: float) -> None:
        """The source that was asked answered with an error instead of a location."""
        self._release(number)
        lane = self._lane(number)
        if answer.status in (404, 410):
            self.give_up_source(lane.source, Failure.MISSING)
        elif answer.status == 400 and self.turns.reserve:
            self.give_up_source(lane.source, Failure.NONSENSE)  # how the hub refuses HTTP for large files
        elif answer.status in (401, 403, 451):
            self.give_up_source(lane.source, Failure.GATED if gated else Failure.REFUSED)
        elif answer.status in (408, 425, 429) or answer.status >= 500:
            self._back_off(lane, Trouble.SERVER, now, answer.retry_after_seconds)
        else:
            self._made_no_sense(lane, now)

    def give_up_source(self, source: int, refusal: Failure) -> None:
        """A source is of no use; the transfer fails if it was the last one, for the reason that the
        first of all sources gave."""
        final = self.turns.give_up(source, refusal)
        if final is not None:
            self.fail(final)
        elif source == self.turns.at_work:
            self._turn_to_next()

    # what happened: the bytes
    def answered(self, number: int, answer: Answer, now: float) -> bool:
        """The head of an answer to `Fetch`. True: read the body; False: close the connection."""
        lane = self._lane(number)
        if not lane.busy or not self.running:
            return False
        origin = self.turns.origins[lane.source]
        known = origin.etag if origin.etag_counts else None
        verdict = judge(answer, lane.cursor, lane.stop, self.size, known)
        if verdict is Verdict.PARTIAL:
            lane.stop = min(lane.stop, self._end_of_segment(lane.cursor))
            origin.ranges = True
        elif verdict is Verdict.WHOLE:
            self._read_whole(lane)
        else:
            self._release(number)
            self._rejected(lane, verdict, answer, now)
            return False
        if origin.etag is None and origin.etag_counts and answer.etag:
            origin.etag = answer.etag
        return True

    def place(self, number: int, count: int) -> tuple[Span, ...] | None:
        """Where the next `count` bytes of the body belong. None: nowhere, close the connection."""
        lane = self._lane(number)
        if not lane.busy or not self.running:
            return None
        stop = min(lane.cursor + count, lane.stop)
        spans = []
        offset = lane.cursor
        while offset < stop:
            segment = offset // self.segment_size
            end = min(stop, self._end_of_segment(offset))
            first = segment * self.segment_size + self.done[segment]
            if offset <= first < end:  # what is there already is not written again
                spans.append(Span(segment, first - lane.cursor, first, end - first))
            offset = end
        return tuple(spans)

    def received(self, number: int, count: int, spans: Sequence[Span]) -> bool:
        """`count` bytes of the body came and `spans` of them are in the file. False: they do not count."""
        lane = self._lane(number)
        if not lane.busy or not self.running:
            return False
        lane.cursor = min(lane.cursor + count, lane.stop)
        lane.gained += count
        for span in spans:
            self.done[span.segment] += span.length
            self.suspects.came(span.segment, lane.source)
            self._missing -= span.length
        if lane.cursor == lane.stop:
            lane.busy = False  # its cursor stands in the next segment, which is not its own
        if lane.has_proved_itself:
            self._forgive(lane)
        self._verify_if_whole()
        return True

    def finished(self, number: int) -> bool:
        """Whether a lane has all the bytes it asked for, or none to expect any more."""
        lane = self._lane(number)
        return not lane.busy or lane.cursor >= lane.stop

    def dropped(self, number: int, now: float) -> None:
        """The connection failed, stalled or ended too early."""
        lane = self._lane(number)
        was_busy = lane.busy or self._resolving == number
        if lane.busy:
            self.suspects.interrupted(lane.cursor // self.segment_size)
        self._release(number)
        if was_busy:
            self._back_off(lane, Trouble.NETWORK, now)

    def redirected(self, number: int, now: float) -> None:
        """The source, or whoever it named, sent on to where this program must not follow. That is an answer:
        it is not waited out like a network that is away."""
        lane = self._lane(number)
        was_busy = lane.busy or self._resolving == number
        self._release(number)
        if was_busy and self.running:
            self._made_no_sense(lane, now, Failure.REDIRECTED)

    # what happened: the checks
    def rotten(self, segment: int) -> None:
        """The file no longer has what was received: fetch that segment again."""
        self._forget(segment)
        if self.state is TransferState.VERIFYING:
            self._located = False
            self._go(TransferState.FETCHING)

    def compared(self, segment: int, same: bool) -> None:
        """A segment that was fetched again is in the file, and is what was there before, or not."""
        self.suspects.compared(segment, same)
        self._verify_if_whole()

    def arrived_wrong(self, number: int, now: float) -> int | None:
        """What a lane was sent is not what the source itself says of it: its segment, which is returned,
        is fetched again."""
        lane = self._lane(number)
        if not lane.busy or not self.running:
            return None
        segment = lane.cursor // self.segment_size
        self._forget(segment)
        self._release(number)
        self._located = False
        broken = self.turns.origins[lane.source].broken
        broken[segment] += 1
        if broken[segment] >= _MOST_BROKEN:
            self.give_up_source(lane.source, Failure.NONSENSE)
        else:
            self._back_off(lane, Trouble.SERVER, now)
        return segment

    def hashed(self, sha256: str) -> None:
        """The checksum of the whole file is known. While it is wrong, segments are compared with what
        the sources send now; when none is left to compare, that is final."""
        if self.is_right(sha256):
            self.sha256 = sha256
            self._go(TransferState.COMPLETE)
            return
        if not self.suspects.again(len(self.done), self.turns.at_work):
            self.fail(Failure.MISMATCH)
            return
        self._located = False
        self._go(TransferState.FETCHING)

    def is_right(self, sha256: str) -> bool:
        """Whether that may be the checksum of the whole file."""
        return self.sha256 in ("", sha256)

    # inside
    def _swap_for_suspect(self) -> None:
        """What a source sent is compared with what another one sends, if there is another."""
        if self.suspects.wants_other_than(self.turns.at_work) and self._turn_to_next():
            self.suspects.swaps += 1

    def _verify_if_whole(self) -> None:
        if self.state is TransferState.FETCHING and not (self._missing or self.suspects.unsettled):
            self._release_all()
            self._go(TransferState.VERIFYING)

    def _go(self, state: TransferState) -> None:
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"no way from {self.state} to {state}")
        self.state = state
        if not self.running:
            self._release_all()

    def _lane(self, number: int) -> Lane:
        return self._lanes.setdefault(number, Lane())

    def _release(self, number: int) -> None:
        self._lane(number).busy = False
        if self._resolving == number:
            self._resolving = None

    def _release_all(self) -> None:
        for number in self._lanes:
            self._release(number)

    def _end_of_segment(self, offset: int) -> int:
        return min((offset // self.segment_size + 1) * self.segment_size, self.size)

    def _assign(self, lane: Lane) -> Action:
        taken = {other.cursor // self.segment_size for other in self._lanes.values() if other.busy}
        origin = self.turns.origins[self.turns.at_work]
        if not origin.ranges and taken:
            return Wait(_IDLE_SECONDS)
        segment = self._open_segment(taken)
        if segment is None:
            return Wait(_IDLE_SECONDS)
        lane.busy = True
        lane.source = self.turns.at_work
        lane.cursor = segment * self.segment_size + self.done[segment]
        # without ranges one body brings all that is missing, so ask for all of it
        lane.stop = self._end_of_segment(lane.cursor) if origin.ranges else self.size
        lane.location = self._location
        usable = origin.etag_counts and origin.etag is not None and is_strong(origin.etag)
        return Fetch(lane.cursor, lane.stop, origin.etag if usable else None, self.turns.at_work)

    def _open_segment(self, taken: set[int]) -> int | None:
        """The next one to fetch: one that is missing, else one that is to be compared."""
        while self._first_open < len(self.done) and self.is_full(self._first_open):
            self._first_open += 1
        for segment in range(self._first_open, len(self.done)):
            if not self.is_full(segment) and segment not in taken:
                return segment
        suspect = self.suspects.take()
        if suspect is not None:
            self._forget(suspect)  # it counts as missing until it came again
        return suspect

    def _forget(self, segment: int) -> None:
        self._missing += self.done[segment]
        self._first_open = min(self._first_open, segment)
        self.done[segment] = 0

    def _turn_to_next(self) -> bool:
        """False, and no change, if there is no other source."""
        turned = self.turns.to_next()
        self._located = self._located and not turned
        return turned

    def _read_whole(self, lane: Lane) -> None:
        """The source ignores ranges: one lane reads from the first byte, the others stop."""
        self._release_all()
        self.turns.origins[lane.source].ranges = False
        for suspect in self.suspects.take_all():  # all come with this one body
            self._forget(suspect)
        lane.busy = True
        lane.cursor, lane.stop = 0, self.size

    def _rejected(self, lane: Lane, verdict: Verdict, answer: Answer, now: float) -> None:
        # Lanes that were turned down together by one link are one refusal of it.
        first = self._located and lane.location == self._location
        origin = self.turns.origins[lane.source]
        if verdict is Verdict.CHANGED and not self.sha256:
            self.give_up_source(lane.source, Failure.CHANGED)  # nothing else tells the versions apart
        elif verdict is Verdict.CHANGED:
            # The source decides: if it still lists our checksum, another server of it has other ETags.
            origin.etag_counts = False
            self._located = False
        elif verdict is Verdict.STALE:
            self._turned_down(lane, origin, first, now)
        elif verdict is Verdict.BUSY:
            self._back_off(lane, Trouble.SERVER, now, answer.retry_after_seconds)
        elif answer.status == 400 and self.turns.reserve:
            self.give_up_source(lane.source, Failure.NONSENSE)  # the other way to refuse HTTP
        else:
            self._made_no_sense(lane, now)

    def _turned_down(self, lane: Lane, origin: Origin, first: bool, now: float) -> None:
        """The link is no longer good."""
        if first:
            self._located = False
            origin.stale += 1
        if origin.stale > _MOST_STALE and first:
            self.give_up_source(lane.source, Failure.REFUSED)
        elif origin.stale > 1:
            self._back_off(lane, Trouble.SERVER, now)

    def _made_no_sense(self, lane: Lane, now: float, how: Failure = Failure.NONSENSE) -> None:
        origin = self.turns.origins[lane.source]
        origin.nonsense += 1
        self._located = False
        if origin.nonsense >= _MOST_NONSENSE:
            self.give_up_source(lane.source, how)
        else:
            self._back_off(lane, Trouble.SERVER, now)

    def _back_off(self, lane: Lane, trouble: Trouble, now: float, at_least_seconds: float = 0.0) -> None:
        if lane.failures:
            self._located = False  # perhaps the source knows a server that is alive
            if lane.source == self.turns.at_work and self._turn_to_next():
                at_least_seconds = 0.0  # that was for the source whose turn is over
        lane.failed(trouble, now, self.jitter(), at_least_seconds)

    def _forgive(self, lane: Lane) -> None:
        lane.forgive()
        origin = self.turns.origins[lane.source]
        origin.nonsense = origin.stale = 0
