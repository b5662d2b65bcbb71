"""The routes of the API, over a backend. OpenAI's protocol, with some of llama-server's fields."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.catalog.model import InstalledModel
from engine.events import Embedded, JobId
from engine.messages import Sentence
from engine.runtime.backend import Backend
from engine.runtime.values import EmbeddingRequest, GenerationRequest, LoadWish
from engine.server.answering import ClientGone, OpenRequests
from engine.server.bodies import Bodies
from engine.server.bridge import EventBridge
from engine.server.chat_request import read_chat_request
from engine.server.completion_request import read_completion_request
from engine.server.embedding_request import read_embeddings_request
from engine.server.embeddings import embeddings_body
from engine.server.engine_view import EngineView
from engine.server.gate import Gate, Rules
from engine.server.metrics import CONTENT_TYPE, HttpCounters, metrics_text
from engine.server.models import DEFAULT, ServedModels, created
from engine.server.refusals import RequestError
from engine.server.replies import ChatReply, CompletionReply, Reply
from engine.server.responses import Ask, Json, Start, StreamedAnswer, WholeAnswer, hang_up_noticed, refusal
from engine.server.room import Claim

_PATHS: Final = (
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/models",
    "/health",
    "/metrics",
)


class Api:
    """Made on the loop, and used there. `app` is the ASGI application."""

    def __init__(self, backend: Backend, bridge: EventBridge, models: ServedModels, rules: Rules) -> None:
        """`bridge.emit` must be what the backend was given."""
        self.ready = True  # False while the model of `--model` loads
        self.closing = False
        self.requests = OpenRequests(backend, bridge)
        self._backend = backend
        self._models = models
        self._engine = EngineView(self.requests)
        self._bodies = Bodies()
        self._counters = HttpCounters()
        self.app: ASGIApp = _Counting(Gate(self._routes(), rules), self._counters)

    def _routes(self) -> Starlette:
        chat, completions, embeddings, models, health, metrics = _PATHS
        return Starlette(
            routes=[
                Route(chat, self._chat, methods=["POST"]),
                Route(completions, self._completions, methods=["POST"]),
                Route(embeddings, self._embeddings, methods=["POST"]),
                Route(models, self._list_models),
                Route(models + "/{name:path}", self._one_model),
                Route(health, self._health),
                Route(metrics, self._metrics),
            ],
            exception_handlers={
                RequestError: _on_refusal,
                ClientGone: _on_hang_up,
                HTTPException: _on_wrong_path,
                Exception: _on_surprise,
            },
        )

    async def load(self, model: InstalledModel) -> None:
        """Until it is loaded; not ready meanwhile. Raises: RequestError."""
        self.ready = False
        with self.requests.jobs() as jobs:
            jobs.begin([lambda job: self._backend.load(job, self._models.wish(model))])
            while await jobs.next() is not None:
                pass
        self.ready = True

    # answers
    async def _chat(self, request: Request) -> Response:
        async with self._bodies.read(request, read_chat_request) as (asked, size):
            name, wish = await self._wanted(asked.model)
            starts = self._starts((asked.generation,), asked.answers, wish)
            reply = ChatReply(name, asked.answers, asked.include_usage, asked.logprobs)
            ask = Ask(starts, _claim(wish, len(starts), size), asked.one_call)
            return self._answer(asked.stream, ask, reply)

    async def _completions(self, request: Request) -> Response:
        async with self._bodies.read(request, read_completion_request) as (asked, size):
            name, wish = await self._wanted(asked.model)
            starts = self._starts(asked.generations, asked.answers, wish)
            reply = CompletionReply(name, asked.answers, asked.include_usage, asked.logprobs)
            return self._answer(asked.stream, Ask(starts, _claim(wish, len(starts), size)), reply)

    def _answer(self, stream: bool, ask: Ask, reply: Reply) -> Response:
        kind = StreamedAnswer if stream else WholeAnswer
        return kind(self.requests, ask, reply)

    def _starts(self, generations: Sequence[GenerationRequest], answers: int, wish: LoadWish) -> list[Start]:
        """One a choice: the answers to a prompt side by side, each with a seed of its own."""

        def start(generation: GenerationRequest) -> Start:
            return lambda job: self._backend.generate(job, generation, wish)

        return [
            start(_with_seed(generation, number)) for generation in generations for number in range(answers)
        ]

    async def _embeddings(self, request: Request) -> Response:
        async with self._bodies.read(request, read_embeddings_request) as (asked, size):
            name, wish = await self._wanted(asked.model, embedding=True)
            claim = _claim(wish, 1, size)
        with self.requests.jobs(claim=claim) as jobs:
            jobs.begin([self._embed(asked.embedding, wish)])
            warnings: list[Sentence] = []
            async with hang_up_noticed(request.receive, jobs):
                embedded = await jobs.only(Embedded, warnings)
        body = await asyncio.to_thread(embeddings_body, asked, embedded, name, warnings)
        return Response(body, media_type=Json.media_type)

    def _embed(self, embedding: EmbeddingRequest, wish: LoadWish) -> Start:
        def start(job: JobId) -> None:
            self._backend.embed(job, embedding, wish)

        return start

    async def _wanted(self, name: str, embedding: bool = False) -> tuple[str, LoadWish]:
        """The id of the model that was asked for, and what to load. Raises: RequestError."""
        if self.closing:
            raise RequestError.answered(503, "api_closing")
        if not self._models.is_default(name):
            self._engine.forget()
        name, model = await self._find(name, embedding)
        return name, self._models.wish(model, embedding)

    async def _find(self, name: str, embedding: bool = False) -> tuple[str, InstalledModel]:
        if not self._models.is_default(name):
            return await self._models.find(name)
        return await self._models.default(await self._engine.status(), embedding)

    # what there is
    async def _list_models(self, request: Request) -> Response:
        known = await self._models.listed()
        data = [_model_object(name, model) for name, model in known.items()]
        with suppress(RequestError):  # nothing that answers: there is no default then
            _, model = await self._find(DEFAULT)
            data.append(_model_object(DEFAULT, model))
        return Json({"object": "list", "data": data})

    async def _one_model(self, request: Request) -> Response:
        asked = request.path_params["name"]
        name, model = await self._find(asked)
        return Json(_model_object(DEFAULT if self._models.is_default(asked) else name, model))

    async def _health(self, request: Request) -> Response:
        status = await self._engine.status(0)
        if self.closing or status is None:
            return refusal(RequestError.answered(503, "api_closing" if self.closing else "api_no_engine"))
        if not self.ready:
            return Json({"status": "loading model"}, 503)
        return Json({"status": "ok"})

    async def _metrics(self, request: Request) -> Response:
        status = await self._engine.status(0)
        text = metrics_text(status, self._counters, len(self.requests))
        return PlainTextResponse(text, media_type=CONTENT_TYPE)


def _claim(wish: LoadWish, answers: int, size: int) -> Claim:
    return Claim(answers, size, (wish.model.path, wish.embedding))


def _with_seed(generation: GenerationRequest, number: int) -> GenerationRequest:
    seed = generation.sampling.seed
    if seed is None or not number:
        return generation
    return replace(generation, sampling=replace(generation.sampling, seed=(seed + number) % (2**32 - 1)))


def _model_object(name: str, model: InstalledModel) -> dict[str, object]:
    owner = model.repository.partition("/")[0] or "deskside"
    meta = {"name": model.name, "quantization": model.quantization, "size_bytes": model.size_bytes}
    return {"id": name, "object": "model", "created": created(model), "owned_by": owner, "meta": meta}


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return refusal(error)


async def _on_hang_up(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it


async def _on_wrong_path(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path[:200]
    if error.status_code == 405:
        refused = RequestError.answered(405, "api_method", method=request.method, path=path)
        return refusal(refused, dict(error.headers or {}))
    return refusal(RequestError.answered(404, "api_path", path=path, paths=", ".join(_PATHS)))


async def _on_surprise(request: Request, error: Exception) -> Response:
    # Starlette raises it again, and uvicorn logs where it happened.
    return refusal(RequestError.answered(500, "api_unexpected", detail=type(error).__name__))


class _Counting:
    """ASGI middleware: counts responses by path and status."""

    def __init__(self, app: ASGIApp, counters: HttpCounters) -> None:
        self._app = app
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Paths that do not exist share one series, or strangers could make any number.
                path = scope["path"] if scope["path"] in _PATHS else "other"
                self._counters.responses[path, message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counting)
