"""The engine of this user, as the window, the command line and the server use it.

Commands are put in line and sent by a thread of the client's own, which finds the host, or starts
one, when the first command comes. Events arrive on another. When the host dies, what was running
fails with a sentence, and the next command starts a new host.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from engine import events
from engine.errors import DesksideError, WorkerError
from engine.events import Emit, Event, JobId
from engine.host.protocol import (
    NOBODY,
    PROTOCOL,
    VERSION,
    Answer,
    CancelJob,
    Command,
    EmbedTexts,
    ForgetChat,
    Greet,
    LoadModel,
    Look,
    Retire,
    UnloadModel,
    Welcome,
    decode_from_host,
    encode_to_host,
)
from engine.host.sockets import sever
from engine.host.start import HostOptions, find_or_start_host, host_log
from engine.messages import Sentence, sentence
from engine.paths import Paths
from engine.runtime.channel import LARGEST_MESSAGE, Channel, ChannelClosed
from engine.runtime.values import EmbeddingRequest, GenerationRequest, LoadWish, RuntimeState
from engine.runtime.wire import WireError

__all__ = ["HostClient", "HostOptions"]

_WELCOME_LIMIT_S: Final = 20.0
_CANCEL_LIMIT_S: Final = 40.0  # a worker has 30 s to obey (supervisor.py); longer is a host that hangs
_ENDINGS = (events.JobFinished, events.JobCancelled, events.JobFailed)
_WITHOUT_MODEL = (RuntimeState.STOPPED, RuntimeState.CRASHED)


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A command on its way. `job` is 0 for a cancel."""

    job: JobId
    body: bytes


