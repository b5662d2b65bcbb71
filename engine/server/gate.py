"""Who may use the API. Checked before anything else of a request is looked at.

Host: a web page can give its own name the address of this machine (DNS rebinding) and then talk to
the API as if it were its own server. Such requests carry that name as their Host.
Origin: a web page may send requests anywhere; the browser says whose page it is.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.errors import UsageError
from engine.server.listening import is_any_address
from engine.server.refusals import RequestError
from engine.server.responses import refusal

LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN_PATHS: Final = frozenset({"/health"})  # without a key, for programs that watch over services
_PREFLIGHT_S: Final = "600"
_HOST: Final = re.compile(
    r"(?:\[([0-9a-f:.]+)(?:%[a-z0-9%._~-]+)?\]|([a-z0-9._-]+))(?::(\d{1,5}))?", re.IGNORECASE
)
_HEADER_LIST: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2000}")


@dataclass(frozen=True, slots=True)
class Rules:
    """Names in lower case, without ports; IPv6 in its short form, without brackets and zones."""

    hosts: frozenset[str]  # besides LOCAL_NAMES
    any_address: bool  # listening on all addresses: every literal IP address is ours
    origins: frozenset[str]
    key: str  # "" when none is needed


def rules(listen_host: str, hosts: Iterable[str], origins: Iterable[str], key: str) -> Rules:
    """Raises: UsageError, for a host or an origin that is none."""
    return Rules(
        hosts=frozenset({_plain(listen_host), *(_checked_host(host) for host in hosts)}),
        any_address=not listen_host or is_any_address(listen_host),
        origins=frozenset(_checked_origin(origin) for origin in origins),
        key=key,
    )


def _checked_host(text: str) -> str:
    name = _address(text) or host_name(text)
    if not name:
        raise UsageError.of("serve_host_name", text=text)
    return name


def _checked_origin(text: str) -> str:
    """A scheme and a host, with a port if it is unusual; schemes of desktop programs too."""
    parts = urlsplit(text)
    if not parts.scheme or not parts.netloc or parts.path not in ("", "/") or "*" in text or parts.query:
        raise UsageError.of("serve_origin", text=text)
    return _origin(parts.scheme, parts.netloc)


def host_name(header: str) -> str:
    """The name in a Host header, without port; "" if it is none. Addresses have many spellings."""
    found = _HOST.fullmatch(header.strip())
    if not found:
        return ""
    if found[2]:
        return _plain(found[2])
    return _address(found[1]) if ":" in found[1] else ""


def _plain(name: str) -> str:
    return _address(name) or name.lower().rstrip(".")


def _address(text: str) -> str:
    """In its usual spelling; "" for what is no address."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def _origin(scheme: str, place: str) -> str:
    """With the host in its usual spelling."""
    found = _HOST.fullmatch(place)
    port = f":{found[3]}" if found and found[3] else ""
    return f"{scheme}://{host_name(place)}{port}".lower() if found else f"{scheme}://{place}".lower()


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules
        self._key = rules.key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        try:
            self._check_host(headers, scope["http_version"])
            self._check_origin(origin, headers)
        except RequestError as error:
            await refusal(error)(scope, receive, send)
            return
        if origin is not None:
            send = _with_headers(send, _cors_headers(origin))
        await self._pass_on(scope, receive, send, headers)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(headers)(scope, receive, send)
            return
        try:
            if scope["path"] not in OPEN_PATHS:
                self._check_key(headers)
        except RequestError as error:
            await refusal(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check_host(self, headers: Headers, version: str) -> None:
        named = headers.getlist("host")
        if not named and version == "1.0":
            return  # it knows no Host; browsers always name one, so this is no page
        name = host_name(named[0]) if len(named) == 1 else ""
        if name and (name in LOCAL_NAMES or name in self._rules.hosts):
            return
        if name and self._rules.any_address and _address(name):
            return
        raise RequestError.answered(403, "api_host", host=", ".join(named)[:200] or "?")

    def _check_origin(self, origin: str | None, headers: Headers) -> None:
        if origin is None:
            return
        scheme, _, place = origin.partition("://")
        named = _origin(scheme, place)
        # Or a page that we sent ourselves, through an address that was just found to be ours.
        host = headers.get("host", "").strip()
        ours = [_origin(known, host) for known in ("http", "https") if host]
        if named in self._rules.origins or named in ours:
            return
        raise RequestError.answered(403, "api_origin", origin=origin[:200])

    def _check_key(self, headers: Headers) -> None:
        if not self._key:
            return
        scheme, _, shown = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not shown.strip():
            raise RequestError.answered(401, "api_key_missing")
        if not hmac.compare_digest(shown.strip().encode(), self._key):
            raise RequestError.answered(401, "api_key_wrong")


def _cors_headers(origin: str) -> list[tuple[bytes, bytes]]:
    return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]


def _preflight(headers: Headers) -> Response:
    """What a browser asks before it lets an allowed page send a request."""
    wanted = headers.get("access-control-request-headers", "")
    allowed = {
        "access-control-allow-methods": "GET, POST",
        "access-control-max-age": _PREFLIGHT_S,
    }
    if _HEADER_LIST.fullmatch(wanted):
        allowed["access-control-allow-headers"] = wanted
    if headers.get("access-control-request-private-network") == "true":
        allowed["access-control-allow-private-network"] = "true"
    return Response(status_code=204, headers=allowed)


def _with_headers(send: Send, more: Sequence[tuple[bytes, bytes]]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending
