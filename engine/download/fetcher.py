"""Fetches one file: lanes (threads with a line each) do what the `Transfer` says.

Each lane owns its file handle and its line and closes them itself, so that a lane that
hangs in a name look-up can be left behind without harm: once the transfer is paused nothing
it does counts any more.
"""

from __future__ import annotations

import errno
import os
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from typing import IO

from engine.cancellation import CancelToken
from engine.download.journal import Journal
from engine.download.lines import TROUBLES, Body, Line
from engine.download.origin import Source, line_to, resolution
from engine.download.partfile import FULL, PartPaths
from engine.download.promise import Promise
from engine.download.segments import Frontier
from engine.download.steps import Failure, Fetch, Resolve, Span, Stop, Wait
from engine.download.transfer import Transfer
from engine.download.tuning import Tuning
from engine.download.values import TransferState
from engine.download.wire import RedirectRefused, Wire
from engine.download.xet_parts import Doubts, doubts

_PIECE_BYTES = 512 << 10
_PASS_SECONDS = 0.05
_PACE_SECONDS = 0.02  # how often a lane that is held back looks again
_FLOOR_SECONDS = 1.0  # how often the disk is looked at
_UNFLUSHED_SECONDS = 0.25  # how often it is looked at how much is not on the disk yet
_FED_BYTES = 4 << 10  # a lane that gains less than this within the stall time stands still
_DOUBTS = -1  # beside the numbers of lanes
_GOODBYE_SECONDS = 0.15  # how long a cancelled transfer waits for its lanes


Report = Callable[[TransferState, int, str, str], None]  # state, bytes in the file, waiting for, source