class HostClient:
    """Implements engine.runtime.backend.Backend. Thread-safe.

    `emit` is called from the client's threads, and must not wait for them.
    """

    def __init__(
        self, command: Sequence[str], emit: Emit, paths: Paths, options: HostOptions | None = None
    ) -> None:
        """`command` starts this program; its words ` _engine ...` make it a host. `options` count
        only if this client is the one that starts it."""
        self._command = tuple(command)
        self._emit = emit
        self._paths = paths
        self._options = options or HostOptions()
        self._lock = threading.RLock()
        self._open: dict[JobId, bool] = {}  # jobs that are not over: whether they were sent
        self._deadlines: dict[JobId, float] = {}  # monotonic, of cancels that were sent
        self._loaded: dict[str, None] = {}  # paths of models that the host holds
        self._channel: Channel | None = None
        self._closed = False
        self._line: queue.SimpleQueue[_Ticket | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._send_all, name="engine-client", daemon=True)
        self._thread.start()

    def load(self, job: JobId, wish: LoadWish) -> None:
        """See Backend. Raises: WireError, for a wish whose fields are not of their declared types;
        so do the other commands."""
        self._put(LoadModel(job, wish))

    def generate(self, job: JobId, request: GenerationRequest, wish: LoadWish) -> None:
        self._put(Answer(job, request, wish))

    def embed(self, job: JobId, request: EmbeddingRequest, wish: LoadWish) -> None:
        self._put(EmbedTexts(job, request, wish))

    def unload(self, job: JobId, path: str = "") -> None:
        self._put(UnloadModel(job, path))

    def forget(self, job: JobId, conversation: str) -> None:
        self._put(ForgetChat(job, conversation))

    def look(self, job: JobId) -> None:
        self._put(Look(job))

    def cancel(self, job: JobId) -> None:
        with self._lock:
            sent = self._open.get(job)
            if sent is None:
                return  # over already
            if sent:
                self._deadlines.setdefault(job, time.monotonic() + _CANCEL_LIMIT_S)
                self._line.put(_Ticket(NOBODY, encode_to_host(CancelJob(job))))
            else:
                self._finish(events.JobCancelled(job))

    def close(self, timeout_s: float = 3) -> None:
        """As Backend's; the host goes on for others, and for a while for nobody. May be called again."""
        with self._lock:
            self._closed = True
            channel = self._channel
        for job in tuple(self._open):
            self._finish(events.JobCancelled(job))
        self._line.put(None)
        if channel is not None:
            sever(channel)
        self._thread.join(timeout_s)

    def _put(self, command: Command) -> None:
        body = encode_to_host(command)
        with self._lock:
            if self._closed:
                refusal = sentence("runtime_closed")
            elif len(body) > LARGEST_MESSAGE:
                refusal = sentence("host_request_too_large", limit=f"{LARGEST_MESSAGE >> 20} MiB")
            else:
                self._open[command.job] = False
                self._line.put(_Ticket(command.job, body))
                return
        self._emit(events.JobFailed(command.job, refusal))

    # the sending thread
    def _send_all(self) -> None:
        while True:
            try:
                ticket = self._line.get(timeout=self._patience())
            except queue.Empty:
                self._drop_deaf_host()
                continue
            if ticket is None:
                return
            try:
                self._send(ticket)
            except DesksideError as error:
                self._fail(ticket.job, error.message)
            except ChannelClosed:
                self._fail(ticket.job, self._lost())

    def _patience(self) -> float | None:
        """Seconds until a cancel should have been obeyed; None for ever."""
        with self._lock:
            first = min(self._deadlines.values(), default=None)
        return None if first is None else max(0.0, first - time.monotonic())

    def _drop_deaf_host(self) -> None:
        """A host that was halted, or hangs, is as good as gone: its jobs fail with a sentence."""
        with self._lock:
            late = [job for job, deadline in self._deadlines.items() if deadline <= time.monotonic()]
            for job in late:
                del self._deadlines[job]
            channel = self._channel
        if late and channel is not None:
            sever(channel)

    def _send(self, ticket: _Ticket) -> None:
        if ticket.job == NOBODY:
            channel = self._channel
        elif ticket.job not in self._open:
            return  # cancelled while it waited
        else:
            channel = self._channel or self._attach()
        if channel is None:
            return  # what was to be cancelled died with its host
        with self._lock:
            if ticket.job != NOBODY:
                if ticket.job not in self._open:
                    return
                self._open[ticket.job] = True
        channel.send(ticket.body)

    def _attach(self) -> Channel:
        """Raises: DesksideError, ChannelClosed."""
        channel, welcome = self._meet()
        if (welcome.version, welcome.protocol) != (VERSION, PROTOCOL):
            self._send_away(channel, welcome)
            channel, welcome = self._meet()
            if (welcome.version, welcome.protocol) != (VERSION, PROTOCOL):
                channel.close()
                raise _other_version(welcome)
        with self._lock:
            if self._closed:
                channel.close()
                raise WorkerError.of("runtime_closed")
            self._channel = channel
        name = "engine-client-reader"
        threading.Thread(target=self._read_all, args=(channel,), name=name, daemon=True).start()
        return channel

    def _meet(self) -> tuple[Channel, Welcome]:
        """Raises: DesksideError."""
        for last in (False, False, True):
            channel = find_or_start_host(self._command, self._paths, self._options, lambda: self._closed)
            try:
                channel.send(encode_to_host(Greet(VERSION, PROTOCOL)))
                if not channel.wait(_WELCOME_LIMIT_S):
                    break
                welcome = decode_from_host(channel.receive())
                if isinstance(welcome, Welcome):
                    return channel, welcome
                raise WireError("no welcome")
            except (ChannelClosed, WireError) as error:
                channel.close()
                if last or isinstance(error, WireError):
                    log = str(host_log(self._paths))
                    raise WorkerError.of("host_babbled", detail=str(error), log=log) from error
                # It closed its door just now, because its last client had left.
        channel.close()
        log = str(host_log(self._paths))
        raise WorkerError.of("host_silent", seconds=round(_WELCOME_LIMIT_S), log=log)

    def _send_away(self, channel: Channel, welcome: Welcome) -> None:
        """A host of another version ends if nobody else uses it. Raises: WorkerError."""
        try:
            if welcome.clients > 1:
                raise _other_version(welcome)
            channel.send(encode_to_host(Retire()))
            channel.wait(_WELCOME_LIMIT_S)  # until it closes
        finally:
            channel.close()

    # the reading thread
    def _read_all(self, channel: Channel) -> None:
        reason = self._lost()
        try:
            while True:
                event = decode_from_host(channel.receive())
                if isinstance(event, Welcome):
                    raise WireError("a second welcome")
                self._take(cast(Event, event))
        except ChannelClosed:
            pass
        except WireError as error:
            reason = sentence("host_babbled", detail=str(error), log=str(host_log(self._paths)))
        with self._lock:  # what is sent from now on goes to another host
            self._channel = None
            closed = self._closed
            lost = [job for job, sent in self._open.items() if sent]
            models, self._loaded = tuple(self._loaded), {}
        sever(channel)  # and closed when the sender has let go of it too
        if closed:
            return
        for job in lost:
            self._finish(events.JobFailed(job, reason))
        for path in models:
            self._emit(events.RuntimeStateChanged(NOBODY, RuntimeState.CRASHED, reason, path))

    def _take(self, event: Event) -> None:
        if type(event) is events.TokenDelta:  # what is said most often by far
            if event.job in self._open:  # else over: it was cancelled here meanwhile
                self._emit(event)
            return
        if isinstance(event, events.RuntimeStateChanged) and event.state in _WITHOUT_MODEL:
            self._loaded.pop(event.model, None)
        elif isinstance(event, events.ModelLoaded):
            self._loaded[event.model.path] = None
        if event.job == NOBODY:
            if not self._closed:
                self._emit(event)
        elif isinstance(event, _ENDINGS):
            self._finish(event)
        elif event.job in self._open:
            self._emit(event)

    # the ends of jobs
    def _finish(self, ending: Event) -> None:
        with self._lock:
            self._deadlines.pop(ending.job, None)
            if self._open.pop(ending.job, None) is None:
                return
        self._emit(ending)

    def _fail(self, job: JobId, reason: Sentence) -> None:
        if job != NOBODY:
            self._finish(events.JobFailed(job, reason))

    def _lost(self) -> Sentence:
        return sentence("host_lost", log=str(host_log(self._paths)))


def _other_version(welcome: Welcome) -> WorkerError:
    return WorkerError.of("host_other_version", theirs=welcome.version, ours=VERSION, pid=welcome.pid)
