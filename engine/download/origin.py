"""One place that has a file, and the line to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from engine.download.answers import told_sha256
from engine.download.endpoints import shown
from engine.download.folder_line import FolderLine
from engine.download.lines import Line, Located
from engine.download.steps import Resolution
from engine.download.values import DownloadPlan, RemoteFile, Way
from engine.download.wire import Wire
from engine.download.xet_line import XetClient, XetLine

LARGEST_OVER_HTTP = 50_000_000_000  # the hub gives out no larger file but in chunks
_CONTENT_RANGE = re.compile(r"bytes \d{1,20}-\d{1,20}/(\d{1,19})", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """`url` is the address of the file (a path for `FOLDER`); a token is for `endpoint` alone."""

    way: Way
    url: str
    endpoint: str = ""
    hub_token: str | None = None

    @property
    def name(self) -> str:
        """For people: a server or a path."""
        if self.way is Way.FOLDER or self.endpoint:
            return shown(self.endpoint or self.url)
        parts = urlsplit(self.url)
        return shown(f"{parts.scheme}://{parts.netloc}")


def hub_address(endpoint: str, repository: str, commit: str, path: str) -> str:
    return f"{endpoint}/{repository}/resolve/{commit}/{quote(path)}"


def sources_of(plan: DownloadPlan, file: RemoteFile, hub_token: str | None) -> tuple[Source, ...]:
    """All places of a file. What the hub gives out in chunks only is asked for in chunks first; for other
    files that is the last resort, behind all places that HTTP reaches."""
    others = tuple(Source(place.way, place.url) for place in file.elsewhere)
    if not plan.commit:
        return others
    url = hub_address(plan.endpoint, plan.repository, plan.commit, file.path)
    hub = Source(Way.HUB, url, plan.endpoint, hub_token)
    chunks = Source(Way.XET, url, plan.endpoint, hub_token)
    return (chunks, hub, *others) if file.size_bytes > LARGEST_OVER_HTTP else (hub, *others, chunks)


def reserves(sources: Sequence[Source]) -> int:
    """How many at the end are for when all others have refused."""
    return int(len(sources) > 1 and sources[-1].way is Way.XET)


def line_to(source: Source, stall_seconds: float, xet: XetClient | None) -> Line:
    """Not connected yet."""
    if source.way is Way.FOLDER:
        return FolderLine()
    wire = Wire(source.endpoint or source.url, source.hub_token, stall_seconds, source.way is not Way.PLAIN)
    if source.way is Way.XET and xet is not None:
        return XetLine(wire, xet, source.endpoint, source.hub_token)
    return wire


def resolution(found: Located) -> Resolution:
    """Size and checksum that an answer tells; an ETag that is no SHA-256 says nothing of the content."""
    headers = found.headers
    size_text = headers.get("x-linked-size", "")
    ranged = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if ranged:
        size_text = ranged[1]
    elif not size_text and found.answer.status == 200:
        size_text = headers.get("content-length", "")
    size = int(size_text) if size_text.isascii() and size_text.isdigit() and len(size_text) < 20 else None
    etag = (headers.get("x-linked-etag") or headers.get("etag", "")).removeprefix("W/").strip('"').lower()
    return Resolution(size, etag if _SHA256.fullmatch(etag) else told_sha256(headers.get("repr-digest", "")))
