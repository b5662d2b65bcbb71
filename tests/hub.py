"""A stand-in hub on loopback: a real HTTP server that speaks the hub's contract and misbehaves on order.

It serves what `huggingface_hub` asks for (model info, HEAD of a file with the hub's headers,
a redirect to a signed link on another origin) and the bytes themselves with ranges. `Faults`
say how it misbehaves and may be replaced while it runs. It counts the body bytes it sent.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import mmap
import os
import random
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
_PIECE = 16 << 10
_CATCHES_UP_S = 0.05  # of what a busy machine held up of a throttled body: it never comes in a burst


@dataclass(frozen=True, slots=True)
class Faults:
    """How the hub misbehaves; the default is well."""

    reset_every: int = 0  # bytes over all connections between two resets
    close_every: int = 0  # the same with an orderly end (FIN)
    stall_after: int = -1  # bytes after which bodies stop for ever
    stall_heads: bool = False  # requests for bodies are never answered
    busy_share: float = 0.0  # of body requests that are answered with `busy_status`
    busy_status: int = 503
    flip_at: int = -1  # offset of a byte that is sent with one bit flipped
    flip_times: int = 1_000_000  # how often the flipped byte is sent before it heals
    truncate: int = 0  # bytes that every body of more than that lacks at its end
    shift_range: int = 0  # Content-Range (and bytes) begin so many bytes late
    etag: str = ""  # ETag of bodies; "" for the true one
    hub_sha256: str = ""  # what HEAD says of the file; "" for the truth
    ranges: bool = True  # False: 200 and the whole file
    html: bool = False  # a login page for every body
    link_seconds: float = 0.0  # how long a signed link lives; 0 for ever
    dead_links: bool = False  # signed links are refused at once
    bytes_per_second: float = 0.0  # throttle of each connection
    drip_seconds: float = 0.0  # between two bytes of a body
    lie_length: int = 0  # added to Content-Length
    redirect_to: str = ""  # where HEAD sends instead of the signed link
    bodies_to: str = ""  # where requests for bodies are sent on to
    body_status: int = 0  # bodies are answered with this
    resolve_status: int = 0  # HEAD of a file is answered with this
    gated: bool = False
    api_status: int = 0
    api_body: bytes | None = None
    compress: bool = False  # claims Content-Encoding: gzip


@dataclass(slots=True)
class HubFile:
    content: bytes
    sha256: str = ""  # as listed; "" for the truth, "none" for no lfs entry
    size: int | None = None  # as listed
    path: Path | None = None  # where the content lies on a disk, for speed
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        self.digest = self.sha256 or hashlib.sha256(self.content).hexdigest()

    @classmethod
    def of(cls, path: Path) -> Self:
        """A large file: it is not read into memory."""
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return cls(content, path=path)  # type: ignore[arg-type]  a mapping is as good as bytes here


@dataclass(slots=True)
class Served:
    """What the hub saw."""

    body_bytes: int = 0
    requests: Counter[str] = field(default_factory=Counter)  # "HEAD", "GET", "api"
    connections: int = 0
    open_bodies: int = 0
    authorizations: list[tuple[str, str]] = field(default_factory=list)  # (origin, value)
    last_sent_at: float = 0.0


class StandInHub:
    """Two servers: the hub itself and the origin that signed links lead to. A context manager."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """With `tls` its names are hub.test and cdn.test, which only a proxy resolves."""
        self.tls = tls
        self.repositories: dict[str, dict[str, HubFile]] = {}
        self.facts: dict[str, dict[str, Any]] = {}  # what a search tells of headers, by repository
        self.faults = Faults()
        self.served = Served()
        self.lock = threading.Lock()
        self.random = random.Random(7)
        self.closing = threading.Event()
        self.flips = 0
        self.digests = False  # ranges come with a Content-Digest where it is asked for
        self.xet = False  # HEAD tells a xet hash and where tokens are had
        self.xet_route = ""  # instead of the hub's own
        self.xet_parts: bytes | None = None  # what the storage of chunks answers when it is asked for a file
        self.xet_stalls = False  # it answers nothing
        self.buffer_bytes = 64 << 10  # of a socket; small, so that bytes counted as served did arrive; 0: any
        self._hub = _Server(self, port)
        self._cdn = _Server(self, 0)

    @property
    def endpoint(self) -> str:
        return self._address("hub.test", self._hub)

    @property
    def port(self) -> int:
        return self._hub.server_port

    @property
    def cdn(self) -> str:
        return self._address("cdn.test", self._cdn)

    def _address(self, name: str, server: _Server) -> str:
        return f"http{'s' if self.tls else ''}://{name if self.tls else '127.0.0.1'}:{server.server_port}"

    def add(self, repository: str, **files: bytes | HubFile) -> None:
        for name, content in files.items():
            self.add_file(repository, name, content)

    def add_file(self, repository: str, name: str, content: bytes | HubFile) -> HubFile:
        file = content if isinstance(content, HubFile) else HubFile(content)
        self.repositories.setdefault(repository, {})[name] = file
        return file

    def at_rest(self) -> Served:
        """What it saw, once nothing is being sent: bytes are counted a moment after they went out."""
        deadline = time.monotonic() + 60
        while self.served.open_bodies:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return self.served

    def __enter__(self) -> Self:
        for server in (self._hub, self._cdn):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.closing.set()
        for server in (self._hub, self._cdn):
            server.shutdown()
            server.cut_all()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64  # what finds no place tries again only a second later

    def __init__(self, hub: StandInHub, port: int) -> None:
        self.hub = hub
        self.sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        if hub.tls is not None:
            self.socket = hub.tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.hub.buffer_bytes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.hub.buffer_bytes)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.hub.lock:
            self.hub.served.connections += 1
            self.sockets.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self.hub.lock:
            self.sockets.discard(request)
        super().shutdown_request(request)

    def cut_all(self) -> None:
        with self.hub.lock:
            sockets = list(self.sockets)
        for connection in sockets:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what these tests are about: no trace on stderr."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    @property
    def hub(self) -> StandInHub:
        return self.server.hub

    def do_HEAD(self) -> None:
        self._note("HEAD")
        found = self._requested_file()
        if found is not None:
            self._answer_head(*found)

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/api/models":
            self._note("search")
            self._answer_search()
            return
        if "/xet-read-token/" in self.path or self.path.startswith("/v1/reconstructions/"):
            self._note("xet")
            self._answer_xet()
            return
        if self.path.startswith("/api/v1/models/"):
            self._answer_modelscope()
            return
        if self.path.startswith("/api/models/"):
            self._note("api")
            self._answer_api()
            return
        self._note("GET")
        found = self._requested_file()
        if found is not None:
            self._answer_body(found[1])

    def _note(self, kind: str) -> None:
        value = self.headers.get("Authorization")
        with self.hub.lock:
            self.hub.served.requests[kind] += 1
            if value is not None:
                scheme = "https" if self.hub.tls else "http"
                self.hub.served.authorizations.append((f"{scheme}://{self.headers['Host']}", value))

    # metadata
    def _answer_api(self) -> None:
        faults = self.hub.faults
        repository = unquote(urlsplit(self.path).path.removeprefix("/api/models/")).split("/revision/")[0]
        if faults.api_status:
            self._plain(faults.api_status, b"{}")
        elif faults.api_body is not None:
            self._plain(200, faults.api_body, "application/json")
        elif repository not in self.hub.repositories:
            self._plain(404, b"{}", error="RepoNotFound")
        else:
            files = self.hub.repositories[repository]
            info = {
                "id": repository,
                "sha": COMMIT,
                "gated": "manual" if faults.gated else False,
                "siblings": [_sibling(name, file) for name, file in files.items()],
            }
            self._plain(200, json.dumps(info).encode(), "application/json")

    def _answer_modelscope(self) -> None:
        """One folder at a time, and bodies without a redirect."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        repository, _, what = unquote(parts.path).removeprefix("/api/v1/models/").partition("/repo")
        files = self.hub.repositories.get(repository, {})
        if what == "/files" and files:
            self._note("api")
            root = query.get("Root", "")
            below = {
                name: file for name, file in files.items() if name.startswith(f"{root}/" if root else "")
            }
            entries = [_modelscope_entry(name, root, file) for name, file in below.items()]
            listed = list({str(entry["Path"]): entry for entry in entries}.values())
            body = {"Code": 200, "Data": {"Files": listed}}
            self._plain(200, self.hub.faults.api_body or json.dumps(body).encode(), "application/json")
        elif query.get("FilePath") in files:
            self._note("GET")
            self._answer_body(files[query["FilePath"]])
        else:
            self._plain(404, b"{}")

    def _answer_xet(self) -> None:
        """The token is had from the hub, and is good for the storage."""
        if self.hub.xet_stalls:
            self.hub.closing.wait(60)
        elif "/xet-read-token/" in self.path:
            told = {"accessToken": "storage", "exp": 2_000_000_000, "casUrl": self.hub.cdn}
            self._plain(200, json.dumps(told).encode(), "application/json")
        elif self.headers.get("Authorization") != "Bearer storage" or self.hub.xet_parts is None:
            self._plain(401, b"")
        else:
            self._plain(200, self.hub.xet_parts, "application/json")

    def _answer_search(self) -> None:
        """Repositories with the words in their names, as `expand` of the real hub describes them."""
        faults = self.hub.faults
        words = parse_qs(urlsplit(self.path).query).get("search", [""])[0].casefold()
        if faults.api_status:
            self._plain(faults.api_status, b"{}")
            return
        found = [
            {
                "id": name,
                "downloads": 1000 - number,
                "gated": False,
                "gguf": self.hub.facts.get(name),
                "siblings": [{"rfilename": file} for file in files],
            }
            for number, (name, files) in enumerate(self.hub.repositories.items())
            if words in name.casefold()
        ]
        body = faults.api_body if faults.api_body is not None else json.dumps(found).encode()
        self._plain(200, body, "application/json")

    def _answer_head(self, name: str, file: HubFile) -> None:
        faults = self.hub.faults
        if faults.resolve_status:
            error = "GatedRepo" if faults.gated else None
            self._plain(faults.resolve_status, b"", error=error)
            return
        self.send_response(302)
        signed = f"{self.hub.cdn}{quote(urlsplit(self.path).path)}?signed={time.time()}"
        self.send_header("Location", faults.redirect_to or signed)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("X-Linked-Etag", f'"{faults.hub_sha256 or file.digest}"')
        self.send_header("X-Linked-Size", str(len(file.content)))
        if self.hub.xet:
            repository = self.path.split("/resolve/")[0].lstrip("/")
            own = f"{self.hub.endpoint}/api/models/{repository}/xet-read-token/{COMMIT}"
            self.send_header("X-Xet-Hash", hashlib.sha256(b"xet" + file.content).hexdigest())
            self.send_header("Link", f'<{self.hub.xet_route or own}>; rel="xet-auth"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _requested_file(self) -> tuple[str, HubFile] | None:
        path = unquote(urlsplit(self.path).path).lstrip("/")
        for repository, files in self.hub.repositories.items():
            for name, file in files.items():
                if path == f"{repository}/resolve/{COMMIT}/{name}":
                    return name, file
        self._plain(404, b"", error="EntryNotFound")
        return None

    # bytes
    def _answer_body(self, file: HubFile) -> None:
        faults = self.hub.faults
        if faults.stall_heads:
            self.hub.closing.wait(60)
            return
        if self._refused(faults):
            return
        size = len(file.content)
        etag = faults.etag or f'"{file.digest[:32]}"'
        start, stop = self._range(size, etag, faults)
        if start >= size:
            self._plain(416, b"")
            return
        partial = faults.ranges and "Range" in self.headers and self.headers.get("If-Range", etag) == etag
        if not partial:
            start, stop = 0, size
        self.send_response(206 if partial else 200)
        if partial:
            shifted = start + faults.shift_range
            self.send_header("Content-Range", f"bytes {shifted}-{stop - 1}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", etag)
        if faults.compress:
            self.send_header("Content-Encoding", "gzip")
        if self.hub.digests and "sha-256" in self.headers.get("Want-Content-Digest", ""):
            digest = base64.b64encode(hashlib.sha256(file.content[start:stop]).digest()).decode()
            self.send_header("Content-Digest", f"sha-256=:{digest}:")
        self.send_header("Content-Length", str(stop - start + faults.lie_length))
        self.end_headers()
        with self.hub.lock:
            self.hub.served.open_bodies += 1
        try:
            if file.path is not None and faults == Faults():
                self._send_fast(file.path, start, stop)
            else:
                self._send(file.content, start, stop, faults)
        finally:
            with self.hub.lock:
                self.hub.served.open_bodies -= 1

    def _refused(self, faults: Faults) -> bool:
        signed = parse_qs(urlsplit(self.path).query).get("signed", ["0"])[0]
        age = time.time() - float(signed)
        if faults.dead_links or (faults.link_seconds and float(signed) and age > faults.link_seconds):
            self._plain(403, b"expired")
        elif faults.bodies_to:
            self._plain(302, b"", location=faults.bodies_to)
        elif faults.body_status:
            self._plain(faults.body_status, b"no")
        elif faults.html:
            self._plain(200, b"<html>please log in</html>", "text/html")
        elif faults.busy_share and self.hub.random.random() < faults.busy_share:
            self._plain(faults.busy_status, b"busy")
        else:
            return False
        return True

    def _range(self, size: int, etag: str, faults: Faults) -> tuple[int, int]:
        asked = self.headers.get("Range", "").removeprefix("bytes=")
        if not asked:
            return 0, size
        first, _, last = asked.partition("-")
        return int(first), min(int(last) + 1, size) if last else size

    def _send_fast(self, path: Path, start: int, stop: int) -> None:
        self.wfile.flush()
        with path.open("rb") as file:
            while start < stop:
                sent = os.sendfile(self.connection.fileno(), file.fileno(), start, min(1 << 20, stop - start))
                self._count(sent, self.hub.faults)
                start += sent

    def _send(self, content: bytes, start: int, stop: int, faults: Faults) -> None:
        if faults.truncate and stop - start > faults.truncate:
            stop -= faults.truncate
            self.close_connection = True
        sent = 0
        due = time.monotonic()
        for offset in range(start, stop, _PIECE):
            piece = content[offset : min(offset + _PIECE, stop)]
            if 0 <= faults.stall_after <= sent:
                self.hub.closing.wait(60)
                return
            if faults.drip_seconds:
                self._drip(piece, faults.drip_seconds)
                return
            self.wfile.write(self._flipped(piece, offset, faults))
            sent += len(piece)
            if self._count(len(piece), faults):
                return
            if faults.bytes_per_second:
                now = time.monotonic()
                due = max(due, now - _CATCHES_UP_S) + len(piece) / faults.bytes_per_second
                if due > now and self.hub.closing.wait(due - now):
                    return

    def _drip(self, piece: bytes, seconds: float) -> None:
        for byte in piece:
            self.wfile.write(bytes([byte]))
            if self.hub.closing.wait(seconds):
                return

    def _flipped(self, piece: bytes, offset: int, faults: Faults) -> bytes:
        at = faults.flip_at - offset
        if faults.flip_at < 0 or not 0 <= at < len(piece):
            return piece
        with self.hub.lock:
            self.hub.flips += 1
            if self.hub.flips > faults.flip_times:
                return piece
        return piece[:at] + bytes([piece[at] ^ 4]) + piece[at + 1 :]

    def _count(self, sent: int, faults: Faults) -> bool:
        """Counts what was sent; True if the connection was ended by a fault."""
        with self.hub.lock:
            served = self.hub.served
            before = served.body_bytes
            served.body_bytes += sent
            served.last_sent_at = time.monotonic()
            resets = _crosses(before, sent, faults.reset_every)
            closes = _crosses(before, sent, faults.close_every)
        if resets:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if resets or closes:
            self.close_connection = True
            if closes:
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()
        return resets or closes

    def _plain(
        self, status: int, body: bytes, kind: str = "text/plain", error: str | None = None, location: str = ""
    ) -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if error:
            self.send_header("X-Error-Code", error)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _crosses(before: int, sent: int, every: int) -> bool:
    return bool(every) and before // every != (before + sent) // every


def _sibling(name: str, file: HubFile) -> dict[str, Any]:
    size = len(file.content) if file.size is None else file.size
    entry: dict[str, Any] = {"rfilename": name, "size": size, "blobId": "0" * 40}
    if file.sha256 != "none":
        entry["lfs"] = {"sha256": file.digest, "size": size, "pointerSize": 134}
    return entry


def _modelscope_entry(name: str, root: str, file: HubFile) -> dict[str, Any]:
    inside = name.removeprefix(f"{root}/" if root else "")
    if "/" in inside:
        folder = f"{root}/{inside.split('/')[0]}" if root else inside.split("/")[0]
        return {"Path": folder, "Type": "tree", "Size": 0}
    return {"Path": name, "Type": "blob", "Size": len(file.content), "Sha256": file.digest}
