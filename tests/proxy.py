"""Stand-in proxies on loopback: HTTP CONNECT, SOCKS 5, SOCKS 4a. Every name leads to this machine."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class StandInProxy:
    """`kind` is "http", "socks5" or "socks4". With a login it refuses whoever has none."""

    def __init__(self, kind: str, login: tuple[str, str] | None = None, refusal: bytes = b"") -> None:
        self.kind = kind
        self.leads_to: dict[str, int] = {}  # ports on this machine for names, in place of those asked for
        self._login = login
        self._refusal = refusal  # sent in place of an agreement
        self.asked: list[tuple[str, int]] = []

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def url(self) -> str:
        login = f"{self._login[0]}:{self._login[1]}@" if self._login else ""
        return f"{self.kind}://{login}127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        agree = {"http": self._http, "socks5": self._socks5, "socks4": self._socks4}[self.kind]
        with line, contextlib.suppress(OSError, ValueError, IndexError):
            target = agree(line)
            if target is None:
                return
            self.asked.append(target)
            port = self.leads_to.get(target[0], target[1])
            with socket.create_connection(("127.0.0.1", port)) as there:
                back = threading.Thread(target=_pump, args=(there, line), daemon=True)
                back.start()
                _pump(line, there)
                back.join()

    def _http(self, line: socket.socket) -> tuple[str, int] | None:
        head = _until(line, b"\r\n\r\n").decode()
        if self._refusal:
            line.sendall(self._refusal)
            return None
        if self._login:
            wanted = base64.b64encode(":".join(self._login).encode()).decode()
            if f"Proxy-Authorization: Basic {wanted}" not in head:
                line.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                return None
        line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, _, port = head.split(" ")[1].rpartition(":")
        return host, int(port)

    def _socks5(self, line: socket.socket) -> tuple[str, int] | None:
        ways = _exactly(line, _exactly(line, 2)[1])
        way = 2 if self._login else 0
        line.sendall(bytes([5, way if way in ways else 255]))
        if way not in ways:
            return None
        if self._login:
            user = _exactly(line, _exactly(line, 2)[1])
            password = _exactly(line, _exactly(line, 1)[0])
            good = (user.decode(), password.decode()) == self._login
            line.sendall(b"\x01\x00" if good else b"\x01\x01")
            if not good:
                return None
        _exactly(line, 4)
        host = _exactly(line, _exactly(line, 1)[0]).decode()
        port = int.from_bytes(_exactly(line, 2), "big")
        line.sendall(self._refusal or b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        return None if self._refusal else (host, port)

    def _socks4(self, line: socket.socket) -> tuple[str, int] | None:
        port = int.from_bytes(_exactly(line, 8)[2:4], "big")
        _until(line, b"\0")
        host = _until(line, b"\0")[:-1].decode()
        line.sendall(b"\x00\x5a\x00\x00\x00\x00\x00\x00")
        return host, port


def _exactly(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = line.recv(count - len(data))
        if not piece:
            raise OSError("gone")
        data += piece
    return data


def _until(line: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        data += _exactly(line, 1)
    return data


def _pump(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
