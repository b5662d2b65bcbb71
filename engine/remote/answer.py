"""One request to an endpoint, from its thread to its last event."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from engine.cancellation import CancelToken
from engine.errors import Cancelled, RemoteError
from engine.events import (
    Emit,
    Event,
    GenerationFinished,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    Noticed,
    TokenDelta,
    ToolCalled,
)
from engine.messages import sentence
from engine.remote.address import Place
from engine.remote.body import chat_body, completion_body
from engine.remote.call import TROUBLES, Call, Complaint, Patience
from engine.remote.failures import failure_of_connection, failure_of_status, printable
from engine.remote.keys import Kept
from engine.remote.reply import Delta, Reply, phase_of
from engine.remote.sse import EventStream, StreamTooLarge
from engine.runtime.values import GenerationRequest, StopReason, Turn, WhenFull

log = logging.getLogger(__name__)

_MOST_CUTS: Final = 8

KeyOf = Callable[[str], Kept]


class Exchange:
    """What belongs to one job: its call, and the gate that no event passes after the last one."""

    def __init__(self, job: JobId, place: Place, key_of: KeyOf, patience: Patience, emit: Emit) -> None:
        """`key_of` tells the key for an address; asked in the job's thread, as a keyring may wait."""
        self.job = job
        self.place = place
        self.token = CancelToken()
        self._key_of = key_of
        self._patience = patience
        self._emit = emit
        self._gate = threading.Lock()
        self._over = False
        self._call: Call | None = None
        self._kept = Kept()
        self._reply: Reply | None = None

    def tell(self, event: Event) -> bool:
        """Passes an event on; False, and nothing, once the job is over."""
        with self._gate:
            if not self._over:
                self._emit(event)
            return not self._over

    def end(self, event: JobFinished | JobCancelled | JobFailed) -> None:
        """The last event; the first caller wins."""
        with self._gate:
            if not self._over:
                self._over = True
                self._emit(event)

    def cancel(self) -> None:
        """Ends the job at once and cuts its connection, whatever its thread is waiting for."""
        self.token.cancel()
        self._tell_cancelled()
        call = self._call
        if call is not None:
            call.cut()  # after the last event: a reader that wakes up must not end the job as broken

    def _tell_cancelled(self) -> None:
        with self._gate:
            if self._over:
                return
            self._over = True
            if self._reply is not None:
                stats = self._reply.figures.stats(self.place.host)
                self._emit(GenerationFinished(self.job, stats, StopReason.CANCELLED))
            self._emit(JobCancelled(self.job))

    def run(self, work: Callable[[], None], log_path: str) -> None:
        """Does the work and tells how it ended. For the job's thread."""
        ending: JobFinished | JobCancelled | JobFailed
        try:
            work()
            ending = JobFinished(self.job)
        except Cancelled:
            ending = JobCancelled(self.job)
        except RemoteError as error:
            ending = JobFailed(self.job, error.message)
        except Exception as error:
            log.error("a remote job failed", exc_info=error)
            detail = printable(f"{type(error).__name__}: {error}")
            ending = JobFailed(self.job, sentence("unexpected", detail=detail, log=log_path))
        self.end(ending)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> bytes:
        """A short answer, whole. Raises: RemoteError, Cancelled."""
        with self._calling() as call, call.in_time():
            answer = call.open(path, body)
            if isinstance(answer, Complaint):
                raise self._failure(answer)
            return call.whole()

    def answer(self, request: GenerationRequest, context_length: int) -> None:
        """The whole of a generation. Raises: RemoteError, Cancelled."""
        left_out = 0
        for _ in range(_MOST_CUTS):
            try:
                return self._answer(request, context_length, left_out)
            except RemoteError as error:
                full = error.message.code == "remote_context_full"
                shorter = without_oldest(request.turns)
                if not full or self._has_begun or request.when_full is not WhenFull.CUT or not shorter:
                    raise
            left_out += len(request.turns) - len(shorter)
            request = replace(request, turns=shorter)
        return self._answer(request, context_length, left_out)

    @property
    def _has_begun(self) -> bool:
        return self._reply is not None and self._reply.figures.begun

    def _answer(self, request: GenerationRequest, context_length: int, left_out: int) -> None:
        host, model = self.place.host, self.place.model
        phase = phase_of(request.answer_so_far, request.reasoning_so_far)
        reply = self._reply = Reply(host, model, phase, context_length)
        if request.prompt is not None:
            path, body = "/completions", completion_body(request, model)
        else:
            path, body = "/chat/completions", chat_body(request, model)
        with self._calling() as call:
            answer = call.open(path, body)
            if isinstance(answer, Complaint):
                raise self._failure(answer)
            if left_out:
                self.tell(Noticed(self.job, sentence("remote_left_out", host=host, count=left_out)))
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind == "application/json":
                self._take_whole(call, reply)
            else:
                self._take_stream(call, reply, kind)
        self._finish(reply)

    def _take_whole(self, call: Call, reply: Reply) -> None:
        """An endpoint that does not stream answers at once."""
        for delta in [*reply.take(call.whole().decode("utf-8", "replace")), *reply.finish()]:
            self._tell_delta(delta)

    def _take_stream(self, call: Call, reply: Reply, kind: str) -> None:
        if kind and kind != "text/event-stream":
            raise RemoteError.of("remote_nonsense", host=self.place.host, detail=printable(kind))
        for data in _events(call):
            for delta in reply.take(data):
                self._tell_delta(delta)
            if reply.ended:
                return
        for delta in reply.finish():
            self._tell_delta(delta)

    def _tell_delta(self, delta: Delta) -> None:
        tokens = max(1, len(delta.logprobs))
        self.tell(TokenDelta(self.job, delta.text, delta.reasoning, tokens, delta.logprobs))

    def _finish(self, reply: Reply) -> None:
        reason = reply.reason()
        if reason is None:
            raise RemoteError.of("remote_truncated", host=self.place.host)
        if reply.filtered:
            self.tell(Noticed(self.job, sentence("remote_filtered", host=self.place.host)))
        if reason is StopReason.TOOL_CALLS:
            for called in reply.calls():
                self.tell(ToolCalled(self.job, called))
        self.tell(GenerationFinished(self.job, reply.figures.stats(self.place.host), reason))

    def _failure(self, complaint: Complaint) -> RemoteError:
        kept, host = self._kept, self.place.host
        if complaint.status in (401, 403) and not kept.key and kept.trouble:
            return RemoteError.of("remote_key_unread", host=host, reason=kept.trouble)
        return failure_of_status(complaint, host, self.place.model)

    def _calling(self) -> _Calling:
        self._kept = self._key_of(self.place.url)
        call = self._call = Call(self.place.url, self._kept.key, self._patience)
        # Cancelled before there was a call to cut: it must not begin.
        self.token.raise_if_cancelled()
        return _Calling(call, self.place.host, self.token)


