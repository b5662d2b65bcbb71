"""Reads the headers of GGUF files where they lie, by range requests: some MB of files of hundreds of GB.

Everything that answers is hostile: addresses are checked like those of downloads, the bytes of all
answers and the time together are bounded, and a server that knows no ranges is read from its beginning
no further than a header may reach.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from engine.cancellation import CancelToken
from engine.catalog.gguf_file import merge_headers, shard_names
from engine.catalog.gguf_header import MAX_HEADER_BYTES, GgufHeader, read_header
from engine.download.answers import Answer
from engine.download.endpoints import HUB, checked_endpoint, environment_token, shown
from engine.download.lines import TROUBLES, Body
from engine.download.values import DownloadPlan
from engine.download.wire import Wire
from engine.errors import DownloadError

WINDOW_BYTES = 1 << 20  # asked for at once
MOST_SECONDS = 120.0  # for one file
MOST_SECONDS_TOGETHER = 600.0  # for all parts of one model
_STALL_SECONDS = 20.0
_LARGEST_FILE = 1 << 44
_PIECE = 64 << 10
_CONTENT_RANGE = re.compile(r"bytes (\d{1,20})-(\d{1,20})/(\d{1,20})", re.ASCII)
_CUT_EVERY_S = 0.05


def header_of_plan(plan: DownloadPlan, token: CancelToken) -> GgufHeader:
    """The header of what a download would fetch, all shards together.

    Raises: DownloadError, ModelFileError, Cancelled.
    """
    root = f"{plan.endpoint}/{plan.repository}/resolve/{plan.commit}"
    urls = [f"{root}/{quote(file.path)}" for file in plan.weights]
    return _merged(urls, plan.endpoint, token)


def header_at(url: str, token: CancelToken) -> GgufHeader:
    """The header of the file at an address; of all shards, when its name says that it is one.

    A page of the hub that shows a file ("/blob/") counts as the file. The hub's token goes to the hub
    alone. Raises: DownloadError, ModelFileError, Cancelled.
    """
    parts = urlsplit(checked_endpoint(url))
    path = parts.path.replace("/blob/", "/resolve/", 1) if url.startswith(f"{HUB}/") else parts.path
    folder, _, name = path.rpartition("/")
    names = shard_names(unquote(name))
    # Nothing but shards is named anew: an address may be signed for exactly what it says.
    paths = [f"{folder}/{quote(each)}" for each in names] if len(names) > 1 else [path]
    return _merged([urlunsplit(parts._replace(path=each, fragment="")) for each in paths], HUB, token)


def _merged(urls: list[str], endpoint: str, token: CancelToken) -> GgufHeader:
    deadline = time.monotonic() + MOST_SECONDS_TOGETHER
    return merge_headers(_header(url, endpoint, token, deadline) for url in urls)


def _header(url: str, endpoint: str, token: CancelToken, deadline: float) -> GgufHeader:
    wire = Wire(endpoint, environment_token(endpoint), _STALL_SECONDS)
    try:
        with _cut_when_cancelled(wire, token):
            file = _RemoteFile(url, wire, token, deadline)
            return read_header(file.read, file.size)
    except TROUBLES as error:
        token.raise_if_cancelled()
        raise _not_fetched(url, shown(str(error)) or type(error).__name__) from error
    finally:
        wire.close()


@contextlib.contextmanager
def _cut_when_cancelled(wire: Wire, token: CancelToken) -> Iterator[None]:
    """A connection that says nothing does not outlast the person's patience."""
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            if token.wait(_CUT_EVERY_S):
                wire.cut()
                return

    watcher = threading.Thread(target=watch, name="cut-header", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


class _RemoteFile:
    """Read forwards only, as a header is. `size` is what the first answer said."""

    def __init__(self, url: str, wire: Wire, token: CancelToken, deadline: float) -> None:
        self._url = url
        self._wire = wire
        self._token = token
        self._deadline = min(time.monotonic() + MOST_SECONDS, deadline)
        self._left = MAX_HEADER_BYTES + WINDOW_BYTES
        self._stream: Body | None = None  # of a server that sends everything
        self._start = 0  # where `_held` begins
        self._held = b""
        self.size = 0
        self._first()

    def read(self, offset: int, size: int) -> bytes:
        """At least what there is of `size` bytes. Raises: DownloadError, Cancelled, one of `TROUBLES`."""
        if offset + size > self._start + len(self._held):
            if self._stream is None:
                self._window(offset, max(size, WINDOW_BYTES))
            else:
                self._go_on(self._stream, offset, size)
        begin = offset - self._start
        return self._held[begin : begin + size]

    def _first(self) -> None:
        answer, response = self._wire.get(self._url, 0, WINDOW_BYTES, None)
        self._check(answer)
        if answer.status == 200:
            self.size = self._sized(answer.length)
            self._stream = response
            return
        start, stop, self.size = self._range(answer)
        if start != 0 or stop != min(WINDOW_BYTES, self.size):
            raise _not_fetched(self._url, "it sent another part than the one asked for")
        self._held = self._body(response, stop)

    def _window(self, offset: int, size: int) -> None:
        stop = min(offset + size, self.size)
        answer, response = self._wire.get(self._url, offset, stop, None)
        self._check(answer)
        if answer.status != 206 or self._range(answer) != (offset, stop, self.size):
            raise _not_fetched(self._url, "it sent another part than the one asked for")
        self._held, self._start = self._body(response, stop - offset), offset

    def _go_on(self, stream: Body, offset: int, size: int) -> None:
        """Reads and forgets what lies before `offset`."""
        end = self._start + len(self._held)
        while end < offset:
            end += len(self._piece(stream, min(_PIECE, offset - end)))
        kept = self._held[offset - self._start :] if offset - self._start < len(self._held) else b""
        self._held, self._start = kept + self._body(stream, size - len(kept)), offset

    def _body(self, response: Body, size: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < size:
            pieces += self._piece(response, min(_PIECE, size - len(pieces)))
        return bytes(pieces)

    def _piece(self, response: Body, most: int) -> bytes:
        self._token.raise_if_cancelled()
        piece = response.piece(most)
        self._left -= len(piece)
        if not piece:
            raise _not_fetched(self._url, "its answer ended too soon")
        if self._left < 0:
            raise _not_fetched(self._url, "its header does not end")
        if time.monotonic() > self._deadline:
            raise _not_fetched(self._url, "it is too slow")
        return piece

    def _check(self, answer: Answer) -> None:
        self._token.raise_if_cancelled()
        if answer.status not in (200, 206):
            raise _not_fetched(self._url, f"HTTP {answer.status}")
        if answer.encoding.lower() not in ("", "identity"):
            raise _not_fetched(self._url, "its answer is packed")

    def _range(self, answer: Answer) -> tuple[int, int, int]:
        """Start, stop (excluded) and size of the file."""
        match = _CONTENT_RANGE.fullmatch(answer.content_range.strip())
        if match is None:
            raise _not_fetched(self._url, "it does not say which part it sent")
        return int(match[1]), int(match[2]) + 1, self._sized(int(match[3]))

    def _sized(self, size: int | None) -> int:
        if size is None or not 0 < size <= _LARGEST_FILE:
            raise _not_fetched(self._url, "it does not say how large the file is")
        return size


def _not_fetched(url: str, reason: str) -> DownloadError:
    return DownloadError.of("header_not_fetched", address=shown(url), reason=reason)