class Fetcher:
    """One run of a transfer. `run` returns with the transfer COMPLETE or FAILED, or raises
    Cancelled with it PAUSED."""

    def __init__(
        self,
        sources: Sequence[Source],
        paths: PartPaths,
        journal: Journal,
        transfer: Transfer,
        tuning: Tuning,
    ) -> None:
        """`sources` are as many as `transfer` knows of."""
        self._sources = sources
        self._paths = paths
        self._journal = journal
        self._transfer = transfer
        self._tuning = tuning
        self._changed = threading.Condition()  # also the lock around transfer and journal
        self._location = ""
        self._lines: dict[int, tuple[int, Line]] = {}  # of each lane: to which source
        self._fed: dict[int, float] = {}  # when lanes that await something last got it
        self._doubts: Doubts | None = None  # None: nobody was asked yet which part is wrong
        self._asking = False
        self._former: dict[int, int] = {}  # CRC-32 of segments that are compared
        self._floor_due = 0.0
        self._threads: list[threading.Thread] = []
        self._crash: Exception | None = None
        self.disk_reason = ""  # of a failure of the disk

    def run(self, token: CancelToken, report: Report) -> None:
        """Raises: Cancelled; OSError when the part file cannot be read back."""
        frontier = Frontier(self._paths.part, self._journal)
        try:
            self._begin()
            while True:
                worked = self._follow(frontier)
                if not self._transfer.running:
                    break  # how it ended is for the caller to tell: a shard is not the model
                with self._changed:
                    now = (self._transfer.state, self._transfer.done_bytes, self._transfer.waiting_for)
                    source = self._sources[self._transfer.turns.at_work].name
                report(*now, source)
                token.raise_if_cancelled()
                self._break_off_stalls()
                self._mind_the_floor()
                if not worked:
                    token.wait(_PASS_SECONDS)
        finally:
            self._end()
            frontier.close()
        if self._crash is not None:
            raise self._crash

    # the thread that called `run`
    def _begin(self) -> None:
        self._transfer.start()
        for number in range(self._tuning.connections):
            self._spawn(f"lane {number}", self._lane, number)
        self._spawn("flush", self._flush_regularly)

    def _spawn(self, name: str, target: Callable[..., None], *arguments: object) -> bool:
        thread = threading.Thread(target=target, args=arguments, name=f"download {name}", daemon=True)
        self._threads.append(thread)
        thread.start()
        return True

    def _follow(self, frontier: Frontier) -> bool:
        """Hashes the next segment if it is complete; True if there was anything to do."""
        if frontier.at_end:
            with self._changed:
                if self._transfer.state is TransferState.VERIFYING:
                    self._judge_checksum(frontier)
                return not self._asking
        segment = frontier.segment
        with self._changed:
            settled = not self._transfer.suspects.comparing or self._transfer.state is TransferState.VERIFYING
            if not settled or not self._transfer.is_full(segment):
                return False
        if not frontier.advance(self._transfer.length(segment)):
            with self._changed:
                self._journal.advance(segment, 0, 0)
                self._transfer.rotten(segment)
                self._changed.notify_all()
        return True

    def _judge_checksum(self, frontier: Frontier) -> None:
        right = self._transfer.is_right(frontier.hexdigest())
        if not right and not frontier.thorough:
            frontier.restart(thorough=True)  # was it the disk? Then few segments are fetched again
            return
        if not right and self._doubts is None:
            self._asking = self._asking or self._spawn("doubts", self._ask_for_doubts)
            return
        self._transfer.hashed(frontier.hexdigest())
        if self._transfer.state is TransferState.FETCHING:
            frontier.restart(thorough=True)
        self._changed.notify_all()

    def _ask_for_doubts(self) -> None:
        """On a thread of its own: a source may take its time."""
        found = Doubts()
        try:
            size, segment_size = self._transfer.size, self._transfer.segment_size
            found = doubts(self._sources, self._paths.part, size, segment_size, self._also_cut)
        finally:
            with self._changed:
                self._transfer.suspects.tell(found.wrong, found.right)
                self._doubts, self._asking = found, False

    def _also_cut(self, wire: Wire) -> None:
        """A connection beside those of the lanes ends with them."""
        with self._changed:
            self._lines[_DOUBTS] = 0, wire
            if not self._transfer.running:
                wire.cut()

    def _break_off_stalls(self) -> None:
        """Also ends lines that drip, or that know no time limit of their own."""
        now = time.monotonic()
        with self._changed:
            stalled = [lane for lane, fed in self._fed.items() if now - fed > self._tuning.stall_seconds]
            lines = [self._lines[lane][1] for lane in stalled if lane in self._lines]
            self._fed |= dict.fromkeys(stalled, now)
        for line in lines:
            line.break_off()

    def _mind_the_floor(self) -> None:
        now = time.monotonic()
        if now < self._floor_due:
            return
        self._floor_due = now + _FLOOR_SECONDS
        if self._tuning.free_bytes(self._paths.final.parent) < self._tuning.floor_bytes:
            self._fail(Failure.DISK_FLOOR)

    def _end(self) -> None:
        with self._changed:
            self._transfer.pause()
            self._changed.notify_all()
            lines = [line for _, line in self._lines.values()]
        for line in lines:
            line.cut()
        deadline = time.monotonic() + _GOODBYE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    # the threads of the lanes
    def _lane(self, number: int) -> None:
        try:
            with self._paths.part.open("r+b", buffering=0) as part:
                while self._step(number, part):
                    continue
        except OSError as error:
            self._disk_failed(error)
        except Exception as error:  # noqa: BLE001 a lane must not die unseen: `run` raises it
            self._crash = error
            self._fail(Failure.DISK)
        finally:
            if number in self._lines:
                self._lines[number][1].close()

    def _step(self, number: int, part: IO[bytes]) -> bool:
        """One action of a lane; False when it is the last."""
        with self._changed:
            action = self._transfer.next_action(number, time.monotonic())
            if isinstance(action, Wait):
                self._fed.pop(number, None)
                self._changed.wait(action.seconds)
            location = self._location
            if isinstance(action, Resolve | Fetch):
                self._fed[number] = time.monotonic()
                line = self._line(number, action.source)
        if isinstance(action, Resolve):
            self._resolve(number, line, self._sources[action.source])
        elif isinstance(action, Fetch):
            self._fetch(number, line, part, action, location)
        return not isinstance(action, Stop)

    def _line(self, number: int, source: int) -> Line:
        """The lane's line to a source. With the lock held, so that `_end` cuts every line there is."""
        known = self._lines.get(number)
        if known is not None and known[0] == source:
            return known[1]
        if known is not None:
            known[1].close()
        line = line_to(self._sources[source], self._tuning.stall_seconds, self._tuning.xet)
        self._lines[number] = source, line
        return line

    def _resolve(self, number: int, line: Line, source: Source) -> None:
        try:
            found = line.locate(source.url)
        except TROUBLES as error:
            self._lost(number, line, error)
            return
        with self._changed:
            if not found.url:
                gated = found.headers.get("x-error-code") == "GatedRepo"
                self._transfer.resolve_refused(number, found.answer, gated, time.monotonic())
            else:
                if self._transfer.resolved(number, resolution(found)):
                    self._location = found.url
            self._changed.notify_all()

    def _fetch(self, number: int, line: Line, part: IO[bytes], fetch: Fetch, location: str) -> None:
        try:
            answer, body = line.get(location, fetch.start, fetch.stop, fetch.if_range)
        except TROUBLES as error:
            self._lost(number, line, error)
            return
        with self._changed:
            welcome = self._transfer.answered(number, answer, time.monotonic())
            self._changed.notify_all()
        promise = Promise(answer, fetch.stop - fetch.start)
        if not welcome or not self._read_body(number, line, part, body, promise):
            line.close()

    def _read_body(self, number: int, line: Line, part: IO[bytes], body: Body, promise: Promise) -> bool:
        """Writes a body to the part file; True if the line can be used again."""
        gained = 0
        while True:
            with self._changed:
                if self._transfer.finished(number):
                    return body.reusable()
                most = self._tuning.pace.take(_PIECE_BYTES)
                if not most or gained >= _FED_BYTES:
                    gained, self._fed[number] = 0, time.monotonic()
                if not most and self._transfer.running:
                    self._changed.wait(_PACE_SECONDS)
                    continue
            try:
                piece = body.piece(most or 1)
            except TROUBLES as error:
                self._lost(number, line, error)
                return False
            self._tuning.pace.give_back(most - len(piece))
            if not piece:
                self._lost(number, line, None)
                return False
            gained += len(piece)
            if promise.is_broken_by(piece):
                self._arrived_wrong(number)
                return False
            if not self._keep(number, part, piece):
                return False

    def _keep(self, number: int, part: IO[bytes], piece: bytes) -> bool:
        with self._changed:
            spans = self._transfer.place(number, len(piece))
        if spans is None:
            return False
        noted = [self._write(part, span, piece) for span in spans]
        with self._changed:
            if not self._transfer.received(number, len(piece), spans):
                return False
            for segment, crc in noted:
                self._note(segment, crc)
            if not self._transfer.running or self._transfer.state is TransferState.VERIFYING:
                self._changed.notify_all()
        return True

    def _arrived_wrong(self, number: int) -> None:
        with self._changed:
            segment = self._transfer.arrived_wrong(number, time.monotonic())
            if segment is not None:
                self._journal.advance(segment, 0, 0)
            self._changed.notify_all()

    def _note(self, segment: int, crc: int) -> None:
        """With the lock held: a segment has grown. One that is being compared is judged when it is full."""
        if self._transfer.suspects.is_compared(segment):
            self._former.setdefault(segment, self._journal.crc[segment])
        self._journal.advance(segment, self._transfer.done[segment], crc)
        if self._transfer.suspects.is_compared(segment) and self._transfer.is_full(segment):
            self._transfer.compared(segment, self._former.pop(segment) == crc)

    def _write(self, part: IO[bytes], span: Span, piece: bytes) -> tuple[int, int]:
        """Writes one span; its segment and that segment's new CRC. Only this lane works on it."""
        data = memoryview(piece)[span.skip : span.skip + span.length]
        part.seek(span.offset)
        written = 0
        while written < len(data):
            written += part.write(data[written:])
        begins = span.offset == span.segment * self._journal.segment_size
        return span.segment, zlib.crc32(data, 0 if begins else self._journal.crc[span.segment])

    def _lost(self, number: int, line: Line, error: Exception | None) -> None:
        line.close()
        with self._changed:
            if error is not None and is_untrusted(error):
                self._transfer.give_up_source(self._lines[number][0], Failure.CERTIFICATE)
            if isinstance(error, RedirectRefused):
                self._transfer.redirected(number, time.monotonic())
            else:
                self._transfer.dropped(number, time.monotonic())
            self._changed.notify_all()

    def _fail(self, failure: Failure) -> None:
        with self._changed:
            self._transfer.fail(failure)
            self._changed.notify_all()

    # the thread that makes things durable
    def _flush_regularly(self) -> None:
        """fsync may take seconds on a slow disk, so it has a thread of its own."""
        with self._paths.part.open("r+b", buffering=0) as part:
            due, flushed = time.monotonic() + self._tuning.flush_seconds, self._transfer.done_bytes
            while True:
                with self._changed:
                    if not self._transfer.running:
                        return
                    self._changed.wait(max(0.0, min(_UNFLUSHED_SECONDS, due - time.monotonic())))
                    done = self._transfer.done_bytes
                if time.monotonic() >= due or done - flushed >= self._tuning.flush_bytes:
                    self._flush(part)
                    due, flushed = time.monotonic() + self._tuning.flush_seconds, done

    def _flush(self, part: IO[bytes]) -> None:
        try:
            os.fsync(part.fileno())
            self._journal.flush()
        except ValueError:
            return  # the journal was closed meanwhile: the run has ended
        except OSError as error:
            self._disk_failed(error)

    def _disk_failed(self, error: OSError) -> None:
        self.disk_reason = error.strerror or str(error)
        self._fail(_disk_failure(error))


def is_untrusted(error: BaseException | None) -> bool:
    """Whether a certificate is what a connection failed for."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _disk_failure(error: OSError) -> Failure:
    if error.errno in FULL:
        return Failure.DISK_FULL
    return Failure.FILE_TOO_LARGE if error.errno == errno.EFBIG else Failure.DISK
