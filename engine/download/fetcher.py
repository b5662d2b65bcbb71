"""Fetches one file: lanes (threads with a connection each) do what the `Transfer` says.

Each lane owns its file handle and its connection and closes them itself, so that a lane that
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
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

from urllib3.response import BaseHTTPResponse

from engine.cancellation import CancelToken
from engine.download.journal import Journal
from engine.download.pace import Pace
from engine.download.partfile import FULL, PartPaths, free_bytes
from engine.download.segments import Frontier
from engine.download.transfer import Failure, Fetch, Resolution, Resolve, Span, Stop, Transfer, Wait
from engine.download.values import TransferState
from engine.download.wire import TROUBLES, Located, Wire, is_reusable, read_piece

_PIECE_BYTES = 256 << 10
_PASS_SECONDS = 0.05
_PACE_SECONDS = 0.02  # how often a lane that is held back looks again
_GOODBYE_SECONDS = 0.15  # how long a cancelled transfer waits for its lanes


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a transfer works; the defaults are for people, tests use smaller figures."""

    connections: int = 4
    segment_bytes: int = 8 << 20
    stall_seconds: float = 15.0
    flush_seconds: float = 5.0
    free_bytes: Callable[[Path], int] = field(default=free_bytes)
    pace: Pace = field(default_factory=Pace)  # the speed cap, shared by all transfers that have it


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes come from."""

    endpoint: str
    repository: str
    commit: str
    path: str
    hub_token: str | None

    @property
    def url(self) -> str:
        return f"{self.endpoint}/{self.repository}/resolve/{self.commit}/{quote(self.path)}"


Report = Callable[[TransferState, int, str], None]  # state, bytes in the file, waiting for


class Fetcher:
    """One run of a transfer. `run` returns with the transfer COMPLETE or FAILED, or raises
    Cancelled with it PAUSED."""

    def __init__(
        self, source: Source, paths: PartPaths, journal: Journal, transfer: Transfer, tuning: Tuning
    ) -> None:
        self._source = source
        self._paths = paths
        self._journal = journal
        self._transfer = transfer
        self._tuning = tuning
        self._changed = threading.Condition()  # also the lock around transfer and journal
        self._location = ""
        self._wires: list[Wire] = []
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
                report(*now)
                token.raise_if_cancelled()
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
            wire = Wire(self._source.endpoint, self._source.hub_token, self._tuning.stall_seconds)
            self._wires.append(wire)
            self._spawn(f"lane {number}", self._lane, number, wire)
        self._spawn("flush", self._flush_regularly)

    def _spawn(self, name: str, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name=f"download {name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _follow(self, frontier: Frontier) -> bool:
        """Hashes the next segment if it is complete; True if there was anything to do."""
        if frontier.at_end:
            with self._changed:
                if self._transfer.state is TransferState.VERIFYING:
                    self._judge_checksum(frontier)
            return True
        segment = frontier.segment
        with self._changed:
            if not self._transfer.is_full(segment):
                return False
        if not frontier.advance(self._transfer.length(segment)):
            with self._changed:
                self._journal.advance(segment, 0, 0)
                self._transfer.rotten(segment)
                self._changed.notify_all()
        return True

    def _judge_checksum(self, frontier: Frontier) -> None:
        if frontier.hexdigest() != self._transfer.sha256 and not frontier.thorough:
            frontier.restart(thorough=True)  # was it the disk? Then few segments are fetched again
            return
        self._transfer.hashed(frontier.hexdigest())
        if self._transfer.state is TransferState.FETCHING:
            self._journal.reset()
            frontier.restart(thorough=True)
        self._changed.notify_all()

    def _end(self) -> None:
        with self._changed:
            self._transfer.pause()
            self._changed.notify_all()
        for wire in self._wires:
            wire.cut()
        deadline = time.monotonic() + _GOODBYE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    # the threads of the lanes
    def _lane(self, number: int, wire: Wire) -> None:
        try:
            with self._paths.part.open("r+b", buffering=0) as part:
                while self._step(number, wire, part):
                    continue
        except OSError as error:
            self._disk_failed(error)
        except Exception as error:  # noqa: BLE001 a lane must not die unseen: `run` raises it
            self._crash = error
            self._fail(Failure.DISK)
        finally:
            wire.close()

    def _step(self, number: int, wire: Wire, part: IO[bytes]) -> bool:
        """One action of a lane; False when it is the last."""
        with self._changed:
            action = self._transfer.next_action(number, time.monotonic())
            if isinstance(action, Wait):
                self._changed.wait(action.seconds)
            location = self._location
        if isinstance(action, Resolve):
            self._resolve(number, wire)
        elif isinstance(action, Fetch):
            self._fetch(number, wire, part, action, location)
        return not isinstance(action, Stop)

    def _resolve(self, number: int, wire: Wire) -> None:
        try:
            found = wire.locate(self._source.url)
        except TROUBLES as error:
            self._lost(number, wire, error)
            return
        with self._changed:
            if not found.url:
                gated = found.headers.get("x-error-code") == "GatedRepo"
                self._transfer.resolve_refused(number, found.answer, gated, time.monotonic())
            else:
                self._location = found.url
                self._transfer.resolved(number, _resolution(found))
            self._changed.notify_all()

    def _fetch(self, number: int, wire: Wire, part: IO[bytes], fetch: Fetch, location: str) -> None:
        try:
            answer, response = wire.get(location, fetch.start, fetch.stop, fetch.if_range)
        except TROUBLES as error:
            self._lost(number, wire, error)
            return
        with self._changed:
            welcome = self._transfer.answered(number, answer, time.monotonic())
            self._changed.notify_all()
        if not welcome or not self._read_body(number, wire, part, response):
            wire.close()

    def _read_body(self, number: int, wire: Wire, part: IO[bytes], response: BaseHTTPResponse) -> bool:
        """Writes a body to the part file; True if the connection can be used again."""
        while True:
            with self._changed:
                if self._transfer.finished(number):
                    return is_reusable(response)
                most = self._tuning.pace.take(_PIECE_BYTES)
                if not most and self._transfer.running:
                    self._changed.wait(_PACE_SECONDS)
                    continue
            try:
                piece = read_piece(response, most or 1)
            except TROUBLES as error:
                self._lost(number, wire, error)
                return False
            self._tuning.pace.give_back(most - len(piece))
            if not piece:
                self._lost(number, wire, None)
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
                self._journal.advance(segment, self._transfer.done[segment], crc)
            if not self._transfer.running or self._transfer.state is TransferState.VERIFYING:
                self._changed.notify_all()
        return True

    def _write(self, part: IO[bytes], span: Span, piece: bytes) -> tuple[int, int]:
        """Writes one span; its segment and that segment's new CRC. Only this lane works on it."""
        data = memoryview(piece)[span.skip : span.skip + span.length]
        part.seek(span.offset)
        written = 0
        while written < len(data):
            written += part.write(data[written:])
        begins = span.offset == span.segment * self._journal.segment_size
        return span.segment, zlib.crc32(data, 0 if begins else self._journal.crc[span.segment])

    def _lost(self, number: int, wire: Wire, error: Exception | None) -> None:
        wire.close()
        with self._changed:
            if error is not None and _is_untrusted(error):
                self._transfer.fail(Failure.CERTIFICATE)
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
            due = time.monotonic() + self._tuning.flush_seconds
            while True:
                with self._changed:
                    if not self._transfer.running:
                        return
                    self._changed.wait(max(0.0, due - time.monotonic()))
                if time.monotonic() >= due:
                    self._flush(part)
                    due = time.monotonic() + self._tuning.flush_seconds

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


def _resolution(found: Located) -> Resolution:
    """Size and checksum of a HEAD answer; an ETag that is no SHA-256 says nothing of the content."""
    size_text = found.headers.get("x-linked-size", "")
    if not size_text and found.answer.status == 200:
        size_text = found.headers.get("content-length", "")
    etag = (found.headers.get("x-linked-etag") or found.headers.get("etag", "")).removeprefix("W/").strip('"')
    is_sha256 = len(etag) == 64 and all(digit in "0123456789abcdef" for digit in etag)
    size = int(size_text) if size_text.isascii() and size_text.isdigit() and len(size_text) < 20 else None
    return Resolution(size, etag if is_sha256 else None)


def _is_untrusted(error: BaseException | None) -> bool:
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
