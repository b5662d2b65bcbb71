"""One HTTP connection that another thread can cut at any moment.

It follows redirects by our own rules (`endpoints.redirect_target`) and shows the hub token
to the hub's own origin only. urllib3 speaks HTTP; certificates are those of the system.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from urllib3.connection import HTTPConnection
from urllib3.response import BaseHTTPResponse

from engine.download.answers import Answer, told_sha256
from engine.download.cuttable import Cuttable
from engine.download.dialing import target_of
from engine.download.endpoints import origin_of, redirect_target
from engine.download.lines import Located

_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE_BYTES = 64 << 10
_LINKED = ("x-linked-etag", "x-linked-size")
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
        self._way = Cuttable()
        self._origin: tuple[str, str, int] | None = None

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
        linked: dict[str, str] = {}
        url, response = self._follow(url, {"Range": "bytes=0-0"}, linked)
        answer = _head(response)
        headers = linked | {name.lower(): value for name, value in response.headers.items()}
        self.close()
        good = answer.status in (200, 206) and not headers.get("content-type", "").startswith("text/html")
        return Located(url if good else "", answer, headers)

    def get(self, url: str, start: int, stop: int, if_range: str | None) -> tuple[Answer, HttpBody]:
        """Requests bytes `start` to `stop` (excluded). Raises: one of `TROUBLES`."""
        headers = {"Range": f"bytes={start}-{stop - 1}", "Want-Content-Digest": "sha-256=10"}
        if if_range is not None:
            headers["If-Range"] = if_range
        _, response = self._follow(url, headers)
        return _head(response), HttpBody(response)

    def _follow(
        self, url: str, headers: Mapping[str, str], linked: dict[str, str] | None = None
    ) -> tuple[str, BaseHTTPResponse]:
        """`linked` takes what the hub says of a file when it sends on to where its bytes are."""
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._request("GET", url, headers)
            if response.status not in _REDIRECTS:
                return url, response
            if linked is not None:
                told = ((name, response.headers.get(name)) for name in _LINKED)
                linked |= {name: value for name, value in told if value}
            url = _target(url, response)
            self.close()  # its body is not read
        raise RedirectRefused("too many redirects")

    def read(self, url: str, most_bytes: int, most_seconds: float) -> tuple[int, bytes]:
        """Status and body of a small document. Raises: one of `TROUBLES`; OSError for one without end."""
        _, response = self._follow(url, {})
        body, deadline = bytearray(), time.monotonic() + most_seconds
        while piece := response.read1(_PIECE_BYTES, decode_content=False):
            body += piece
            if len(body) > most_bytes or time.monotonic() > deadline:
                self.close()
                raise OSError("the answer does not end")
        self.close()
        return response.status, bytes(body)

    def cut(self) -> None:
        """Ends whatever the connection is doing, from any thread; it is not used again."""
        self._way.cut()

    def break_off(self) -> None:
        """Ends what the connection is doing now, from any thread."""
        self._way.break_off()

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        self._way.close()

    def _request(self, method: str, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        connection = self._connected(url)
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        if self._token is not None and origin_of(url) == self._hub:
            sent["Authorization"] = f"Bearer {self._token}"
        target = target_of(url)
        connection.request(method, target, headers=sent, preload_content=False, decode_content=False)
        return connection.getresponse()

    def _connected(self, url: str) -> HTTPConnection:
        origin, known = origin_of(url), self._way.connection
        if known is not None and self._origin == origin and known.is_connected:
            return known
        self._origin = origin
        return self._way.open(url, self._stall_seconds)


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
        etag=headers.get("ETag", "") or headers.get("Last-Modified", ""),
        encoding=headers.get("Content-Encoding", ""),
        retry_after_seconds=float(_number(headers.get("Retry-After")) or 0),
        content_sha256=told_sha256(headers.get("Content-Digest", "")),
    )


def _number(text: str | None) -> int | None:
    """A header of plain digits; anything else counts as absent."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    return int(text)
