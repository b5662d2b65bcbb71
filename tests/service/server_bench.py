"""The API in this process, over one real worker, for tests that talk to it through real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine import events
from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.events import Emit, Event, JobId
from engine.runtime.client import RuntimeClient
from engine.runtime.values import (
    EmbeddingRequest,
    EngineStatus,
    GenerationRequest,
    LoadRequest,
    LoadWish,
    RunningModel,
    RuntimeState,
)
from engine.server.app import Api
from engine.server.bridge import EventBridge
from engine.server.connection import Connection
from engine.server.gate import rules
from engine.server.listening import listen
from engine.server.models import ServedModels
from engine.server.service import Service
from tests.service.runtime_bench import COMMAND, PATIENCE_S


class WorkerBackend:
    """Implements Backend over one worker with one thread: loads what a command names, when it is not
    the model that runs. The engine's host does this with plans and for several models."""

    def __init__(
        self,
        emit: Emit,
        log: Path,
        n_sequences: int = 4,
        context_length: int = 2048,
        projector: str = "",
    ) -> None:
        self._emit = emit
        self._n_sequences = n_sequences
        self._context_length = context_length
        self._projector = projector
        self._client = RuntimeClient(COMMAND, self._passed_on, log)
        self._request: LoadRequest | None = None
        self._model: InstalledModel | None = None
        self._inner: set[JobId] = set()
        self.cancelled: list[JobId] = []
        self.asked: list[JobId] = []

    @property
    def pid(self) -> int | None:
        return self._client.pid

    def _passed_on(self, event: Event) -> None:
        if event.job not in self._inner:  # loads that nobody asked for by name
            self._emit(event)

    def load(self, job: JobId, wish: LoadWish) -> None:
        wanted = LoadRequest(
            wish.model.path,
            wish.context_length or self._context_length,
            threads=1,
            n_sequences=self._n_sequences,
            embedding=wish.embedding,
            projector=self._projector,
        )
        if wanted == self._request and self._client.pid is not None:
            if job not in self._inner:
                self._emit(events.JobFinished(job))
            return
        self._request, self._model = wanted, wish.model
        self._client.load(job, wanted, wish.model)

    def generate(self, job: JobId, request: GenerationRequest, wish: LoadWish) -> None:
        self.asked.append(job)
        self._load_for(wish)
        self._client.generate(job, request)

    def embed(self, job: JobId, request: EmbeddingRequest, wish: LoadWish) -> None:
        self._load_for(wish)
        self._client.embed(job, request)  # type: ignore[attr-defined]

    def _load_for(self, wish: LoadWish) -> None:
        inner = events.new_job_id()
        self._inner.add(inner)
        self.load(inner, wish)

    def unload(self, job: JobId, path: str = "") -> None:
        self._request = self._model = None
        self._client.unload(job)

    def forget(self, job: JobId, conversation: str) -> None:
        self._emit(events.JobFinished(job))

    def look(self, job: JobId) -> None:
        models: tuple[RunningModel, ...] = ()
        if self._model is not None and self._request is not None:
            models = (
                RunningModel(
                    self._model, self._client.state, self._client.facts, self._request,
                    answering=0, waiting=0, answers=len(self.asked), prompt_tokens=0, reused_tokens=0,
                    generated_tokens=0, prompt_s=0, generation_s=0, queue_s=0, first_token_s=0,
                    evaluated_tokens=0, widths=0, crashes=0, idle_s=0,
                ),
            )  # fmt: skip
        self._emit(events.EngineSeen(job, EngineStatus(os.getpid(), "test", 1, 1.0, models)))
        self._emit(events.JobFinished(job))

    def cancel(self, job: JobId) -> None:
        self.cancelled.append(job)
        self._client.cancel(job)

    def close(self, timeout_s: float = 3) -> None:
        self._client.close(timeout_s)

    @property
    def state(self) -> RuntimeState:
        return self._client.state


class Served:
    """The API, listening on a free port of the loopback until `close`."""

    def __init__(
        self,
        folder: Path,
        *,
        key: str = "",
        hosts: Sequence[str] = (),
        origins: Sequence[str] = (),
        models: Sequence[Path] = (),
        connection: type[Connection] = Connection,
        backend: type[WorkerBackend] = WorkerBackend,
        **options: Any,
    ) -> None:
        """`models` are installed beside the starter."""
        self._key, self._hosts, self._origins = key, hosts, origins
        self._options = options
        self._connection = connection
        self._make = backend
        self._folder = folder
        self.library = Library(folder / "models", folder / "state")
        for path in models:
            self.library.register(self.library.local(path))
        self._listening = listen("127.0.0.1", 0)
        self.port = self._listening.port
        self.url = self._listening.address
        self.key = key
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="served")
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        bridge = EventBridge()
        self.backend = self._make(bridge.emit, self._folder / "worker.log", **self._options)
        self.api = Api(
            self.backend,
            bridge,
            ServedModels(self.library, lambda: ""),
            rules("127.0.0.1", self._hosts, self._origins, self._key),
        )
        service = Service(self.api, self._listening, self._connection)
        await service.start()
        self._ready.set()
        await self._stop.wait()
        await service.stop()
        self.backend.close()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def connect(self, receive_buffer: int = 0) -> socket.socket:
        raw = socket.socket()
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        raw.settimeout(4 * PATIENCE_S)  # crowds take long on a busy machine
        raw.connect(("127.0.0.1", self.port))
        return raw


def http_request(path: str, body: object = None, *, host: str = "localhost", more: str = "") -> bytes:
    """The bytes of a request; POST when it has a body. `more` are header lines, each ending in CRLF."""
    data = b"" if body is None else json.dumps(body).encode()
    verb = "GET" if body is None else "POST"
    head = f"{verb} {path} HTTP/1.1\r\nHost: {host}\r\n{more}"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
    return head.encode() + b"\r\n" + data


def read_response(raw: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One response of a connection that stays open: status, headers, body."""
    stream = raw.makefile("rb")
    status = int(stream.readline().split()[1])
    headers = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
    else:
        body = stream.read(int(headers.get("content-length", 0)))
    return status, headers, body


def until(condition: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
    """Whether the condition comes true within that time."""
    pause = threading.Event()
    waited = 0.0
    while not condition():
        if waited > seconds:
            return False
        pause.wait(0.01)
        waited += 0.01
    return True
