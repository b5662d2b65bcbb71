"""One HTTP exchange with an endpoint, that another thread can cut at any moment.

The key goes to the origin of the endpoint and nowhere else, and so does everything that was
written: a redirect to another origin is refused, with a sentence that names it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

import urllib3
from urllib3.response import BaseHTTPResponse

from engine.download.cuttable import Cuttable
from engine.download.dialing import target_of
from engine.download.endpoints import origin_of, shown
from engine.download.wire import USER_AGENT
from engine.errors import RemoteError
from engine.remote.address import host_of

log = logging.getLogger(__name__)

_MOST_REDIRECTS: Final = 3
_LARGEST_REPLY: Final = 32 << 20  # bytes of an answer that is not a stream
_LARGEST_COMPLAINT: Final = 64 << 10
_PIECE_BYTES: Final = 64 << 10

# What a connection may raise; ValueError: a TLS socket that was cut, a header of nonsense.
TROUBLES = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds; the defaults are for people, tests use smaller figures."""

    connect_s: float = 10.0
    first_s: float = 600.0  # until the head of the answer: a long prompt in a long queue
    next_s: float = 180.0  # between two pieces of it
    whole_s: float = 900.0  # for the whole of an answer that is not a stream


@dataclass(frozen=True, slots=True)
class Complaint:
    """An answer that is not 2xx."""

    status: int
    body: bytes


class Call:
    """Used once, by one thread; only `cut` may come from another."""

    def __init__(self, url: str, key: str, patience: Patience) -> None:
        self.url = url
        self._key = key
        self._patience = patience
        self._way = Cuttable(patience.connect_s)
        self._response: BaseHTTPResponse | None = None

    def open(self, path: str, body: dict[str, Any] | None = None) -> BaseHTTPResponse | Complaint:
        """Asks for url + path: POST with a body, else GET. Raises: one of `TROUBLES`; RemoteError."""
        url = self.url + path
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._request(url, body)
            self._response = response
            if 200 <= response.status < 300:
                return response
            if response.status not in (301, 302, 303, 307, 308):
                return Complaint(response.status, self._read(response, _LARGEST_COMPLAINT, cut_short=True))
            url = self._redirected(url, response)
            self.close()
        raise RemoteError.of("remote_redirected", host=host_of(self.url), target=shown(url))

    def pieces(self) -> Iterator[bytes]:
        """The body of the answer as it arrives, b"" excluded. Raises: one of `TROUBLES`."""
        assert self._response is not None
        while piece := self._response.read1(_PIECE_BYTES, decode_content=False):
            yield piece

    def whole(self) -> bytes:
        """The body of an answer that is not a stream. Raises: one of `TROUBLES`; RemoteError."""
        assert self._response is not None
        return self._read(self._response, _LARGEST_REPLY, cut_short=False)

    @contextlib.contextmanager
    def in_time(self) -> Iterator[None]:
        """For what must be over within `whole_s`, however its pieces drip. Raises: RemoteError."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self.cut()

        timer = threading.Timer(self._patience.whole_s, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except TROUBLES as error:
            if not late.is_set():
                raise
            log.info("cut after %s s: %s", self._patience.whole_s, error)
        finally:
            timer.cancel()
        if late.is_set():
            raise RemoteError.of(
                "remote_too_slow", host=host_of(self.url), seconds=round(self._patience.whole_s)
            )

    def cut(self) -> None:
        """Ends whatever the call is doing, from any thread."""
        self._way.cut()

    def close(self) -> None:
        self._way.close()

    def _request(self, url: str, body: dict[str, Any] | None) -> BaseHTTPResponse:
        connection = self._way.open(url, self._patience.first_s)
        line = connection.sock
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        content = None
        if body is not None:
            content = json.dumps(body).encode("ascii")
            headers |= {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        method = "GET" if content is None else "POST"
        connection.request(
            method, target_of(url), body=content, headers=headers, preload_content=False, decode_content=False
        )
        response = connection.getresponse()
        line.settimeout(self._patience.next_s)
        return response

    def _redirected(self, url: str, response: BaseHTTPResponse) -> str:
        """Where a redirect leads. Raises: RemoteError, unless it stays at the same origin."""
        target = urljoin(url, response.headers.get("Location", ""))
        try:
            same = origin_of(target) == origin_of(url)
        except ValueError:
            same = False
        if not same or not target.isascii() or not target.isprintable() or " " in target:
            raise RemoteError.of("remote_redirected", host=host_of(self.url), target=shown(target))
        return target

    def _read(self, response: BaseHTTPResponse, most: int, cut_short: bool) -> bytes:
        body = bytearray()
        while piece := response.read1(_PIECE_BYTES, decode_content=False):
            body += piece
            if len(body) > most:
                if cut_short:
                    return bytes(body[:most])
                raise RemoteError.of(
                    "remote_too_large", host=host_of(self.url), detail=f"over {most >> 20} MiB"
                )
        return bytes(body)
