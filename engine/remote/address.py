"""Addresses of endpoints: which may be used, what belongs to one origin, and how a model is named."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from engine.download.endpoints import is_loopback, origin_of, shown
from engine.errors import RemoteError

SOURCE = "remote"  # of an InstalledModel that is elsewhere
_LONGEST = 2000
_CALLS = ("/chat/completions", "/completions", "/models", "/embeddings")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a remote model is. `InstalledModel.path` is "URL#MODEL"."""

    url: str  # "https://host/v1"
    model: str  # as the endpoint calls it

    @property
    def host(self) -> str:
        """For sentences: "host" or "host:port"."""
        return host_of(self.url)

    @property
    def path(self) -> str:
        return f"{self.url}#{self.model}"


def place_of(path: str) -> Place:
    """The place that an InstalledModel's path names. Raises: RemoteError, for a path that is none."""
    url, mark, model = path.partition("#")
    if not mark or not model:
        raise RemoteError.of("remote_address_invalid", address=shown(path), reason="it names no model")
    return Place(checked_address(url), model)


def checked_address(text: str) -> str:
    """The address without what people copy along: a slash or a call at its end. /v1 where it has no path.

    Raises: RemoteError, unless it is http or https, printable, and nothing but an address.
    """
    url = text.strip().rstrip("/")
    for call in _CALLS:
        url = url.removesuffix(call)
    problem = _problem(url)
    if problem:
        raise RemoteError.of("remote_address_invalid", address=shown(text), reason=problem)
    parts = urlsplit(url)
    return SplitResult(parts.scheme, parts.netloc.lower(), parts.path or "/v1", "", "").geturl()


def origin_text(url: str) -> str:
    """Scheme, host and port in one text: whoever is the same here may see the same key."""
    scheme, host, port = origin_of(url)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def host_of(url: str) -> str:
    """Host and, if written, port. For sentences only."""
    return urlsplit(url).netloc[:200]


def in_clear(url: str) -> bool:
    """Whether what is sent there could be read on the way."""
    return urlsplit(url).scheme == "http" and not is_loopback(url)


def _problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading the port is what checks it
    except ValueError:
        return "it is not an address"
    if parts.scheme not in ("http", "https"):
        return "it does not begin with https:// or http://"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url or not host:
        return "it is not an address"
    if len(url) > _LONGEST:
        return "it is too long"
    if "@" in parts.netloc:
        return "it carries a user name or password"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "it has more behind its path"
    return ""
