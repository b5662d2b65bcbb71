"""From what went wrong to the one sentence that tells it."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any, Final

import urllib3

from engine.download.dialing import ProxyError
from engine.errors import RemoteError
from engine.remote.call import Complaint

_LONGEST_WORDS: Final = 300
_UNREACHED: Final = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)
# How vLLM, SGLang, llama-server and OpenAI say that a conversation is too long.
_CONTEXT_WORDS: Final = (
    "context_length_exceeded",
    "exceed_context_size",
    "maximum context length",
    "context size",
    "context length",
    "longer than the model's context",
    "prompt_too_long",
)


def failure_of_connection(error: Exception, host: str, seconds: float) -> RemoteError:
    """`seconds`: how long the endpoint was waited for."""
    cause = _root(error)
    if isinstance(cause, ProxyError):
        return RemoteError.of("remote_proxy", host=host, reason=printable(str(cause)))
    if isinstance(cause, ssl.SSLCertVerificationError):
        return RemoteError.of("remote_certificate", host=host, reason=printable(cause.verify_message))
    if isinstance(cause, socket.gaierror) or isinstance(error, urllib3.exceptions.NameResolutionError):
        reason = cause.strerror if isinstance(cause, OSError) and cause.strerror else "no answer"
        return RemoteError.of("remote_name_unknown", host=host, reason=reason)
    timeouts = (TimeoutError, urllib3.exceptions.TimeoutError)
    if isinstance(cause, timeouts) or isinstance(error, timeouts):
        return RemoteError.of("remote_timeout", host=host, seconds=round(seconds, 1))
    if isinstance(cause, OSError) and cause.errno in _UNREACHED:
        return RemoteError.of("remote_refused", host=host, reason=_words_of(cause))
    if isinstance(cause, http.client.IncompleteRead):
        return RemoteError.of("remote_truncated", host=host)
    if isinstance(cause, ssl.SSLError):
        return RemoteError.of("remote_connection_lost", host=host, reason=f"TLS: {cause.reason or 'failed'}")
    if isinstance(cause, ConnectionError | OSError):
        return RemoteError.of("remote_connection_lost", host=host, reason=_words_of(cause))
    return RemoteError.of("remote_nonsense", host=host, detail=_words_of(cause))


def failure_of_status(complaint: Complaint, host: str, model: str) -> RemoteError:
    """From an answer that is not 2xx, with what the endpoint says about it."""
    status, told = complaint.status, told_by(complaint.body)
    words = f": {told}" if told else ""
    if status == 401:
        return RemoteError.of("remote_unauthorized", host=host, status=status)
    if status == 403:
        return RemoteError.of("remote_forbidden", host=host, status=status, told=words)
    if status in (400, 413, 422) and is_about_context(complaint.body):
        return RemoteError.of("remote_context_full", host=host, model=printable(model), told=words)
    if status == 404 and not model:
        return RemoteError.of("remote_without_list", host=host, told=words)
    if status == 404:
        return RemoteError.of("remote_not_found", host=host, model=printable(model), told=words)
    if status in (429, 503):
        return RemoteError.of("remote_busy", host=host, status=status, told=words)
    code = "remote_failed" if status >= 500 else "remote_rejected"
    return RemoteError.of(code, host=host, status=status, told=words)


def failure_in_stream(said: Any, host: str, model: str) -> RemoteError:
    """From an "error" in the middle of a stream."""
    told = _message_in({"error": said})
    words = f": {told}" if told else ""
    if is_about_context(json.dumps(said).encode("ascii")[: _LONGEST_WORDS * 4]):
        return RemoteError.of("remote_context_full", host=host, model=printable(model), told=words)
    return RemoteError.of("remote_error_in_stream", host=host, told=words)


def is_about_context(body: bytes) -> bool:
    words = body.decode("utf-8", "replace").lower()
    return any(known in words for known in _CONTEXT_WORDS)


def told_by(body: bytes) -> str:
    """What an endpoint says in the body of a refusal, fit for a sentence; "" for a page of HTML."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace").strip()
        return "" if text.startswith("<") else printable(text)
    return _message_in(parsed)


def _message_in(parsed: Any) -> str:
    """{"error": {"message": ...}}, {"error": ...}, {"message": ...} and {"detail": ...} are in use."""
    for _ in range(3):
        if isinstance(parsed, str):
            return printable(parsed)
        if not isinstance(parsed, Mapping):
            return ""
        parsed = parsed.get("error") or parsed.get("message") or parsed.get("detail")
    return printable(parsed) if isinstance(parsed, str) else ""


def printable(text: str) -> str:
    """One short line without control characters."""
    line = " ".join(text.split())
    plain = "".join(character if character.isprintable() else "?" for character in line)
    return plain if len(plain) <= _LONGEST_WORDS else plain[: _LONGEST_WORDS - 1] + "…"


def _root(error: BaseException) -> BaseException:
    """What lies behind urllib3's wrapping."""
    for _ in range(5):
        inner = error.__cause__ or getattr(error, "reason", None) or error.__context__
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error


def _words_of(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return printable(error.strerror)
    return printable(str(error)) or type(error).__name__
