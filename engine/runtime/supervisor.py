"""Owns the worker: starts it, turns what it says into events, and survives its death.

All state belongs to one thread, which takes one action at a time from a queue: commands of
the program, messages of the worker, its end. The worker is started by this thread because
Linux ties a child's life to the thread that started it (see process.py). Pieces of answers, by far
the most of what a worker says, are passed on by the thread that reads them, when nothing that was
read before them waits in the queue.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from engine import events
from engine.catalog.model import InstalledModel
from engine.events import Emit, JobId
from engine.messages import Sentence, sentence
from engine.runtime import protocol
from engine.runtime.endings import (
    describe_ending,
    describe_standstill,
    last_words,
    out_of_memory_kills,
)
from engine.runtime.link import Gone, WorkerLink
from engine.runtime.process import open_log, start_worker
from engine.runtime.pulse import Pulse
from engine.runtime.transitions import IllegalTransition, check_transition
from engine.runtime.values import (
    EmbeddingRequest,
    GenerationRequest,
    LoadRequest,
    ModelFacts,
    RuntimeState,
    StopReason,
)

log = logging.getLogger(__name__)

START_LIMIT_S = 60.0  # until a worker says hello; cold disks are slow
UNSEEN_CANCEL_LIMIT_S = 3.0  # until a worker notices a cancel: if not, it is stopped or stuck
SEEN_CANCEL_LIMIT_S = 30.0  # until it has obeyed; not every device can abort a computation
_LOOK_AGAIN_S = 1.0  # whether a worker that saw a cancel has been halted since
_PULSE_S = 1.0  # from one look at a worker with work to do to the next
# For a worker to write its idle conversations to disk, before an orderly end.
_PARK_LEAST_S = 2.0
_PARK_MOST_S = 15.0
_PARKED_A_SECOND = 200e6  # bytes; a slow disk
_KILL_LIMIT_S = 10.0  # until the system has taken back the memory of a killed worker


@dataclass(slots=True)
class _LoadJob:
    job: JobId
    model: InstalledModel
    log_start: int  # size of the log when the worker started
    memory_kills: int  # of the system, when the worker started
    parks: bool  # it keeps idle conversations on disk
    devices: tuple[str, ...]  # beside the CPU, where the request names them
    running: bool = True  # until loaded, failed or cancelled


class Supervisor:
    """See client.py for the commands. `state`, `pid` and `facts` may be read from any thread."""

    def __init__(self, command: Sequence[str], emit: Emit, log_path: Path) -> None:
        self._command = tuple(command)
        self._emit = emit
        self._log_path = log_path
        self._actions: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._link: WorkerLink | None = None
        self._pulse: Pulse | None = None  # of the link's worker
        self._load_job: _LoadJob | None = None
        self._answers: dict[JobId, None] = {}  # asked for and not over, in order
        self._cancelled: set[JobId] = set()
        self._deadlines: dict[JobId, float] = {}  # monotonic seconds
        self._last_deadlines: dict[JobId, float] = {}  # of cancels that the worker has seen
        self._passing = threading.Lock()  # held while a piece is passed on, and while an answer ends
        self._unread = 0  # messages of workers in the queue
        self._heard = False  # something of the worker, since its pulse was last to be felt
        self._parked = threading.Event()  # the worker has written what it keeps, or is gone
        self._closed = False
        self.state = RuntimeState.STOPPED
        self.facts: ModelFacts | None = None
        self._thread = threading.Thread(target=self._run, name="runtime-supervisor", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        link = self._link
        return link.pid if link else None

    def post(self, action: Callable[[], None]) -> None:
        """Has the supervisor's thread do that, after what was posted before."""
        self._actions.put(action)

    def join(self, seconds: float) -> None:
        """Waits for the thread after `close` was posted; a worker that is still there is killed."""
        self._thread.join(seconds)
        link = self._link
        if link is not None:
            link.kill()

    def _run(self) -> None:
        while not self._closed:
            try:
                self._actions.get(timeout=self._patience())()
            except queue.Empty:
                self._enforce_deadlines()
                self._feel_pulse()
            except Exception as error:
                log.exception("a command to the worker failed")
                self._give_up(error)

    # commands; on the supervisor's thread only
    def load(self, job: JobId, request: LoadRequest, model: InstalledModel) -> None:
        self._drop_worker()
        log = self._open_log(job)
        try:
            start = self._log_path.stat().st_size if log else 0
            parks = bool(request.park_folder)
            devices = tuple(entry.device for entry in request.devices)
            self._load_job = _LoadJob(job, model, start, out_of_memory_kills(), parks, devices)
            self._change(RuntimeState.STARTING)
            process, channel = start_worker(self._command, log)
        except OSError as error:
            self._crash(sentence("worker_not_started", reason=error.strerror or str(error)))
            return
        finally:
            if log:
                log.close()
        self._pulse = Pulse(process.pid)  # before its end can be seen, and its number be another's
        self._link = WorkerLink(process, channel, self._deliver)
        self._deadlines[job] = time.monotonic() + START_LIMIT_S
        self._link.send(protocol.Load(job, request))

    def generate(self, job: JobId, request: GenerationRequest) -> None:
        self._ask(protocol.Generate(job, request))

    def embed(self, job: JobId, request: EmbeddingRequest) -> None:
        self._ask(protocol.Embed(job, request))

    def _ask(self, message: protocol.Generate | protocol.Embed) -> None:
        if self._link is None:
            self._emit(events.JobFailed(message.job, sentence("no_model_loaded")))
            return
        self._answers[message.job] = None
        self._link.send(message)
        if self.state is RuntimeState.READY:
            self._change(RuntimeState.GENERATING)

    def tell(self, message: protocol.Forget | protocol.LimitParking) -> None:
        """What a worker does not answer; without one it is of no interest."""
        if self._link is not None:
            self._link.send(message)

    def cancel(self, job: JobId) -> None:
        if self._link is None or job in self._cancelled or not (job in self._answers or self._loads(job)):
            return  # over already
        self._link.send(protocol.Cancel(job))
        if job in self._answers and self._load_job and self._load_job.running:
            self._end_answer(events.JobCancelled(job))  # the worker reads it after the load only
            return
        self._cancelled.add(job)
        self._deadlines[job] = time.monotonic() + UNSEEN_CANCEL_LIMIT_S

    def unload(self, job: JobId) -> None:
        self._drop_worker()
        if self.state is not RuntimeState.STOPPED:
            self._change(RuntimeState.STOPPED)
        self._emit(events.RuntimeStateChanged(job, RuntimeState.STOPPED))
        self._emit(events.JobFinished(job))

    def close(self) -> None:
        self._drop_worker()
        self._closed = True

    # what the worker says
    def _deliver(self, link: WorkerLink, message: protocol.FromWorker | Gone) -> None:
        self._heard = True
        with self._passing:
            if type(message) is events.TokenDelta and self._unread == 0 and link is self._link:
                if message.job in self._answers:
                    self._emit(message)
                return
            self._unread += 1
        if isinstance(message, protocol.Parked | Gone):
            self._parked.set()  # our own thread waits for it (_park)
        self.post(partial(self._receive, link, message))

    def _receive(self, link: WorkerLink, message: protocol.FromWorker | Gone) -> None:
        try:
            if link is self._link:  # else the last words of a worker that was dropped
                self._understand(message)
        except IllegalTransition as error:
            self._crash(sentence("worker_babbled", detail=str(error), log=str(self._log_path)))
        finally:
            with self._passing:
                self._unread -= 1

    def _understand(self, message: protocol.FromWorker | Gone) -> None:
        match message:
            case Gone():
                self._crash(self._ending(message))
            case protocol.Hello():
                self._change(RuntimeState.LOADING)
                self._forget_start_limit()
            case protocol.LoadProgress(job, fraction) if self._loads(job):
                self._emit(events.LoadProgressed(job, fraction))
            case protocol.Loaded(job, facts) if self._loads(job):
                self._loaded(facts)
            case protocol.CancelSeen(job) if job in self._deadlines:
                self._last_deadlines[job] = time.monotonic() + SEEN_CANCEL_LIMIT_S
            case protocol.Failed(job, text) if self._loads(job):
                self._end_load(events.JobFailed(job, text), text)
            case protocol.Cancelled(job) if self._loads(job):
                self._end_load(events.JobCancelled(job), sentence("no_model_loaded"))
            case protocol.Notice(job, text) if job in self._answers or self._loads(job):
                self._emit(events.Noticed(job, text))
            case _:
                self._understand_answer(message)

    def _understand_answer(self, message: protocol.FromWorker) -> None:
        match message:
            case protocol.PromptProgress(job, done, total, reused) if job in self._answers:
                self._emit(events.PromptProgressed(job, done, total, reused))
            case events.TokenDelta(job) if job in self._answers:
                self._emit(message)
            case protocol.Called(job, call) if job in self._answers:
                self._emit(events.ToolCalled(job, call))
            case protocol.Vectors(job, vectors, tokens) if job in self._answers:
                self._emit(events.Embedded(job, vectors, tokens))
                self._end_answer(events.JobFinished(job))
            case protocol.Failed(job, text) if job in self._answers:
                self._end_answer(events.JobFailed(job, text))
            case protocol.Cancelled(job) if job in self._answers:
                self._end_answer(events.JobCancelled(job))
            case protocol.Finished(job, stats, reason) if job in self._answers:
                self._emit(events.GenerationFinished(job, stats, reason))
                cancelled = reason is StopReason.CANCELLED
                self._end_answer(events.JobCancelled(job) if cancelled else events.JobFinished(job))
            case _:
                pass  # about a job that is over: it crossed our last word about it on the way

    def _loaded(self, facts: ModelFacts) -> None:
        load = self._load_job
        if load is None:
            return
        self._change(RuntimeState.READY)
        load.running = False
        self._deadlines.pop(load.job, None)
        self.facts = facts
        self._emit(events.ModelLoaded(load.job, load.model, facts))
        self._emit(events.JobFinished(load.job))
        if self._answers:
            self._change(RuntimeState.GENERATING)

    def _end_load(self, ending: events.JobFailed | events.JobCancelled, why: Sentence) -> None:
        """A load that failed or was cancelled: its worker is of no more use."""
        if self._load_job:
            self._load_job.running = False
        self._release_worker()
        self._change(RuntimeState.STOPPED)
        self._emit(ending)
        self._end_all_answers(why)

    def _end_answer(self, ending: events.Event) -> None:
        with self._passing:
            self._answers.pop(ending.job, None)
        self._cancelled.discard(ending.job)
        self._deadlines.pop(ending.job, None)
        self._last_deadlines.pop(ending.job, None)
        if not self._answers and self.state is RuntimeState.GENERATING:
            self._change(RuntimeState.READY)
        self._emit(ending)

    def _end_all_answers(self, why: Sentence | None) -> None:
        """Fails those nobody cancelled; without a reason all count as cancelled."""
        for job in tuple(self._answers):
            cancelled = why is None or job in self._cancelled
            ending = events.JobCancelled(job) if cancelled or why is None else events.JobFailed(job, why)
            self._end_answer(ending)

    # the end of a worker
    def _drop_worker(self) -> None:
        """Ends the worker on purpose, and with it all it was doing."""
        if self._link is None:
            return
        self._park(self._link)
        self._release_worker()
        self._change(RuntimeState.STOPPED)
        if self._load_job and self._load_job.running:
            self._load_job.running = False
            self._emit(events.JobCancelled(self._load_job.job))
        self._end_all_answers(None)

    def _park(self, link: WorkerLink) -> None:
        """Has the worker keep its conversations, the cancelled ones too; waits, but not for long."""
        load = self._load_job
        if load is None or load.running or not load.parks or link.stopped:
            return
        self._parked.clear()
        for job in self._answers:
            link.send(protocol.Cancel(job))
        link.send(protocol.Park())
        held = self.facts.of("kv_cache") if self.facts else 0
        self._parked.wait(min(_PARK_LEAST_S + held / _PARKED_A_SECOND, _PARK_MOST_S))

    def _crash(self, reason: Sentence) -> None:
        """The worker died, or has to: everything it was doing fails with that reason."""
        self._release_worker()
        self._change(RuntimeState.CRASHED, reason)
        load = self._load_job
        if load and load.running:
            load.running = False
            cancelled = load.job in self._cancelled
            self._emit(events.JobCancelled(load.job) if cancelled else events.JobFailed(load.job, reason))
        self._end_all_answers(reason)

    def _give_up(self, error: Exception) -> None:
        """After what nobody foresaw: whoever waits for this model would wait for ever."""
        reason = sentence("unexpected", detail=f"{type(error).__name__}: {error}", log=str(self._log_path))
        if self.state in (RuntimeState.STOPPED, RuntimeState.CRASHED):
            self._end_all_answers(reason)
        else:
            self._crash(reason)

    def _release_worker(self) -> None:
        link, self._link, self._pulse, self.facts = self._link, None, None, None
        self._deadlines.clear()
        self._last_deadlines.clear()
        if link is not None:
            link.kill()
            link.join(_KILL_LIMIT_S)

    def _ending(self, gone: Gone) -> Sentence:
        log, load = str(self._log_path), self._load_job
        if gone.babble or load is None:
            return sentence("worker_babbled", detail=gone.babble or "not loaded", log=log)
        return describe_ending(
            gone.status,
            loading=load.running,
            model=load.model.name,
            log=self._log_path,
            last_words=last_words(self._log_path, load.log_start),
            memory_ran_out=out_of_memory_kills() > load.memory_kills,
            devices=load.devices,
        )

    # small things
    def _loads(self, job: JobId) -> bool:
        return self._load_job is not None and self._load_job.running and self._load_job.job == job

    def _change(self, state: RuntimeState, reason: Sentence | None = None) -> None:
        check_transition(self.state, state)
        self.state = state
        if self._load_job:
            self._emit(events.RuntimeStateChanged(self._load_job.job, state, reason))

    def _forget_start_limit(self) -> None:
        job = self._load_job.job if self._load_job else None
        if job is not None and job not in self._cancelled:
            self._deadlines.pop(job, None)

    def _open_log(self, job: JobId) -> IO[bytes] | None:
        try:
            return open_log(self._log_path)
        except OSError as error:
            reason = error.strerror or str(error)
            self._emit(
                events.Noticed(job, sentence("worker_log_unwritable", log=str(self._log_path), reason=reason))
            )
            return None

    def _patience(self) -> float | None:
        """Seconds until the next deadline, or the next look at the worker; None for ever."""
        if self._pulse and not self._works:
            self._pulse.rest()
        waits = [max(0.0, deadline - time.monotonic()) for deadline in self._deadlines.values()]
        return min([*waits, *([_PULSE_S] if self._works else [])], default=None)

    @property
    def _works(self) -> bool:
        """The worker has something to do, so that it has to be seen to move."""
        return self._link is not None and bool(self._answers or (self._load_job and self._load_job.running))

    def _feel_pulse(self) -> None:
        heard, self._heard = self._heard, False
        if heard and self._pulse:
            self._pulse.rest()  # who speaks lives: a look from outside costs some milliseconds
        elif self._pulse and self._load_job and self._works and self._pulse.stuck(time.monotonic()):
            load = self._load_job
            self._crash(describe_standstill(load.model.name, self._log_path, load.devices))

    def _enforce_deadlines(self) -> None:
        now = time.monotonic()
        late = [job for job, deadline in self._deadlines.items() if deadline <= now]
        for job in tuple(late):
            # It lives and will obey: patience, unless it was halted after it saw the cancel.
            if now < self._last_deadlines.get(job, 0) and self._link and not self._link.stopped:
                self._deadlines[job] = now + _LOOK_AGAIN_S
                late.remove(job)
        if not late:
            return
        if any(job in self._cancelled and self._loads(job) for job in late):
            self._end_load(events.JobCancelled(late[0]), sentence("no_model_loaded"))
        elif any(job in self._cancelled for job in late):
            self._crash(sentence("worker_unresponsive"))
        else:
            log = str(self._log_path)
            self._crash(sentence("worker_silent", seconds=int(START_LIMIT_S), log=log))
