"""A stand-in endpoint on loopback: real sockets, an answer for every path, and every kind of misbehaviour.

What it answers is a function of the test that writes raw bytes, so that anything can be sent.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@dataclass(slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]  # lower-case names
    body: dict[str, Any]


@dataclass(slots=True)
class Line:
    """The connection, as an answer writes to it."""

    socket: socket.socket
    gone_at: float = 0.0  # time.monotonic() when the client was seen to have gone
    may_go_on: threading.Event = field(default_factory=threading.Event)  # for answers that wait

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def event(self, chunk: Any) -> None:
        text = chunk if isinstance(chunk, str) else json.dumps(chunk)
        self.send(f"data: {text}\n\n".encode())

    def say(self, text: str, **more: Any) -> None:
        self.event({"choices": [{"index": 0, "delta": {"content": text, **more}}]})

    def end(self, reason: str = "stop", **more: Any) -> None:
        self.event({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}], **more})
        self.event("[DONE]")

    def reset(self) -> None:
        """The connection ends with RST, not FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def wait_until_gone(self, most_s: float = 60.0) -> None:
        """Until the client has closed."""
        self.socket.settimeout(most_s)
        with contextlib.suppress(OSError):
            while self.socket.recv(4096):
                continue
            self.gone_at = time.monotonic()


Answer = Callable[[Request, Line], None]


@dataclass
class Endpoint:
    """`answer` may be replaced while it runs; `requests` and `lines` are what it saw."""

    answer: Answer
    requests: list[Request] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self.lines:
            with contextlib.suppress(OSError):
                line.socket.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = _read(connection)
            line = Line(connection)
            self.lines.append(line)  # first: who has seen the request looks for its line
            self.requests.append(request)
            self.answer(request, line)


def _read(connection: socket.socket) -> Request:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise OSError("the client went before it had asked")
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        piece = connection.recv(65536)
        if not piece:
            raise OSError("the client went while it asked")
        body += piece
    return Request(method, path, headers, json.loads(body) if body else {})


def reply(status: int, body: Any, **headers: str) -> bytes:
    """A whole answer with a length."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + content


def models(*names: str, **more: Any) -> bytes:
    return reply(200, {"object": "list", "data": [{"id": name, **more} for name in names]})
