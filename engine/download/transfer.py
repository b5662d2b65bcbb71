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

When the checksum of the whole is wrong, nothing tells which segment arrived wrong. They are then
fetched again one by one (from another source, if there is one) until one of them differs from
what is in the file: that one was it, if the checksum is right now.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from engine.download.answers import Answer, Verdict, is_strong, judge
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

_BACKOFF_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
_LONGEST_RETRY_AFTER_SECONDS = 300.0
_MOST_NONSENSE = 6  # answers in a row that make no sense
_MOST_STALE = 3  # fresh links in a row that are refused
_MOST_SWAPS = 6  # of the source, so that segments are compared with another one's
_MOST_AT_ONCE = 2  # segments that are compared: what is under way when the wrong one is found is wasted
_MOST_COMPARISONS = 2  # of a segment with what its sources send
_PROGRESS_BYTES = 64 << 10  # what a lane must gain before its failures are forgiven
_IDLE_SECONDS = 5.0  # idle lanes are woken by changes; this is only a belt beside it


class Failure(StrEnum):
    """Why a transfer cannot go on."""

    CHANGED = "changed"  # the hub holds another file under this name now
    GATED = "gated"
    REFUSED = "refused"  # 401, 403, or every fresh link is turned down
    MISSING = "missing"
    NONSENSE = "nonsense"  # something between here and the hub answers in its place
    MISMATCH = "mismatch"  # wrong checksum, whatever is fetched again
    CERTIFICATE = "certificate"
    DISK_FULL = "disk_full"
    DISK_FLOOR = "disk_floor"  # no room would be left for others
    FILE_TOO_LARGE = "file_too_large"  # for the file system
    DISK = "disk"


class Trouble(StrEnum):
    """Why a lane waits; these values are `DownloadProgress.waiting_for`."""

    NETWORK = "network"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Resolve:
    """Ask a source where the bytes are, then `resolved` or `resolve_refused` or `dropped`."""

    source: int = 0


@dataclass(frozen=True, slots=True)
class Fetch:
    """Request bytes `start` to `stop` (excluded), then `answered`."""

    start: int
    stop: int
    if_range: str | None
    source: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """Ask again after so many seconds, or when anything changed."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stop:
    """The lane is not needed any more."""


Action = Resolve | Fetch | Wait | Stop


@dataclass(frozen=True, slots=True)
class Resolution:
    """What the hub says of the file now; None where it does not say."""

    size: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a chunk that is to be written: chunk[skip : skip + length] at `offset`."""

    segment: int
    skip: int
    offset: int
    length: int


@dataclass(slots=True)
class _Origin:
    """What is known of one source."""

    etag: str | None = None
    etag_counts: bool = True  # False once the source vouched for a file whose ETag changed
    ranges: bool = True  # False while it answers ranged requests with 200
    nonsense: int = 0
    stale: int = 0
    refusal: Failure | None = None  # why it is not asked any more


@dataclass(slots=True)
class _Lane:
    busy: bool = False
    source: int = 0
    cursor: int = 0  # file offset of the next byte of the body
    stop: int = 0
    location: int = 0  # generation of the link in use
    gained: int = 0  # bytes since the last failure
    failures: int = 0
    not_before: float = 0.0
    trouble: Trouble | None = None


