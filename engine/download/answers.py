"""Judging the head of an HTTP answer to a ranged request. Pure: values in, a verdict out."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from enum import Enum, auto

_CONTENT_RANGE = re.compile(r"bytes (\d{1,20})-(\d{1,20})/(\d{1,20})", re.ASCII)
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):", re.ASCII)
_STALE = (401, 403, 404, 410)
_BUSY = (408, 425, 429)


class Verdict(Enum):
    """What the answer is good for."""

    PARTIAL = auto()  # exactly the range that was asked for
    WHOLE = auto()  # the whole file, from its first byte
    CHANGED = auto()  # right in form, but of another version (ETag)
    STALE = auto()  # the link is no longer good
    BUSY = auto()  # try again later
    NONSENSE = auto()  # nothing that may be written to the file


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer. `length` is Content-Length, None where there is none."""

    status: int
    content_range: str = ""
    length: int | None = None
    etag: str = ""  # or the date of the file, where it has none
    encoding: str = ""
    retry_after_seconds: float = 0.0
    content_sha256: str | None = None  # of just these bytes, where the source tells it


def told_sha256(header: str) -> str | None:
    """The SHA-256 of a digest field of RFC 9530, in hexadecimal; None where it has none."""
    match = _SHA256.search(header)
    try:
        digest = base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        return None
    return digest.hex() if len(digest) == 32 else None


def judge(answer: Answer, start: int, stop: int, size: int, etag: str | None) -> Verdict:
    """Compares an answer with what was asked: bytes `start` to `stop` (excluded) of a file of
    `size` bytes, known by `etag` (None: not known, or not to be relied on)."""
    if answer.status in _STALE:
        return Verdict.STALE
    if answer.status in _BUSY or 500 <= answer.status <= 599:
        return Verdict.BUSY
    if answer.encoding.lower() not in ("", "identity"):
        return Verdict.NONSENSE
    changed = etag is not None and answer.etag not in ("", etag)
    if answer.status == 206 and _is_exactly(answer, start, stop, size):
        return Verdict.CHANGED if changed else Verdict.PARTIAL
    if answer.status == 200 and changed:
        return Verdict.CHANGED  # the usual answer to If-Range; the new version may have any size
    if answer.status == 200 and answer.length == size:
        return Verdict.WHOLE
    return Verdict.NONSENSE


def is_strong(etag: str) -> bool:
    """Whether an ETag may stand in If-Range (RFC 9110, 13.1.5: weak ones never match)."""
    return len(etag) >= 2 and etag.startswith('"') and etag.endswith('"') and etag.isprintable()


def _is_exactly(answer: Answer, start: int, stop: int, size: int) -> bool:
    match = _CONTENT_RANGE.fullmatch(answer.content_range.strip())
    if match is None or tuple(map(int, match.groups())) != (start, stop - 1, size):
        return False
    return answer.length is None or answer.length == stop - start
