"""Addresses: which may be used at all, where a redirect may lead, and who may see a token."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import SplitResult, urljoin, urlsplit

from engine.errors import DownloadError

HUB = "https://huggingface.co"
_DEFAULT_PORTS = {"https": 443, "http": 80}


def is_address(text: str) -> bool:
    """Whether a text is meant for an address, not for a repository."""
    return text.lower().startswith(("https://", "http://"))


def checked_endpoint(endpoint: str) -> str:
    """The address without a trailing slash.

    Raises: DownloadError, unless it is https, or plain http to this machine itself.
    """
    endpoint = endpoint.strip().rstrip("/")
    problem = _problem(endpoint, loopback_http=True)
    if problem:
        raise DownloadError.of("endpoint_refused", endpoint=shown(endpoint), reason=problem)
    return endpoint


def redirect_target(origin: str, location: str) -> str | None:
    """Where a redirect of `origin` leads, or None when it may not be followed.

    Plain http is followed only from loopback to loopback: an answer from the network must
    never send the program to a service of this machine.
    """
    try:
        target = urljoin(origin, location)
    except ValueError:
        return None
    return None if _problem(target, loopback_http=is_loopback(origin)) else target


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises: ValueError, for an address without a host."""
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"no host in {url!r}")
    return parts.scheme, parts.hostname.lower(), parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def is_loopback(url: str) -> bool:
    """Whether an address names this machine itself."""
    try:
        host = urlsplit(url).hostname or ""
        return host.lower() == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def environment_token(endpoint: str) -> str | None:
    """The token of HF_TOKEN, which belongs to the hub itself and to no mirror of it."""
    token = os.environ.get("HF_TOKEN", "").strip()
    return token if token and origin_of(endpoint) == origin_of(HUB) else None


def shown(url: str) -> str:
    """An address fit for a sentence: printable and short, without passwords or signatures."""
    try:
        parts = urlsplit(url)
        plain = SplitResult(parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "").geturl()
    except ValueError:
        plain = url
    return "".join(character if character.isprintable() else "?" for character in plain)[:200]


def _problem(url: str, loopback_http: bool) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port  # reading the port is what checks it
    except ValueError:
        return "it is not an address"
    if not url.isascii() or not url.isprintable() or " " in url or not host:
        return "it is not an address"
    if parts.username is not None or parts.password is not None:
        return "it carries a user name or password"
    if parts.scheme == "https":
        return None
    if parts.scheme != "http":
        return "its scheme is not https"
    if not (loopback_http and is_loopback(url)):
        return "it is not encrypted"
    return None