class _Calling:
    """A call for the length of a `with`; its troubles leave as RemoteError or Cancelled."""

    def __init__(self, call: Call, host: str, token: CancelToken) -> None:
        self._call = call
        self._host = host
        self._token = token
        self._begun = time.monotonic()

    def __enter__(self) -> Call:
        return self._call

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._call.close()
        if error is None or isinstance(error, RemoteError | Cancelled):
            return
        if self._token.cancelled:
            raise Cancelled from error
        if isinstance(error, StreamTooLarge):
            raise RemoteError.of("remote_too_large", host=self._host, detail=str(error)) from error
        if isinstance(error, TROUBLES):
            waited = time.monotonic() - self._begun
            raise failure_of_connection(error, self._host, waited) from error


def without_oldest(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """About half of the turns less, the oldest first; system turns and the last question stay.

    () when nothing can be left out any more.
    """
    system = tuple(turn for turn in turns if turn.role == "system")
    rest = tuple(turn for turn in turns if turn.role != "system")
    starts = [at for at, turn in enumerate(rest) if turn.role == "user" and at]
    if not starts:
        return ()
    middle = next((at for at in starts if at >= len(rest) / 2), starts[-1])
    return system + rest[middle:]


def _events(call: Call) -> Iterator[str]:
    stream = EventStream()
    for piece in call.pieces():
        yield from stream.feed(piece)
