"""Ways to a server: directly, through an HTTP proxy, or through a SOCKS proxy; which certificates count.

What a person set (`engine.download.network`) counts before what the system says. Every connection of this
program to the outside is opened here.
"""

from __future__ import annotations

import base64
import socket
import ssl
import struct
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import truststore
from urllib3.connection import HTTPConnection, HTTPSConnection

from engine.download.endpoints import is_loopback, origin_of
from engine.download.network import DIRECT, Proxy, network, parse_proxy

CONNECT_SECONDS: Final = 6.0  # for each address of a server
_LONGEST_HEAD: Final = 16 << 10
# RFC 1928, 6
_SOCKS5_REFUSALS: Final[Mapping[int, str]] = {
    2: "its rules do not allow this connection",
    3: "it finds the network unreachable",
    4: "it finds the server unreachable",
    5: "the server refused its connection",
}

Opened = Callable[[socket.socket], None]


class ProxyError(OSError):
    """The proxy was reached, and does not do what it is for. The message is the reason."""


def proxy_for(url: str) -> Proxy | None:
    """The proxy for an address; None where it is reached directly, as this machine itself always is.

    Raises: ValueError, when the proxy that is set is none that can be used.
    """
    scheme, host, _ = origin_of(url)
    if is_loopback(url) or network().proxy == DIRECT or scheme != "https":
        return None  # plain http is for this machine and the local network only
    if network().proxy:
        proxy = parse_proxy(network().proxy)
        wants_password = proxy.user and not proxy.password
        return replace(proxy, password=network().password(proxy)) if wants_password else proxy
    if urllib.request.proxy_bypass(host):
        return None
    known = urllib.request.getproxies()
    found = known.get(scheme) or known.get("all") or known.get("socks")
    return parse_proxy(found) if found else None


def trust() -> truststore.SSLContext:
    """The system's certificates, and those that a person added. Raises: OSError, for a file that is none."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if network().certificates:
        context.load_verify_locations(network().certificates)
    return context


def target_of(url: str) -> str:
    """What a request for that address asks its server for."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def connection_to(url: str, opened: Opened | None = None) -> HTTPConnection:
    """Not connected yet. `opened` is given each socket before it connects, so that others can end it.

    Raises: ValueError, for an address or a proxy that is none; OSError, for certificates that are none.
    """
    scheme, host, port = origin_of(url)
    proxy = proxy_for(url)

    def dialled() -> socket.socket:
        return dial(host, port, proxy, opened or (lambda _: None))

    if scheme != "https":
        return _Plain(host, port, timeout=CONNECT_SECONDS, dialled=dialled)
    return _Secure(host, port, timeout=CONNECT_SECONDS, ssl_context=trust(), dialled=dialled)


class _Plain(HTTPConnection):
    def __init__(self, *words: Any, dialled: Callable[[], socket.socket], **named: Any) -> None:
        super().__init__(*words, **named)
        self._dialled = dialled

    def _new_conn(self) -> socket.socket:
        return self._dialled()


class _Secure(HTTPSConnection):
    def __init__(self, *words: Any, dialled: Callable[[], socket.socket], **named: Any) -> None:
        super().__init__(*words, **named)
        self._dialled = dialled

    def _new_conn(self) -> socket.socket:
        return self._dialled()


def dial(host: str, port: int, proxy: Proxy | None, opened: Opened) -> socket.socket:
    """A connected socket. Raises: OSError, ProxyError among them."""
    if proxy is None:
        return _connected(host, port, opened)
    line = _connected(proxy.host, proxy.port, opened)
    try:
        _HANDSHAKES[proxy.scheme](line, host, port, proxy)
    except (OSError, UnicodeError) as error:
        line.close()
        if isinstance(error, ProxyError):
            raise
        raise ProxyError(f"it broke off ({error}); it may be a proxy of another kind") from error
    return line


def _connected(host: str, port: int, opened: Opened) -> socket.socket:
    problem: OSError = ConnectionError("it has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(CONNECT_SECONDS)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened(line)
            line.connect(address)
        except OSError as error:
            line.close()
            problem = error
        else:
            return line
    raise problem


def _http_tunnel(line: socket.socket, host: str, port: int, proxy: Proxy) -> None:
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
    if proxy.user:
        login = base64.b64encode(f"{proxy.user}:{proxy.password}".encode()).decode()
        head += f"Proxy-Authorization: Basic {login}\r\n"
    line.sendall(f"{head}\r\n".encode("ascii"))
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = line.recv(1)  # not a byte more: what follows belongs to the server
        if not piece or len(answer) > _LONGEST_HEAD:
            raise ProxyError("its answer is not that of an HTTP proxy")
        answer += piece
    words = answer.split(b"\r\n", 1)[0].split(b" ")
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        raise ProxyError("its answer is not that of an HTTP proxy")
    if words[1] == b"407":
        raise ProxyError("it asks for a user name and a password (HTTP 407)")
    if not words[1].startswith(b"2"):
        raise ProxyError(f"it does not let this program through (HTTP {int(words[1][:3])})")


def _socks5(line: socket.socket, host: str, port: int, proxy: Proxy) -> None:
    """RFC 1928 and 1929. The name is left to the proxy to resolve."""
    line.sendall(b"\x05\x02\x00\x02" if proxy.user else b"\x05\x01\x00")
    version, way = _exactly(line, 2)
    if version != 5:
        raise ProxyError("its answer is not that of a SOCKS 5 proxy")
    if way == 2 and proxy.user:
        user, password = proxy.user.encode()[:255], proxy.password.encode()[:255]
        line.sendall(bytes([1, len(user)]) + user + bytes([len(password)]) + password)
        if _exactly(line, 2)[1] != 0:
            raise ProxyError("it does not accept the user name and password")
    elif way != 0:
        raise ProxyError("it asks for a user name and a password")
    name = host.encode("idna")
    line.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + struct.pack(">H", port))
    version, status, _, kind = _exactly(line, 4)
    if version != 5 or status != 0:
        raise ProxyError(_SOCKS5_REFUSALS.get(status, f"it refused (SOCKS 5, {status})"))
    _exactly(line, {1: 4, 4: 16}.get(kind) or _exactly(line, 1)[0])
    _exactly(line, 2)


def _socks4(line: socket.socket, host: str, port: int, proxy: Proxy) -> None:
    """SOCKS 4a: the name is left to the proxy to resolve."""
    user = proxy.user.encode().replace(b"\0", b"")
    line.sendall(
        b"\x04\x01" + struct.pack(">H", port) + b"\0\0\0\x01" + user + b"\0" + host.encode("idna") + b"\0"
    )
    answer = _exactly(line, 8)
    if answer[:2] != b"\0\x5a":
        raise ProxyError(f"it refused (SOCKS 4, {answer[1]})")


_HANDSHAKES: Final[Mapping[str, Callable[[socket.socket, str, int, Proxy], None]]] = {
    "http": _http_tunnel,
    "socks5": _socks5,
    "socks4": _socks4,
}


def _exactly(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = line.recv(count - len(data))
        if not piece:
            raise ProxyError("it ended the connection; it may be a proxy of another kind")
        data += piece
    return data
