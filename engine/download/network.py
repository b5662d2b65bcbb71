"""How this machine reaches others, as a person set it: values only, for those who open no connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

DIRECT: Final = "direct"
_PORTS: Final[Mapping[str, int]] = {"http": 8080, "socks4": 1080, "socks5": 1080}
_SCHEMES: Final[Mapping[str, str]] = {
    "http": "http",
    "socks": "socks5",
    "socks5": "socks5",
    "socks5h": "socks5",
    "socks4": "socks4",
    "socks4a": "socks4",
}


@dataclass(frozen=True, slots=True)
class Network:
    """How this machine reaches others, as a person set it."""

    proxy: str = ""  # "" for the system's, DIRECT for none, else http://, socks4:// or socks5://
    certificates: str = ""  # a PEM file of authorities that are trusted besides the system's
    password: Callable[[Proxy], str] = lambda _: ""  # of a proxy whose address names a user alone


@dataclass(frozen=True, slots=True)
class Proxy:
    scheme: str  # "http", "socks4" or "socks5"
    host: str
    port: int
    user: str = ""
    password: str = ""

    @property
    def shown(self) -> str:
        """Without its password."""
        return f"{self.scheme}://{self.host}:{self.port}"


_network = Network()


def network() -> Network:
    """What counts in this process now."""
    return _network


def use_network(chosen: Network) -> None:
    """From the next connection on, in this process."""
    global _network  # one a process, as huggingface-hub has one client a process
    _network = chosen


def parse_proxy(text: str) -> Proxy:
    """Raises: ValueError, unless it is a proxy of a kind that is known here."""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    scheme = _SCHEMES.get(parts.scheme.lower(), "")
    if not scheme or not parts.hostname or not text.isprintable() or " " in text:
        raise ValueError(f"no proxy that can be used: {parts.scheme}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(scheme, parts.hostname, parts.port or _PORTS[scheme], user, password)
