"""One HTTP connection that another thread can cut at any moment.

It follows redirects by our own rules (`endpoints.redirect_target`) and shows the hub token
to the hub's own origin only. urllib3 speaks HTTP; certificates are those of the system.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import truststore
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from engine.download.answers import Answer
from engine.download.endpoints import is_loopback, origin_of, redirect_target

_CONNECT_SECONDS = 10.0
_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
USER_AGENT = "deskside"

# What reading from a connection may raise; ValueError: a TLS socket that was cut, a port of nonsense.
TROUBLES = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)


class RedirectRefused(OSError):
    """A redirect leads where it must not, or in circles."""


@dataclass(frozen=True, slots=True)
class Located:
    """What a HEAD request to the hub brought: `url` is "" unless the answer was good."""

    url: str
    answer: Answer
    headers: Mapping[str, str]  # lower-case names, all answers on the way merged


class Wire:
    """For one lane. Every method but `cut` belongs to that lane's thread."""

    def __init__(self, endpoint: str, hub_token: str | None, stall_seconds: float) -> None:
        self._hub = origin_of(endpoint)
        self._token = hub_token
        self._stall_seconds = stall_seconds
        self._connection: HTTPConnection | None = None
        self._origin: tuple[str, str, int] | None = None
        self._socket: socket.socket | None = None
        self._cut = False
        self._guard = threading.Lock()

    def locate(self, url: str) -> Located:
        """Asks the hub where a file is. Raises: one of `TROUBLES`."""
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

    def get(self, url: str, start: int, stop: int, if_range: str | None) -> tuple[Answer, BaseHTTPResponse]:
        """Requests bytes `start` to `stop` (excluded). Raises: one of `TROUBLES`."""
        headers = {"Range": f"bytes={start}-{stop - 1}"}
        if if_range is not None:
            headers["If-Range"] = if_range
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._request("GET", url, headers)
            if response.status not in _REDIRECTS:
                return _head(response), response
            url = _target(url, response)
            self.close()  # its body is not read
        raise RedirectRefused("too many redirects")

    def cut(self) -> None:
        """Ends whatever the connection is doing, from any thread; it is not used again."""
        with self._guard:
            self._cut = True
            if self._socket is not None:
                # Not SSLSocket.shutdown: that one takes the TLS object from under its reader.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        with self._guard:
            connection, self._connection, self._socket = self._connection, None, None
        if connection is not None:
            connection.close()

    def _request(self, method: str, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        connection = self._connected(url)
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        if self._token is not None and origin_of(url) == self._hub:
            sent["Authorization"] = f"Bearer {self._token}"
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, headers=sent, preload_content=False, decode_content=False)
        return connection.getresponse()

    def _connected(self, url: str) -> HTTPConnection:
        origin = origin_of(url)
        if self._connection is not None and self._origin == origin and self._connection.is_connected:
            return self._connection
        self.close()
        connection = connection_to(url)
        connection.connect()
        opened = connection.sock
        connection.timeout = self._stall_seconds  # urllib3 puts it on the socket with every answer
        opened.settimeout(self._stall_seconds)
        with self._guard:
            self._connection, self._origin, self._socket = connection, origin, opened
            is_cut = self._cut
        if is_cut:
            self.close()
            raise ConnectionAbortedError("cut")
        return connection


def is_reusable(response: BaseHTTPResponse) -> bool:
    """Ends an answer whose body was read; True if its connection is good for another request."""
    if response.length_remaining != 0:
        return False
    response.drain_conn()  # nothing is left, but the connection must see the end
    return True


def read_piece(response: BaseHTTPResponse, most_bytes: int) -> bytes:
    """What has arrived, at most so many bytes; b"" at the end. Raises: one of `TROUBLES`."""
    return response.read1(most_bytes, decode_content=False)


def connection_to(url: str) -> HTTPConnection:
    """Not connected yet. Certificates are those of the system; https goes through its proxy."""
    scheme, host, port = origin_of(url)
    proxy = _proxy(url, scheme, host)
    if scheme != "https":  # loopback or the local network, so never through a proxy
        return HTTPConnection(host, port, timeout=_CONNECT_SECONDS)
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if proxy is None:
        return HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, ssl_context=context)
    parts = urlsplit(proxy)
    connection = HTTPSConnection(
        parts.hostname or "", parts.port or 8080, timeout=_CONNECT_SECONDS, ssl_context=context
    )
    login = urllib3.make_headers(proxy_basic_auth=f"{parts.username}:{parts.password or ''}")
    connection.set_tunnel(host, port, headers=login if parts.username else None, scheme="http")
    return connection


def _proxy(url: str, scheme: str, host: str) -> str | None:
    """The HTTP proxy of this machine for an address, None where it is reached directly."""
    if is_loopback(url) or urllib.request.proxy_bypass(host):
        return None
    proxy = urllib.request.getproxies().get(scheme)
    return proxy if proxy and urlsplit(proxy).scheme == "http" else None


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
