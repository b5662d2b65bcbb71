"""Models elsewhere, behind the same face as those of this machine."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import engine
from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.errors import Cancelled, RemoteError
from engine.events import (
    Embedded,
    Emit,
    EngineSeen,
    Event,
    JobFailed,
    JobFinished,
    JobId,
    ModelLoaded,
    Noticed,
    RuntimeStateChanged,
    new_job_id,
)
from engine.messages import sentence
from engine.remote.address import Place, checked_address, host_of, in_clear, place_of
from engine.remote.answer import Exchange, KeyOf
from engine.remote.call import Patience
from engine.remote.embedding import embedding_body, vectors_of
from engine.remote.failures import printable
from engine.remote.keys import Kept, Keys
from engine.remote.listing import Offered, offered_models
from engine.runtime.values import (
    EmbeddingRequest,
    EngineStatus,
    GenerationRequest,
    LoadWish,
    ModelFacts,
    RuntimeState,
)

_SHORT: Final = Patience(connect_s=10.0, first_s=30.0, next_s=30.0, whole_s=60.0)
_POLL_S: Final = 0.05
_MOST_NAMED: Final = 5


class RemoteBackend:
    """Implements `engine.runtime.backend.Backend` for models with source "remote": a thread a job.

    `close` may be called again; a thread that hangs in a name look-up is left behind.
    """

    def __init__(self, emit: Emit, keys: Keys, log_path: str, patience: Patience | None = None) -> None:
        """`log_path` is named when something unforeseen happens."""
        self._emit = emit
        self._keys = keys
        self._log_path = log_path
        self._patience = patience or Patience()
        self._lock = threading.Lock()
        self._running: dict[JobId, tuple[Exchange, threading.Thread]] = {}
        self._contexts: dict[str, int] = {}  # tokens by path, of models that were loaded
        self._answering: dict[str, int] = {}  # answers at work by path
        self._warned: set[str] = set()
        self._began = time.monotonic()
        self._closed = False

    def load(self, job: JobId, wish: LoadWish) -> None:
        """Asks the endpoint whether it has the model, each time: it may have been started anew."""
        patience = _short(self._patience)
        self._start(job, wish.model, lambda exchange: self._load(exchange, wish.model), patience)

    def generate(self, job: JobId, request: GenerationRequest, wish: LoadWish) -> None:
        """Without a load first: an endpoint that has not the model says so."""
        self._start(job, wish.model, lambda exchange: self._generate(exchange, request, wish.model))

    def embed(self, job: JobId, request: EmbeddingRequest, wish: LoadWish) -> None:
        self._start(job, wish.model, lambda exchange: self._embed(exchange, request))

    def unload(self, job: JobId, path: str = "") -> None:
        """Ends the answers of that model, or of all; the endpoint keeps it loaded as it likes."""
        with self._lock:
            found = [item for item, _ in self._running.values() if path in ("", item.place.path)]
            paths = [known for known in self._contexts if path in ("", known)]
            for known in paths:
                del self._contexts[known]
        for exchange in found:
            exchange.cancel()
        for known in paths:
            self._emit(RuntimeStateChanged(job, RuntimeState.STOPPED, model=known))
        self._emit(JobFinished(job))

    def forget(self, job: JobId, conversation: str) -> None:
        """Nothing of a conversation is kept here."""
        self._emit(JobFinished(job))

    def look(self, job: JobId) -> None:
        """This program holds no model for it: `models` is empty."""
        uptime = time.monotonic() - self._began
        self._emit(EngineSeen(job, EngineStatus(os.getpid(), engine.__version__, 1, uptime, ())))
        self._emit(JobFinished(job))

    def cancel(self, job: JobId) -> None:
        """The connection is cut at once; no event of the job comes later than that."""
        with self._lock:
            found = self._running.get(job)
        if found is not None:
            # On a thread of its own: whoever cancels may hold a lock that `emit` wants.
            threading.Thread(target=found[0].cancel, name=f"remote-cancel-{job}", daemon=True).start()

    def close(self, timeout_s: float = 3) -> None:
        with self._lock:
            self._closed = True
            running = tuple(self._running.values())
        for exchange, _ in running:
            exchange.cancel()
        deadline = time.monotonic() + timeout_s
        for _, thread in running:
            thread.join(max(0.0, deadline - time.monotonic()))

    # the threads
    def _start(
        self,
        job: JobId,
        model: InstalledModel,
        work: Callable[[Exchange], None],
        patience: Patience | None = None,
    ) -> None:
        try:
            place = place_of(model.path)
        except RemoteError as error:
            self._emit(JobFailed(job, error.message))
            return
        exchange = Exchange(
            job, place, lambda url: self._key_for(exchange, url), patience or self._patience, self._emit
        )
        thread = threading.Thread(target=self._run, args=(exchange, work), name=f"remote-{job}", daemon=True)
        with self._lock:
            refused = self._closed
            if not refused:
                self._running[job] = (exchange, thread)
        if refused:
            self._emit(JobFailed(job, sentence("remote_closed", host=place.host)))
        else:
            thread.start()

    def _run(self, exchange: Exchange, work: Callable[[Exchange], None]) -> None:
        try:
            exchange.run(lambda: work(exchange), self._log_path)
        finally:
            with self._lock:
                del self._running[exchange.job]

    def _key_for(self, exchange: Exchange, url: str) -> Kept:
        """Says once, before it is sent, that a key can be read on its way."""
        kept = self._keys.get(url)
        if kept.key and in_clear(url) and url not in self._warned:
            self._warned.add(url)
            exchange.tell(Noticed(exchange.job, sentence("remote_key_in_clear", host=host_of(url))))
        return kept

    def _load(self, exchange: Exchange, model: InstalledModel) -> None:
        job, place = exchange.job, exchange.place
        with self._lock:
            known = place.path in self._contexts
        if not known:
            exchange.tell(RuntimeStateChanged(job, RuntimeState.LOADING, model=place.path))
        begun = time.monotonic()
        try:
            context = _context_of(exchange)
        except BaseException:
            with self._lock:
                self._contexts.pop(place.path, None)
            self._tell_state(exchange, RuntimeState.STOPPED)
            raise
        self._tell_loaded(exchange, model, context, time.monotonic() - begun)

    def _tell_loaded(self, exchange: Exchange, model: InstalledModel, context: int, load_s: float) -> None:
        path = exchange.place.path
        with self._lock:
            self._contexts[path] = context
            state = RuntimeState.GENERATING if self._answering.get(path) else RuntimeState.READY
        facts = _facts(exchange.place, context, load_s)
        exchange.tell(RuntimeStateChanged(exchange.job, state, model=path))
        exchange.tell(ModelLoaded(exchange.job, model, facts))

    def _generate(self, exchange: Exchange, request: GenerationRequest, model: InstalledModel) -> None:
        path = exchange.place.path
        with self._lock:
            context = self._contexts.get(path)
            self._answering[path] = self._answering.get(path, 0) + 1
        try:
            if context is None:
                self._tell_loaded(exchange, model, 0, 0.0)
            exchange.tell(RuntimeStateChanged(exchange.job, RuntimeState.GENERATING, model=path))
            exchange.answer(request, context or 0)
        finally:
            self._leave(exchange)

    def _leave(self, exchange: Exchange) -> None:
        path = exchange.place.path
        with self._lock:
            self._answering[path] -= 1
            idle = self._answering[path] == 0 and path in self._contexts
        if idle:
            self._tell_state(exchange, RuntimeState.READY)

    def _tell_state(self, exchange: Exchange, state: RuntimeState) -> None:
        changed = RuntimeStateChanged(exchange.job, state, model=exchange.place.path)
        if not exchange.tell(changed):
            # Of a cancelled job nothing may follow, but the state has changed all the same.
            self._emit(replace(changed, job=new_job_id()))

    def _embed(self, exchange: Exchange, request: EmbeddingRequest) -> None:
        place = exchange.place
        body = exchange.ask("/embeddings", embedding_body(request.texts, place.model))
        vectors, tokens = vectors_of(body, len(request.texts), place.host)
        exchange.tell(Embedded(exchange.job, vectors, tokens))


def list_remote_models(url: str, key_of: KeyOf, token: CancelToken) -> tuple[str, ...]:
    """The names of what that endpoint offers. For a job's own thread; `key_of` is `Keys.get`, or gives
    a key that is not kept yet. Raises: RemoteError; Cancelled as soon as the token is."""
    exchange = Exchange(new_job_id(), Place(checked_address(url), ""), key_of, _SHORT, _unheard)
    outcome: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def work() -> None:
        try:
            outcome.put(exchange.ask("/models"))
        except Exception as error:  # noqa: BLE001  raised again below, in the thread that asked
            outcome.put(error)

    threading.Thread(target=work, name="remote-models", daemon=True).start()
    while True:
        try:
            answer = outcome.get(timeout=_POLL_S)
            break
        except queue.Empty:
            if token.cancelled:
                exchange.cancel()
                raise Cancelled from None
    if isinstance(answer, Exception):
        raise answer
    return tuple(offered.name for offered in offered_models(answer, exchange.place.host))


def choices_of(names: tuple[str, ...]) -> str:
    """The first few, for a sentence."""
    choices = ", ".join(printable(name) for name in names[:_MOST_NAMED]) or "—"
    return choices if len(names) <= _MOST_NAMED else f"{choices} …"


def _context_of(exchange: Exchange) -> int:
    """Tokens; 0 where the endpoint does not tell. Raises: RemoteError, where it has not the model."""
    try:
        body = exchange.ask("/models")
    except RemoteError as error:
        if error.message.code == "remote_not_found":
            return 0  # some have no list of models: the first question shows whether the name is right
        raise
    return _find(offered_models(body, exchange.place.host), exchange.place).context_length


def _find(offered: tuple[Offered, ...], place: Place) -> Offered:
    for each in offered:
        if each.name == place.model:
            return each
    choices = choices_of(tuple(each.name for each in offered))
    raise RemoteError.of(
        "remote_model_not_offered", host=place.host, model=printable(place.model), choices=choices
    )


def _facts(place: Place, context_length: int, load_s: float) -> ModelFacts:
    """Nothing of it is in this machine's memory, and no process of it here: sizes and pid are 0."""
    return ModelFacts(
        name=place.model,
        architecture="",
        context_length=context_length,
        trained_context=context_length,
        weights_bytes=0,
        load_s=load_s,
        pid=0,
        device=place.host,
        has_template=True,
        has_tools=True,
    )


def _short(patience: Patience) -> Patience:
    """For questions whose answer is at hand."""
    return replace(
        patience,
        first_s=min(patience.first_s, _SHORT.first_s),
        next_s=min(patience.next_s, _SHORT.next_s),
        whole_s=min(patience.whole_s, _SHORT.whole_s),
    )


def _unheard(event: Event) -> None:
    """For an exchange that nobody follows by its events."""
