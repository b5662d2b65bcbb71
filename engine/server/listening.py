"""The sockets that the API listens on."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psutil

from engine.errors import UsageError

BACKLOG: Final = 128
# Bounds what the system holds for a client that does not read.
_SEND_BUFFER: Final = 256 * 1024  # bytes


_MOST_ADDRESSES: Final = 8


@dataclass(frozen=True, slots=True)
class Listening:
    sockets: tuple[socket.socket, ...]
    host: str  # as it was asked for
    port: int

    @property
    def address(self) -> str:
        """What clients are given as base URL."""
        host = self.host
        if is_any_address(host):
            host = "::1" if ":" in host else "127.0.0.1"
        return self._url(host)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Base URLs for other machines."""
        if is_any_address(self.host):
            family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
            return tuple(map(self._url, addresses_here(family)))
        return () if is_loopback(self.host) else (self.address,)

    def _url(self, host: str) -> str:
        return f"http://[{host}]:{self.port}/v1" if ":" in host else f"http://{host}:{self.port}/v1"


def addresses_here(family: socket.AddressFamily = socket.AF_INET) -> tuple[str, ...]:
    """Its addresses on networks; the few that most machines have."""
    found = (each for addresses in psutil.net_if_addrs().values() for each in addresses)
    plain = (each.address.partition("%")[0] for each in found if each.family == family)
    kept = [text for text in plain if not _is_local(text)]
    return tuple(dict.fromkeys(kept))[:_MOST_ADDRESSES]


def _is_local(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.is_loopback or address.is_link_local


def is_any_address(host: str) -> bool:
    """Whether it stands for every address of this machine, in any spelling."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether other machines cannot reach it. Raises: UsageError, for a name that is unknown."""
    return all(ipaddress.ip_address(found[0]).is_loopback for _, found in _addresses(host, 0))


def listen(host: str, port: int) -> Listening:
    """On every address of that name; port 0 picks a free one. Raises: UsageError."""
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            # All addresses share the port that the first one was given.
            chosen = sockets[0].getsockname()[1] if sockets else port
            sockets.append(_bound(family, (address[0], chosen, *address[2:])))
    except OSError as error:
        for each in sockets:
            each.close()
        code = "serve_port_taken" if error.errno == errno.EADDRINUSE else "serve_address"
        reason = error.strerror or str(error)
        raise UsageError.of(code, host=host, port=port, reason=reason) from error
    return Listening(tuple(sockets), host, sockets[0].getsockname()[1])


def _addresses(host: str, port: int) -> Sequence[tuple[socket.AddressFamily, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError.of("serve_address", host=host, port=port, reason=reason) from error
    usable = {(family, address) for family, _, _, _, address in found if family in _families()}
    return sorted(usable, key=lambda pair: pair[0] != socket.AF_INET)  # type: ignore[arg-type]


def _families() -> tuple[socket.AddressFamily, ...]:
    return (socket.AF_INET, socket.AF_INET6) if socket.has_ipv6 else (socket.AF_INET,)


def _bound(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # where it would let two programs share the port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made
