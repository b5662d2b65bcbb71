"""Testing the connection to a source, step by step, so that what is wrong can be said."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from urllib3.response import BaseHTTPResponse

from engine.cancellation import CancelToken
from engine.download.dialing import ProxyError, connection_to, proxy_for
from engine.download.endpoints import checked_endpoint, origin_of, shown
from engine.download.lines import TROUBLES
from engine.download.mirror_choice import is_folder
from engine.download.mirrors import modelscope_base
from engine.download.network import Proxy
from engine.download.wire import USER_AGENT
from engine.errors import DownloadError
from engine.messages import Sentence, Value, sentence

_ANSWER_SECONDS: Final = 15.0
_MOST_BYTES: Final = 256 << 10
_PIECE_BYTES: Final = 16 << 10
_EXPIRED, _NOT_YET, _OTHER_NAME = 10, 9, 62  # OpenSSL's verify codes
_CERTIFICATES: Final[Mapping[int, str]] = {
    _EXPIRED: "connection_certificate_date",
    _NOT_YET: "connection_certificate_date",
    _OTHER_NAME: "connection_certificate_name",
}


@dataclass(frozen=True, slots=True)
class Reached:
    """How a test of a source ended."""

    endpoint: str
    good: bool
    message: Sentence
    seconds: float  # until the answer was there, or the fault
    proxy: str = ""  # that was used


def reach(source: str, token: CancelToken) -> Reached:
    """Asks a hub, a mirror or ModelScope for a little, the way a download would.

    Raises: Cancelled, between two steps.
    """
    begun = time.monotonic()
    proxy = ""

    def told(good: bool, code: str, **values: Value) -> Reached:
        message = sentence(code, endpoint=shown(source), **values)
        return Reached(shown(source), good, message, time.monotonic() - begun, proxy)

    try:
        base = modelscope_base(source) or checked_endpoint(source)
    except DownloadError as error:
        return Reached(shown(source), False, error.message, 0.0)
    try:
        found = proxy_for(base)
    except ValueError:
        return told(False, "connection_proxy_unusable")
    proxy = found.shown if found else ""
    token.raise_if_cancelled()
    try:
        _resolve(base, found)
    except OSError:
        return told(False, "connection_name_unknown", host=found.host if found else origin_of(base)[1])
    token.raise_if_cancelled()
    return _answered(base, bool(modelscope_base(source)), found, told)


def _resolve(base: str, proxy: Proxy | None) -> None:
    """Raises: OSError. Behind a proxy only its own name is looked up here."""
    _, host, port = origin_of(base)
    socket.getaddrinfo(proxy.host if proxy else host, proxy.port if proxy else port)


def _answered(base: str, is_modelscope: bool, proxy: Proxy | None, told: Callable[..., Reached]) -> Reached:
    path = "/api/v1/models/none/none/repo/files" if is_modelscope else "/api/models?limit=1"
    try:
        connection = connection_to(base)
    except (OSError, ValueError):
        return told(False, "connection_certificates_file")
    try:
        try:
            connection.connect()
        except TROUBLES as error:
            return _unconnected(error, proxy, told)
        connection.timeout = _ANSWER_SECONDS
        connection.sock.settimeout(_ANSWER_SECONDS)
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        try:
            at = urlsplit(base).path.rstrip("/") + path
            connection.request("GET", at, headers=headers, preload_content=False, decode_content=False)
            response = connection.getresponse()
            body = _body(response)
        except TROUBLES as error:
            return told(False, "connection_no_answer", reason=_words(error))
        return _judged(response, body, told)
    finally:
        connection.close()


def _unconnected(error: BaseException, proxy: Proxy | None, told: Callable[..., Reached]) -> Reached:
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            code = _CERTIFICATES.get(cause.verify_code, "connection_certificate_unknown")
            return told(False, code, reason=cause.verify_message)
        if isinstance(cause, ProxyError):
            if proxy and proxy.user and not proxy.password:
                return told(False, "connection_proxy_password", proxy=proxy.shown, user=proxy.user)
            return told(
                False, "connection_proxy_refused", proxy=proxy.shown if proxy else "", reason=str(cause)
            )
        if isinstance(cause, ssl.SSLError):
            return told(False, "connection_not_encrypted", reason=_words(cause))
    if proxy:
        return told(False, "connection_proxy_away", proxy=proxy.shown, reason=_words(error))
    return told(False, "connection_refused", reason=_words(error))


def _body(response: BaseHTTPResponse) -> bytes:
    """Raises: one of `TROUBLES`."""
    body = bytearray()
    deadline = time.monotonic() + _ANSWER_SECONDS
    while len(body) < _MOST_BYTES and time.monotonic() < deadline:
        piece = response.read1(_PIECE_BYTES, decode_content=False)
        if not piece:
            break
        body += piece
    return bytes(body)


def _judged(response: BaseHTTPResponse, body: bytes, told: Callable[..., Reached]) -> Reached:
    status = response.status
    if status == 429 or status >= 500:
        return told(False, "connection_busy", status=status)
    if status in (401, 403):
        return told(False, "connection_not_allowed", status=status)
    try:
        is_answer = isinstance(json.loads(body), list | dict)
    except (ValueError, RecursionError):
        is_answer = False
    if 300 <= status < 400 or not is_answer:
        return told(False, "connection_other_page", status=status)
    return told(True, "connection_good")


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _words(error: BaseException) -> str:
    innermost = _chain(error)[-1]
    return shown(str(innermost) or type(innermost).__name__)


def sources_to_test(endpoint: str, mirrors: tuple[str, ...]) -> tuple[str, ...]:
    """The endpoint, then what it is mirrored by; folders need no test."""
    return tuple(dict.fromkeys([endpoint, *(mirror for mirror in mirrors if not is_folder(mirror))]))