@dataclass(slots=True)
class Transfer:
    """See the module. `done[k]` bytes of segment k are in the file; front first."""

    size: int
    sha256: str
    segment_size: int
    done: list[int]
    jitter: Callable[[], float] = random.random
    state: TransferState = TransferState.QUEUED
    failure: Failure | None = None
    sources: int = 1
    reserve: int = 0  # so many of them, the last ones, are only for when all others have refused
    source: int = 0  # the one at work
    _lanes: dict[int, _Lane] = field(default_factory=dict)
    _resolving: int | None = None
    _located: bool = False
    _location: int = 0
    _origins: list[_Origin] = field(default_factory=list)
    _suspects: list[int] | None = None  # segments to compare, the next one last; None: no need so far
    _differed: bool = False  # a segment did, since the last checksum
    _comparing: set[int] = field(default_factory=set)
    _compared: dict[int, int] = field(default_factory=dict)  # segment: how often
    _came_from: dict[int, int] = field(default_factory=dict)  # segment: source of its last bytes
    _swaps: int = 0
    _interrupted: set[int] = field(default_factory=set)  # segments that came in several pieces
    _missing: int = 0  # bytes; kept, since there may be 50,000 segments
    _first_open: int = 0  # all segments before this one are full

    def __post_init__(self) -> None:
        self._missing = self.size - sum(self.done)
        self._origins = [_Origin() for _ in range(self.sources)]

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
        self._swap_for_suspect()
        if not self._located:
            if self._resolving is not None:
                return Wait(_IDLE_SECONDS)
            self._resolving, lane.source = number, self.source
            return Resolve(self.source)
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
        if resolution.size not in (None, self.size) or resolution.sha256 not in (None, self.sha256):
            self.give_up_source(self._lane(number).source, Failure.CHANGED)
            return False
        if self._lane(number).source != self.source:
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
        elif answer.status == 400 and self.reserve:
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
        self._origins[source].refusal = refusal
        if all(origin.refusal for origin in self._origins):
            self.fail(self._origins[0].refusal or refusal)
        elif source == self.source:
            self._turn_to_next()

    # what happened: the bytes
    def answered(self, number: int, answer: Answer, now: float) -> bool:
        """The head of an answer to `Fetch`. True: read the body; False: close the connection."""
        lane = self._lane(number)
        if not lane.busy or not self.running:
            return False
        origin = self._origins[lane.source]
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
            self._came_from[span.segment] = lane.source
            self._missing -= span.length
        if lane.cursor == lane.stop:
            lane.busy = False  # its cursor stands in the next segment, which is not its own
        if lane.gained >= _PROGRESS_BYTES or not lane.busy:
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
            self._interrupted.add(lane.cursor // self.segment_size)
        self._release(number)
        if was_busy:
            self._back_off(lane, Trouble.NETWORK, now)

    # what happened: the checks
    def rotten(self, segment: int) -> None:
        """The file no longer has what was received: fetch that segment again."""
        self._forget(segment)
        if self.state is TransferState.VERIFYING:
            self._located = False
            self._go(TransferState.FETCHING)

    @property
    def comparing(self) -> bool:
        """Whether the checksum was wrong, so that what is in the file may still change."""
        return self._suspects is not None

    def is_compared(self, segment: int) -> bool:
        """Whether a segment is being fetched again, to be compared with what was there."""
        return segment in self._comparing

    def compared(self, segment: int, same: bool) -> None:
        """A segment that was fetched again is in the file, and is what was there before, or not."""
        self._comparing.discard(segment)
        if not same:
            self._differed = True
            if self._compared[segment] < _MOST_COMPARISONS and self._suspects is not None:
                self._suspects.insert(0, segment)  # in case it is this one that is wrong
        self._verify_if_whole()

    def hashed(self, sha256: str) -> None:
        """The checksum of the whole file is known. While it is wrong, segments are compared with what
        the sources send now; when none is left to compare, that is final."""
        if sha256 == self.sha256:
            self._go(TransferState.COMPLETE)
            return
        self._differed = False
        if self._suspects is None:
            self._suspect_all()
        elif not self._suspects:
            self.fail(Failure.MISMATCH)
            return
        self._located = False
        self._go(TransferState.FETCHING)

    # inside
    def _suspect_all(self) -> None:
        """Those that came from other sources than the one at work first, so that it can be asked; then
        those that came in pieces; then from the front on."""

        def rank(segment: int) -> tuple[bool, bool, int]:
            same = self._came_from.get(segment) == self.source
            return same, segment not in self._interrupted, segment

        self._suspects = sorted(range(len(self.done)), key=rank, reverse=True)

    def _swap_for_suspect(self) -> None:
        """What a source sent is compared with what another one sends, if there is another."""
        if not self._suspects or self._differed or self._swaps >= _MOST_SWAPS:
            return
        if self._came_from.get(self._suspects[-1], self.source) == self.source and self._turn_to_next():
            self._swaps += 1

    def _verify_if_whole(self) -> None:
        wanted = self._suspects and not self._differed
        if self.state is TransferState.FETCHING and not (self._missing or self._comparing or wanted):
            self._release_all()
            self._go(TransferState.VERIFYING)

    def _go(self, state: TransferState) -> None:
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"no way from {self.state} to {state}")
        self.state = state
        if not self.running:
            self._release_all()

    def _lane(self, number: int) -> _Lane:
        return self._lanes.setdefault(number, _Lane())

    def _release(self, number: int) -> None:
        self._lane(number).busy = False
        if self._resolving == number:
            self._resolving = None

    def _release_all(self) -> None:
        for number in self._lanes:
            self._release(number)

    def _end_of_segment(self, offset: int) -> int:
        return min((offset // self.segment_size + 1) * self.segment_size, self.size)

    def _assign(self, lane: _Lane) -> Action:
        taken = {other.cursor // self.segment_size for other in self._lanes.values() if other.busy}
        origin = self._origins[self.source]
        if not origin.ranges and taken:
            return Wait(_IDLE_SECONDS)
        segment = self._open_segment(taken)
        if segment is None:
            return Wait(_IDLE_SECONDS)
        lane.busy = True
        lane.source = self.source
        lane.cursor = segment * self.segment_size + self.done[segment]
        # without ranges one body brings all that is missing, so ask for all of it
        lane.stop = self._end_of_segment(lane.cursor) if origin.ranges else self.size
        lane.location = self._location
        usable = origin.etag_counts and origin.etag is not None and is_strong(origin.etag)
        return Fetch(lane.cursor, lane.stop, origin.etag if usable else None, self.source)

    def _open_segment(self, taken: set[int]) -> int | None:
        """The next one to fetch: one that is missing, else one that is to be compared."""
        while self._first_open < len(self.done) and self.is_full(self._first_open):
            self._first_open += 1
        for segment in range(self._first_open, len(self.done)):
            if not self.is_full(segment) and segment not in taken:
                return segment
        if not self._suspects or self._differed or len(self._comparing) >= _MOST_AT_ONCE:
            return None
        return self._suspect()

    def _suspect(self) -> int:
        """Takes the next segment to compare; it counts as missing until it came again."""
        assert self._suspects
        segment = self._suspects.pop()
        self._comparing.add(segment)
        self._compared[segment] = self._compared.get(segment, 0) + 1
        self._forget(segment)
        return segment

    def _forget(self, segment: int) -> None:
        self._missing += self.done[segment]
        self._first_open = min(self._first_open, segment)
        self.done[segment] = 0

    def _turn_to_next(self) -> bool:
        """Makes another source the one at work; False, and no change, if there is no other."""
        others = [(self.source + step) % self.sources for step in range(1, self.sources)]
        usable = [other for other in others if self._origins[other].refusal is None]
        ordinary = [other for other in usable if other < self.sources - self.reserve]
        if self._origins[self.source].refusal is None:
            usable = ordinary
        if usable:
            self.source, self._located = (ordinary or usable)[0], False
        return bool(usable)

    def _read_whole(self, lane: _Lane) -> None:
        """The source ignores ranges: one lane reads from the first byte, the others stop."""
        self._release_all()
        self._origins[lane.source].ranges = False
        while self._suspects:
            self._suspect()  # all come with this one body
        lane.busy = True
        lane.cursor, lane.stop = 0, self.size

    def _rejected(self, lane: _Lane, verdict: Verdict, answer: Answer, now: float) -> None:
        # Lanes that were turned down together by one link are one refusal of it.
        first = self._located and lane.location == self._location
        origin = self._origins[lane.source]
        if verdict is Verdict.CHANGED:
            # The source decides: if it still lists our checksum, another server of it has other ETags.
            origin.etag_counts = False
            self._located = False
        elif verdict is Verdict.STALE:
            self._turned_down(lane, origin, first, now)
        elif verdict is Verdict.BUSY:
            self._back_off(lane, Trouble.SERVER, now, answer.retry_after_seconds)
        elif answer.status == 400 and self.reserve:
            self.give_up_source(lane.source, Failure.NONSENSE)  # the other way to refuse HTTP
        else:
            self._made_no_sense(lane, now)

    def _turned_down(self, lane: _Lane, origin: _Origin, first: bool, now: float) -> None:
        """The link is no longer good."""
        if first:
            self._located = False
            origin.stale += 1
        if origin.stale > _MOST_STALE and first:
            self.give_up_source(lane.source, Failure.REFUSED)
        elif origin.stale > 1:
            self._back_off(lane, Trouble.SERVER, now)

    def _made_no_sense(self, lane: _Lane, now: float) -> None:
        origin = self._origins[lane.source]
        origin.nonsense += 1
        self._located = False
        if origin.nonsense >= _MOST_NONSENSE:
            self.give_up_source(lane.source, Failure.NONSENSE)
        else:
            self._back_off(lane, Trouble.SERVER, now)

    def _back_off(self, lane: _Lane, trouble: Trouble, now: float, at_least_seconds: float = 0.0) -> None:
        delay = _BACKOFF_SECONDS[min(lane.failures, len(_BACKOFF_SECONDS) - 1)]
        delay *= 0.75 + 0.5 * self.jitter()
        lane.failures += 1
        if lane.failures > 1:
            self._located = False  # perhaps the source knows a server that is alive
            if lane.source == self.source and self._turn_to_next():
                at_least_seconds = 0.0  # that was for the source whose turn is over
        lane.gained = 0
        lane.trouble = trouble
        lane.not_before = now + max(delay, min(at_least_seconds, _LONGEST_RETRY_AFTER_SECONDS))

    def _forgive(self, lane: _Lane) -> None:
        lane.failures = 0
        lane.trouble = None
        origin = self._origins[lane.source]
        origin.nonsense = origin.stale = 0
