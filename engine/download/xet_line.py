"""A line to the hub's storage of chunks, for files that it does not give out over plain HTTP.

The hub tells the file's xet hash and where tokens for the storage are had; a client streams ranges.
What it brings is hashed like anything else: it does not notice a flipped bit by itself.
"""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import urljoin

from engine.download.answers import Answer
from engine.download.endpoints import origin_of
from engine.download.lines import Located
from engine.download.wire import Wire

T = TypeVar("T")
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_AUTH_LINK = re.compile(r'<([^<>\s]{1,2000})>\s*;\s*rel="?xet-auth"?', re.ASCII)


@dataclass(frozen=True, slots=True)
class XetFile:
    """A file as the storage knows it."""

    hash: str
    size: int
    token_url: str  # of the hub's own origin
    hub_token: str | None


def xet_file(found: Located, endpoint: str, hub_token: str | None) -> XetFile | None:
    """What the hub tells of a file's place in the storage; None if it is not kept there, or if the token
    for it would be another server's. Raises: ValueError, for an address of nonsense."""
    link = _AUTH_LINK.search(found.headers.get("link", ""))
    route = link[1] if link else found.headers.get("x-xet-refresh-route", "")
    token_url = urljoin(endpoint + "/", route)
    digest = found.headers.get("x-xet-hash", "").lower()
    size = found.headers.get("x-linked-size", "")
    known = _HASH.fullmatch(digest) and route and size.isascii() and size.isdigit() and len(size) < 20
    if not known or origin_of(token_url) != origin_of(endpoint):
        return None
    return XetFile(digest, int(size), token_url, hub_token)


class XetStream(Protocol):
    """Bytes of a range, in order."""

    def __iter__(self) -> Iterator[bytes]: ...

    def cancel(self) -> None:
        """From any thread; the iteration ends."""


class XetClient(Protocol):
    """What is needed of a client of the storage."""

    def stream(self, file: XetFile, start: int, stop: int) -> XetStream:
        """Raises: OSError, RuntimeError."""


@functools.cache
def native() -> Any:
    """hf_xet, without the log files that it would leave in the home folder. Raises: OSError."""
    os.environ.setdefault("HF_XET_LOG_DEST", "")
    os.environ.setdefault("HF_XET_LOG_LEVEL", "off")
    try:
        import hf_xet
    except ImportError as error:
        raise OSError("hf_xet is not there") from error
    return hf_xet


class NativeXet:
    """hf_xet, imported when it is first needed."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._session: Any = None
        self._groups: dict[tuple[str, str | None], Any] = {}

    def stream(self, file: XetFile, start: int, stop: int) -> XetStream:
        """Raises: OSError, RuntimeError."""
        hf_xet = native()
        key = (file.token_url, file.hub_token)
        with self._guard:
            if self._session is None:
                self._session = hf_xet.XetSession()
            if key not in self._groups:
                login = {"Authorization": f"Bearer {file.hub_token}"} if file.hub_token else {}
                self._groups[key] = self._session.new_download_stream_group(
                    token_refresh_url=file.token_url, token_refresh_headers=login
                )
            group = self._groups[key]
        stream: XetStream = group.download_stream(hf_xet.XetFileInfo(file.hash, file.size), start, stop)
        return stream


class XetLine:
    """A `Line`."""

    def __init__(self, wire: Wire, client: XetClient, endpoint: str, hub_token: str | None) -> None:
        self._wire = wire
        self._client = client
        self._endpoint = endpoint
        self._hub_token = hub_token
        self._stream: XetStream | None = None
        self._cut = False

    def locate(self, url: str) -> Located:
        """Asks the hub. Raises: one of `TROUBLES`."""
        found = self._wire.locate(url)
        if not found.url:
            return found
        self._wire.close()
        file = xet_file(found, self._endpoint, self._hub_token)
        if file is None:
            return Located("", Answer(404), found.headers)
        # All lanes are told by this address what one of them was told.
        return Located(f"xet:{file.hash}:{file.size}:{file.token_url}", found.answer, found.headers)

    def get(self, url: str, start: int, stop: int, if_range: str | None) -> tuple[Answer, XetBody]:
        """Raises: one of `TROUBLES`."""
        _, digest, size, token_url = url.split(":", 3)
        file = XetFile(digest, int(size), token_url, self._hub_token)
        if self._was_cut():
            raise ConnectionAbortedError("cut")
        self._stream = or_trouble(lambda: self._client.stream(file, start, stop))
        if self._was_cut():
            self._stream.cancel()
        answer = Answer(206, f"bytes {start}-{stop - 1}/{file.size}", stop - start, f'"{digest}"')
        return answer, XetBody(self._stream)

    def cut(self) -> None:
        self._cut = True
        self._wire.cut()
        self.break_off()

    def _was_cut(self) -> bool:
        return self._cut  # another thread's doing

    def break_off(self) -> None:
        self._wire.break_off()
        stream = self._stream
        if stream is not None:
            stream.cancel()

    def close(self) -> None:
        self._wire.close()
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.cancel()


class XetBody:
    """A `Body`."""

    def __init__(self, stream: XetStream) -> None:
        self._pieces = iter(stream)
        self._rest = memoryview(b"")

    def piece(self, most_bytes: int) -> bytes:
        """Raises: OSError."""
        while not self._rest:
            found = or_trouble(lambda: next(self._pieces, None))
            if found is None:
                return b""
            self._rest = memoryview(found)
        data, self._rest = self._rest[:most_bytes], self._rest[most_bytes:]
        return bytes(data)

    def reusable(self) -> bool:
        return True


def or_trouble(ask: Callable[[], T]) -> T:
    """A native client has errors of its own kinds; here all of them are the network's."""
    try:
        return ask()
    except OSError:
        raise
    except Exception as error:
        raise ConnectionError(str(error) or type(error).__name__) from error
