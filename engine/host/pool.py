"""The models of one user: what clients ask of them, and what becomes of them.

All state belongs to one thread, which takes one action at a time from a queue. Files are read and
workers are ended on threads of their own, and come back as actions. Pieces of answers do not pass
through here: they go from a model's supervisor straight to the client.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from engine import events
from engine.events import JobId, new_job_id
from engine.hardware.report import HardwareReport
from engine.host.assessing import Assessing
from engine.host.audience import Audience
from engine.host.bringing import Bringing, Means
from engine.host.forgetting import Forgetting
from engine.host.hearing import Hearing
from engine.host.nodes import Doors
from engine.host.pack_faults import PackFaults
from engine.host.policy import Policy
from engine.host.protocol import NOBODY, Answer, Command, EmbedTexts, ForgetChat, LoadModel, Look, UnloadModel
from engine.host.recorder import Recorder
from engine.host.resident import Job, Key, Phase, Resident, key_of
from engine.host.scoring import Moment
from engine.host.session import Session
from engine.host.status import engine_status
from engine.host.surroundings import machine_now
from engine.messages import Sentence, sentence
from engine.paths import Paths
from engine.planning.bound import UNBOUND
from engine.runtime.client import RuntimeClient, list_devices
from engine.runtime.values import EmbeddingRequest, GenerationRequest, LoadWish, RuntimeState

log = logging.getLogger(__name__)

MOST_JOBS: Final = 4096  # that one client may have open
MOST_WAITING: Final = 128  # requests of one model while it is brought; the worker has its own limit
MOST_MODELS: Final = 32  # that are wanted and not loaded
_FAREWELL_S: Final = 20.0  # until a worker has parked its conversations; a slow disk takes a while
_BROKEN_EXIT: Final = 70  # os.EX_SOFTWARE


class Pool:
    """Every public method may be called from any thread, and returns at once."""

    def __init__(self, command: Sequence[str], paths: Paths, policy: Policy) -> None:
        self._command = tuple(command)
        self._paths = paths
        self._doors = Doors(paths)
        self._policy = policy
        self._began = time.monotonic()
        self._actions: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._residents: dict[Key, Resident] = {}
        self._audience = Audience()
        self._park_bytes = policy.park_bytes()  # as the workers know it
        self._forgetting = Forgetting(paths.parked)
        self._recorder = Recorder(paths, policy.keep_history)
        self._assessing = Assessing(paths, policy, self._recorder, self._audience)
        self._bringing = Bringing(self._means(), self._audience)
        self._hearing = Hearing(
            self._audience,
            self._assessing,
            PackFaults(self._paths),
            self._recorder,
            self._bringing,
            self._post,
            self._watch_newest,
            self._tidy,
        )
        self._ending = False
        self.ended = threading.Event()  # after `stop`, once every worker is gone
        threading.Thread(target=self._run, name="pool", daemon=True).start()

    def _means(self) -> Means:
        return Means(
            paths=self._paths,
            residents=self._residents.values,
            post=self._post,
            look_around=self._look_around,
            park_bytes=self._policy.park_bytes,
            most_ram=self._policy.most_ram,
            start_client=self._start_client,
            serve=self._serve,
            dismiss=self._dismiss,
        )

    # what clients do
    def join(self, session: Session) -> None:
        """It hears what is loaded, and from now on every change."""
        self._post(partial(self._join, session))

    def leave(self, session: Session) -> None:
        """What it asked for is cancelled."""
        self._post(partial(self._leave, session))

    def take(self, session: Session, command: Command) -> None:
        self._post(partial(self._take, session, command))

    def cancel(self, session: Session, job: JobId) -> None:
        """By the client's id."""
        self._post(partial(self._cancel_of, session, job))

    def stop(self) -> None:
        """Ends every model in order; what runs is cancelled."""
        self._post(self._stop)

    def close(self) -> None:
        """After the end: the history is written. Waits for it, but not for long."""
        self._recorder.close()
        self._doors.close()

    # the thread
    def _post(self, action: Callable[[], None]) -> None:
        self._actions.put(action)

    def _run(self) -> None:
        try:
            while not self.ended.is_set():
                try:
                    self._actions.get(timeout=self._patience())()
                except queue.Empty:
                    self._unload_idle()
                self._pass_on_budget()
        except BaseException:
            # Nothing here can be trusted any more. Clients see the end, and start a new host.
            log.exception("the engine's host failed")
            os._exit(_BROKEN_EXIT)

    def _join(self, session: Session) -> None:
        self._audience.sessions.append(session)
        for resident in self._residents.values():
            if resident.loaded and resident.facts is not None:
                session.send(events.ModelLoaded(NOBODY, resident.wish.model, resident.facts))
                session.send(events.RuntimeStateChanged(NOBODY, resident.state, None, resident.path))

    def _leave(self, session: Session) -> None:
        if session in self._audience.sessions:
            self._audience.sessions.remove(session)
        for job in self._audience.jobs_of(session):
            self._cancel(job)
        if not self._audience.sessions:
            for resident in tuple(self._residents.values()):
                if resident.phase is Phase.BROKEN or self._policy.keep_loaded_s() == 0:
                    self._end(resident)

    def _take(self, session: Session, command: Command) -> None:
        if self._ending:
            session.send(events.JobFailed(command.job, sentence("host_ends")))
            return
        if len(session.jobs) >= MOST_JOBS or command.job in session.jobs:
            session.send(events.JobFailed(command.job, sentence("host_too_many_jobs", count=MOST_JOBS)))
            return
        match command:
            case LoadModel(job, wish):
                self._want(session, job, wish, None)
            case Answer(job, request, wish):
                self._want(session, job, wish, request)
            case EmbedTexts(job, texts, wish):
                self._want(session, job, replace(wish, embedding=True), texts)
            case UnloadModel(job, path):
                self._unload(session, job, path)
            case ForgetChat(job, conversation):
                self._forget(session, job, conversation)
            case Look(job):
                status = engine_status(self._residents.values(), len(self._audience.sessions), self._began)
                session.send(events.EngineSeen(job, status))
                session.send(events.JobFinished(job))

    # models
    def _want(
        self,
        session: Session,
        client_job: JobId,
        wish: LoadWish,
        request: GenerationRequest | EmbeddingRequest | None,
    ) -> None:
        job = Job(new_job_id(), session, client_job, wish, request)
        self._audience.open(job)
        refusal = self._refusal(wish)
        if refusal is not None:
            self._audience.fail(job, refusal)
            return
        resident = self._residents.setdefault(key_of(wish), Resident(wish))
        if resident.phase is Phase.BROKEN:
            if request is not None and resident.last_reason is not None:
                self._audience.fail(job, resident.last_reason)
                return
            resident.crashes.forgive()
            resident.bound = UNBOUND
            resident.phase = Phase.IN_LINE
        # Who loads in so many words what had to be given less than it wants, tries for more.
        resident.retry = resident.retry or (request is None and resident.loaded and resident.lowered)
        served = resident.loaded and resident.satisfies(wish) and not resident.retry
        if served and not self._bringing.is_waited_for(resident):
            self._serve_job(resident, job)
            return
        resident.waiting.append(job)
        if resident.phase is not Phase.LEAVING:  # else it is brought as soon as it has gone
            self._bringing.want(resident)

    def _refusal(self, wish: LoadWish) -> Sentence | None:
        """Why nobody can wait for that model now."""
        resident = self._residents.get(key_of(wish))
        if resident is not None and len(resident.waiting) >= MOST_WAITING:
            return sentence("queue_full", waiting=MOST_WAITING)
        wanted = sum(1 for one in self._residents.values() if one.waiting)
        if resident is None and wanted >= MOST_MODELS:
            return sentence("host_too_many_models", count=MOST_MODELS)
        return None

    def _serve(self, resident: Resident) -> None:
        waiting, resident.waiting = resident.waiting, []
        for job in waiting:
            self._serve_job(resident, job)

    def _serve_job(self, resident: Resident, job: Job) -> None:
        client, facts = resident.client, resident.facts
        resident.last_used = time.monotonic()
        if client is None or facts is None:
            self._audience.fail(job, sentence("no_model_loaded"))
        elif job.request is None:
            self._audience.tell(job, events.ModelLoaded(job.id, resident.wish.model, facts))
            self._audience.end(job, events.JobFinished(job.id))
        else:
            resident.answers[job.id] = job
            job.began = Moment.now(facts.pid)
            if isinstance(job.request, EmbeddingRequest):
                client.embed(job.id, job.request)
            else:
                client.generate(job.id, job.request)

    def _cancel_of(self, session: Session, client_job: JobId) -> None:
        job = self._audience.job(session, client_job)
        if job is not None:
            self._cancel(job)

    def _cancel(self, job: Job) -> None:
        resident = self._residents.get(key_of(job.wish))
        if resident is None:
            return
        if job.id in resident.answers and resident.client is not None:
            resident.client.cancel(job.id)
        elif job in resident.waiting:
            resident.waiting.remove(job)
            self._audience.end(job, events.JobCancelled(job.id))
            if not resident.waiting and not resident.returning:
                self._bringing.drop(resident)
                self._tidy(resident)

    def _tidy(self, resident: Resident) -> None:
        """Strikes out a model that nobody wants and nothing is left of."""
        unused = resident.client is None and not resident.waiting and not self._bringing.wanted(resident)
        if unused and resident.phase is not Phase.BROKEN:
            self._residents.pop(key_of(resident.wish), None)

    def _unload(self, session: Session, job: JobId, path: str) -> None:
        left = [one for one in self._residents.values() if path in ("", one.path)]
        count = len(left)

        def one_has_gone() -> None:
            nonlocal count
            count -= 1
            if count <= 0:
                session.send(events.JobFinished(job))

        for resident in left:
            for waiting in tuple(resident.waiting):
                self._cancel(waiting)
            resident.when_gone.append(one_has_gone)
            self._end(resident)
        if not left:
            session.send(events.JobFinished(job))

    def _end(self, resident: Resident) -> None:
        """For good: what crashed does not come back either."""
        resident.returning = False
        self._bringing.drop(resident)
        self._dismiss(resident)

    def _dismiss(self, resident: Resident) -> None:
        """Ends its worker, on a thread that may wait for it."""
        client = resident.client
        if resident.phase is Phase.LEAVING:
            return
        if client is None:
            self._has_gone(resident)
            return
        resident.phase = Phase.LEAVING

        def end() -> None:
            client.close(_FAREWELL_S)
            self._post(partial(self._has_gone, resident))

        threading.Thread(target=end, name="farewell", daemon=True).start()

    def _has_gone(self, resident: Resident) -> None:
        if resident.state not in (RuntimeState.STOPPED, RuntimeState.CRASHED):  # it had to be killed
            stopped = events.RuntimeStateChanged(NOBODY, RuntimeState.STOPPED, None, resident.path)
            self._audience.tell_all(resident, stopped)
        resident.client, resident.facts, resident.state = None, None, RuntimeState.STOPPED
        self._watch_newest()
        for job in tuple(resident.answers.values()):
            self._audience.end(job, events.JobCancelled(job.id))
        resident.answers.clear()
        told, resident.when_gone = resident.when_gone, []
        for tell in told:
            tell()
        resident.phase = Phase.IN_LINE
        self._forgetting.worker_gone(others=any(one.client for one in self._residents.values()))
        self._bringing.gone(resident)
        self._tidy(resident)
        if self._ending and not any(one.client for one in self._residents.values()):
            self.ended.set()

    def _watch_newest(self) -> None:
        """A model has gone: the history watches another one, or none."""
        left = [one for one in self._residents.values() if one.facts is not None]
        newest = max(left, key=lambda one: one.last_used, default=None)
        self._recorder.watch(newest.facts.pid if newest and newest.facts else None)

    def _forget(self, session: Session, job: JobId, conversation: str) -> None:
        for resident in tuple(self._residents.values()):
            for answer in (*resident.waiting, *tuple(resident.answers.values())):
                asked = answer.request
                if isinstance(asked, GenerationRequest) and asked.conversation == conversation:
                    self._cancel(answer)
            if resident.client is not None:
                resident.client.forget(conversation)

        def deleted(failure: Sentence | None) -> None:
            session.send(events.JobFinished(job) if failure is None else events.JobFailed(job, failure))

        self._forgetting.forget(conversation, deleted)

    def _stop(self) -> None:
        self._ending = True
        for resident in tuple(self._residents.values()):
            for job in tuple(resident.waiting):
                self._cancel(job)
            self._end(resident)
        if not any(one.client for one in self._residents.values()):
            self.ended.set()

    # idle models
    def _patience(self) -> float | None:
        """Seconds until a model may have been idle for long enough; None for ever."""
        keep = self._policy.keep_loaded_s()
        idle = [one.last_used for one in self._residents.values() if self._is_idle(one)]
        return max(0.01, min(idle) + keep - time.monotonic()) if idle and keep else None

    def _unload_idle(self) -> None:
        keep = self._policy.keep_loaded_s()
        for resident in tuple(self._residents.values()):
            if keep and self._is_idle(resident) and time.monotonic() - resident.last_used >= keep:
                self._dismiss(resident)

    def _is_idle(self, resident: Resident) -> bool:
        return resident.loaded and not resident.answers and not self._bringing.wanted(resident)

    def _pass_on_budget(self) -> None:
        """Of the disk, when its user has changed it; who changed it has deleted what is above it."""
        budget = self._policy.park_bytes()
        if budget == self._park_bytes:
            return
        self._park_bytes = budget
        for resident in self._residents.values():
            if resident.client is not None:
                resident.client.limit_parking(budget)

    # what models take
    def _start_client(self, resident: Resident) -> RuntimeClient:
        taken = {one.log_number for one in self._residents.values() if one.client is not None}
        number = next(number for number in itertools.count(1) if number not in taken)
        resident.log_number = number
        name = "worker.log" if number == 1 else f"worker-{number}.log"
        return RuntimeClient(self._command, partial(self._hearing.hear, resident), self._paths.state / name)

    def _look_around(self) -> HardwareReport:
        report = machine_now(self._paths, lambda: list_devices(self._command))
        return replace(report, gpus=(*report.gpus, *self._doors.gpus()))
