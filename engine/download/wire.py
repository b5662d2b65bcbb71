"""One HTTP connection that another thread can cut at any moment.

It follows redirects by our own rules (`endpoints.redirect_target`) and shows the hub token
to the hub's own origin only. urllib3 speaks HTTP; certificates are those of the system.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Mapping

from urllib3.connection import HTTPConnection
from urllib3.response import BaseHTTPResponse

from engine.download.answers import Answer
from engine.download.dialing import connection_to, target_of
from engine.download.endpoints import origin_of, redirect_target
from engine.download.lines import TROUBLES, Located

__all__ = ["TROUBLES", "USER_AGENT", "HttpBody", "Located", "RedirectRefused", "Wire", "connection_to"]

_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
USER_AGENT = "deskside"


class RedirectRefused(OSError):
    """A redirect leads where it must not, or in circles."""


class Wire:
    """A `Line` to servers. `is_hub` is False for those that do not describe files as the hub does."""

    def __init__(
        self, endpoint: str, hub_token: str | None, stall_seconds: float, is_hub: bool = True
    ) -> None:
        self._is_hub = is_hub
        self._hub = origin_of(endpoint)
        self._token = hub_token
        self._stall_seconds = stall_seconds
        self._connection: HTTPConnection | None = None
        self._origin: tuple[str, str, int] | None = None
        self._socket: socket.socket | None = None  # a second handle: TLS takes the first one away
        self._cut = False
        self._guard = threading.Lock()

    def locate(self, url: str) -> Located:
        """Asks where a file is. Raises: one of `TROUBLES`."""
        return self._ask_hub(url) if self._is_hub else self._try_first_byte(url)

    def _ask_hub(self, url: str) -> Located:
        headers: dict[str, str] = {}
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._request("HEAD", url, {})
            headers |= {name.lower(): value for name, value in response.headers.items()}
            answer = _head(response)
            response.close()
            if answer.status not in _REDIRECTS:
                return Located(url if answer.status == 200 else "", answer, headers)
            target = _target(url, response)
            if origin_of(target) != origin_of(url):
                return Located(target, answer, headers)  # signed for GET: a HEAD there would fail
            url = target
        raise RedirectRefused("too many redirects")

    def _try_first_byte(self, url: str) -> Located:
        """Not HEAD: addresses are often signed for GET alone."""
        url, response = self._follow(url, {"Range": "bytes=0-0"})
        answer = _head(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        self.close()
        good = answer.status in (200, 206) and not headers.get("content-type", "").startswith("text/html")
        return Located(url if good else "", answer, headers)

    def get(self, url: str, start: int, stop: int, if_range: str | None) -> tuple[Answer, HttpBody]:
        """Requests bytes `start` to `stop` (excluded). Raises: one of `TROUBLES`."""
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        if if_range is not None:
            headers["If-Range"] = if_range
        _, response = self._follow(url, headers)
        return _head(response), HttpBody(response)

    def _follow(self, url: str, headers: Mapping[str, str]) -> tuple[str, BaseHTTPResponse]:
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._request("GET", url, headers)
            if response.status not in _REDIRECTS:
                return url, response
            url = _target(url, response)
            self.close()  # its body is not read
        raise RedirectRefused("too many redirects")

    def cut(self) -> None:
        """Ends whatever the connection is doing, from any thread; it is not used again."""
        with self._guard:
            self._cut = True
        self.break_off()

    def break_off(self) -> None:
        """Ends what the connection is doing now, from any thread."""
        with self._guard:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        with self._guard:
            connection, self._connection = self._connection, None
            handle, self._socket = self._socket, None
        if connection is not None:
            connection.close()
        if handle is not None:
            handle.close()

    def _request(self, method: str, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        connection = self._connected(url)
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        if self._token is not None and origin_of(url) == self._hub:
            sent["Authorization"] = f"Bearer {self._token}"
        target = target_of(url)
        connection.request(method, target, headers=sent, preload_content=False, decode_content=False)
        return connection.getresponse()

    def _connected(self, url: str) -> HTTPConnection:
        origin = origin_of(url)
        if self._connection is not None and self._origin == origin and self._connection.is_connected:
            return self._connection
        self.close()
        connection = connection_to(url, self._opened)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            self.close()
            raise
        connection.timeout = self._stall_seconds  # urllib3 puts it on the socket with every answer
        connection.sock.settimeout(self._stall_seconds)
        with self._guard:
            self._connection, self._origin = connection, origin
            is_cut = self._cut
        if is_cut:
            self.close()
            raise ConnectionAbortedError("cut")
        return connection

    def _opened(self, opened: socket.socket) -> None:
        with self._guard:
            former, self._socket = self._socket, opened.dup()
            is_cut = self._cut
        if former is not None:
            former.close()
        if is_cut:
            raise ConnectionAbortedError("cut")


class HttpBody:
    """The body of an answer."""

    def __init__(self, response: BaseHTTPResponse) -> None:
        self._response = response

    def piece(self, most_bytes: int) -> bytes:
        """What has arrived, at most so many bytes; b"" at the end. Raises: one of `TROUBLES`."""
        return self._response.read1(most_bytes, decode_content=False)

    def reusable(self) -> bool:
        """Ends it after its last byte; True if its connection is good for another request."""
        if self._response.length_remaining != 0:
            return False
        self._response.drain_conn()  # nothing is left, but the connection must see the end
        return True


def _target(url: str, response: BaseHTTPResponse) -> str:
    target = redirect_target(url, response.headers.get("Location", ""))
    if target is None:
        raise RedirectRefused("a redirect leads to an address that is not allowed")
    return target


def _head(response: BaseHTTPResponse) -> Answer:
    headers = response.headers
    return Answer(
        status=response.status,
        content_range=headers.get("Content-Range", ""),
        length=_number(headers.get("Content-Length")),
        etag=headers.get("ETag", ""),
        encoding=headers.get("Content-Encoding", ""),
        retry_after_seconds=float(_number(headers.get("Retry-After")) or 0),
    )


def _number(text: str | None) -> int | None:
    """A header of plain digits; anything else counts as absent."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    return int(text)
