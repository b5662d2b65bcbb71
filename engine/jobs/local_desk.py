"""The desk over the rooms of this machine: builds jobs, starts them, routes their events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.download.network import use_network
from engine.errors import LoadError
from engine.events import (
    Emit,
    Event,
    JobId,
    ModelLoaded,
    Noticed,
    RuntimeStateChanged,
    TelemetrySampled,
    new_job_id,
)
from engine.host.client import HostClient
from engine.host.start import host_runs
from engine.jobs.advice_jobs import AdviceJobs
from engine.jobs.answer_jobs import AnswerJobs
from engine.jobs.answers import Answers
from engine.jobs.backends import Backends, wish_for
from engine.jobs.chat_jobs import ChatJobs
from engine.jobs.chat_searching import ChatSearcher
from engine.jobs.chats import Chats
from engine.jobs.download_jobs import DownloadJobs
from engine.jobs.keeping import Keeping
from engine.jobs.late import Late
from engine.jobs.lending_switch import LendingSwitch
from engine.jobs.library_jobs import LibraryJobs
from engine.jobs.neighbour_jobs import NeighbourJobs
from engine.jobs.proxy_login import ProxyLogin
from engine.jobs.report_jobs import ReportJobs
from engine.jobs.runtime_jobs import RuntimeJobs
from engine.jobs.runtime_link import RuntimeLink, events_until_end
from engine.jobs.serving import ApiServer
from engine.jobs.storekeeper import StoreKeeper
from engine.jobs.threads import JobThreads, sentence_for
from engine.jobs.titling import Titles
from engine.jobs.update_jobs import UpdateJobs
from engine.jobs.writing import Writing
from engine.messages import Sentence, sentence
from engine.paths import Paths
from engine.remote.keys import Keys
from engine.runtime import state_files
from engine.runtime.backend import Backend
from engine.runtime.values import RuntimeState
from engine.settings import Settings, save_settings
from engine.telemetry.energy import EnergyMeter
from engine.telemetry.sampler import Sampler

if TYPE_CHECKING:
    from engine.jobs.downloads import Downloads
    from engine.jobs.node_board import NodeBoard
    from engine.jobs.runtimes import Runtimes
    from engine.jobs.updates import Updates

_CLOSE_S: Final = 3.0
_SAMPLE_EVERY_S: Final = 0.5
_WITHOUT_WORKER: Final = (RuntimeState.STOPPED, RuntimeState.CRASHED)


class LocalDesk(
    AdviceJobs,
    AnswerJobs,
    ChatJobs,
    DownloadJobs,
    LibraryJobs,
    NeighbourJobs,
    ReportJobs,
    RuntimeJobs,
    UpdateJobs,
):
    """Implements `Desk`: what is set, and models in memory; the other commands stand in its parts.

    `worker_command` starts this program; the worker adds its own words. `live` samples the
    machine for graphs. `remark` is said first (settings that had to be put aside, say).

    The window waits for this module, so that whatever is not needed at every start (the planner, numpy, HTTP)
    is imported by the job that needs it, on its own thread.
    """

    def __init__(
        self,
        emit: Emit,
        paths: Paths,
        settings: Settings,
        worker_command: Sequence[str],
        live: bool = True,
        remark: Sentence | None = None,
    ) -> None:
        self.settings = settings
        self._login = ProxyLogin()
        use_network(self._login.network(settings))
        self._saving = threading.Lock()
        self._changing = threading.Lock()
        self._outside = emit
        self._energy = EnergyMeter()
        self._sampler = Sampler(self._take_sample, JobId(0), _SAMPLE_EVERY_S) if live else None
        emit = self._emit
        self._paths = paths
        self._command = tuple(worker_command)
        self._threads = JobThreads(emit, str(paths.log))
        self._keeper = StoreKeeper(paths.chats, lambda said: emit(Noticed(JobId(0), said)))
        self._searcher = ChatSearcher(paths.chat_index, self._keeper)
        self._chats = Chats(paths, self._keeper, self._searcher, emit, self._end_answers, self._forget_states)
        self._library = Library(paths.models, paths.state)
        self._keeping = Keeping(self._library, emit)
        self._downloads = Late(self._make_downloads)
        self._runtimes = Late(self._make_runtimes)
        self._updates = Late(self._make_updates)
        self._link = RuntimeLink(emit)
        engine = HostClient(self._command, self._link.on_event, paths)
        self._keys = Keys()
        self._backends = Backends(engine, Late(self._make_remote), self._library)
        titles = Titles(
            self._keeper,
            self._backends,
            self._link,
            emit,
            self._threads.start,
            self._threads.cancel,
            self._chats.list,
        )
        self._answers = Answers(self._keeper, self._backends, self._link, titles, emit, self._energy.joules)
        self._writing = Writing(self._keeper, paths.shelf, self._command, emit)
        self._api = ApiServer(self._command, paths.state / "serve.log", emit)
        self._nodes = Late(self._make_nodes)
        self._lending = LendingSwitch(self._command, paths.state / "lend.log", emit)
        self._workers: dict[str, int] = {}  # process of each loaded model, by its path
        if self._sampler is not None:
            self._sampler.start()
        if remark is not None:
            emit(Noticed(JobId(0), remark))
        self._move_proxy_password()

    # what is made late

    def _make_downloads(self) -> Downloads:
        from engine.jobs.downloads import Downloads

        return Downloads(self._paths, self._library, self._emit, lambda: self.settings)

    def _make_runtimes(self) -> Runtimes:
        from engine.jobs.runtimes import Runtimes

        return Runtimes(self._paths, self._command)

    def _make_updates(self) -> Updates:
        from engine.jobs.updates import Updates

        return Updates(self._paths)

    def _make_nodes(self) -> NodeBoard:
        from engine.jobs.node_board import NodeBoard

        return NodeBoard(self._paths, self._emit)

    def _make_remote(self) -> Backend:
        from engine.remote.backend import RemoteBackend

        return RemoteBackend(self._link.on_event, self._keys, str(self._paths.log))

    # settings

    def change_settings(self, settings: Settings) -> None:
        less = settings.park_gib < self.settings.park_gib
        is_new = settings.proxy != self.settings.proxy
        self.settings = settings = self._login.take(settings) if is_new else settings
        use_network(self._login.network(settings))
        if self._downloads.made is not None:
            self._downloads.made.limit_speed(settings.speed_limit_kib)

        def work(job: JobId, token: CancelToken) -> None:
            try:
                with self._saving:
                    # Not the argument: the newest settings win, whatever the order of the threads.
                    save_settings(self._paths.settings, self.settings)
                if is_new and (refusal := self._login.keep(self.settings)) is not None:
                    self._emit(Noticed(job, refusal))
                if less:
                    state_files.shrink(self._paths.parked, self.settings.park_gib << 30)
            except OSError as error:
                self._emit(Noticed(job, sentence_for(error, str(self._paths.log))))

        self._job("settings", work)

    def _move_proxy_password(self) -> None:
        """One that an older version left in the settings file goes into the keyring, if there is one."""
        bare = self._login.take(self.settings)
        if bare == self.settings:
            return

        def work(job: JobId, token: CancelToken) -> None:
            refusal = self._login.keep(bare)
            if refusal is None:
                self._change(lambda settings: replace(settings, proxy=bare.proxy))
                return
            values = {"path": str(self._paths.settings), "reason": refusal.values["reason"]}
            self._emit(Noticed(job, sentence("proxy_password_in_clear", **values)))

        self._job("proxy", work)

    def _change(self, change: Callable[[Settings], Settings]) -> None:
        """For jobs: two at once must not undo each other."""
        with self._changing:
            self.change_settings(change(self.settings))

    # the runtime

    def load(self, model: InstalledModel) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            backend = self._backends.of(model)
            # First: what was chosen answers from now on, or says why it cannot. What is written next
            # must never go to the model before it, which may be somewhere else.
            self._remember(model)
            self._follow(job, token, lambda: backend.load(job, wish_for(model, self.settings)), backend)
            self._library.register(model)  # a file that was opened is found again

        return self._job("load", work)

    def unload(self, path: str = "") -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            for backend in self._backends.holding(path):
                self._follow(job, token, partial(backend.unload, job, path), backend)

        return self._job("unload", work)

    def look(self) -> JobId:
        engine = self._backends.local
        return self._job(
            "look", lambda job, token: self._follow(job, token, lambda: engine.look(job), engine)
        )

    def _follow(self, job: JobId, token: CancelToken, ask: Callable[[], None], backend: Backend) -> None:
        """Asks, and passes on what is answered. Raises: LoadError, Cancelled."""
        with self._link.inbox(job) as inbox:
            ask()
            for event in events_until_end(inbox, token, lambda: backend.cancel(job), LoadError):
                if event is not None:
                    self._emit(event)

    # what conversations take with them

    def _end_answers(self, conversation_id: int) -> None:
        for job in self._answers.of(conversation_id):
            self._threads.cancel(job)

    def _forget_states(self, name: str) -> None:
        """What the engine holds of a conversation in memory, and would park later."""
        if host_runs(self._paths):
            self._backends.local.forget(new_job_id(), name)

    # the end

    def cancel(self, job: JobId) -> None:
        self._threads.cancel(job)

    def close(self) -> None:
        deadline = time.monotonic() + _CLOSE_S
        if self._sampler is not None:
            self._sampler.stop()
        if self._downloads.made is not None:
            self._downloads.made.close()
        self._threads.close(timeout_s=_CLOSE_S / 2)
        self._api.close()
        self._lending.close()
        self._backends.close(max(0.1, deadline - time.monotonic()))
        # That has ended answers that did not heed the cancel; they save themselves.
        self._threads.close(timeout_s=max(0.1, deadline - time.monotonic()))
        self._searcher.close(max(0.1, deadline - time.monotonic()))
        self._keeper.close(max(0.1, deadline - time.monotonic()))

    def _take_sample(self, event: Event) -> None:
        if isinstance(event, TelemetrySampled):
            self._energy.take(event.sample)
        self._outside(event)

    def _emit(self, event: Event) -> None:
        if self._sampler is not None:
            self._watch_worker(self._sampler, event)
        self._outside(event)

    def _watch_worker(self, sampler: Sampler, event: Event) -> None:
        """The sampler follows the model in use, else the one that was loaded last."""
        if isinstance(event, ModelLoaded):
            self._workers.pop(event.model.path, None)
            if event.facts.pid:  # 0 for a model elsewhere
                self._workers[event.model.path] = event.facts.pid
        elif isinstance(event, RuntimeStateChanged) and event.state in _WITHOUT_WORKER:
            self._workers.pop(event.model, None)
        else:
            return
        newest = next(reversed(self._workers.values()), None)
        sampler.watch(self._workers.get(self.settings.last_model, newest))

    def _remember(self, model: InstalledModel) -> None:
        if self.settings.last_model != model.path:
            self._change(lambda settings: replace(settings, last_model=model.path))
