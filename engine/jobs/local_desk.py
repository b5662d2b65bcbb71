"""The desk over the rooms of this machine: builds jobs, starts them, routes their events."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.chat.options import NOTHING_SET, ChatOptions
from engine.download.library import Library
from engine.download.network import use_network
from engine.errors import LoadError
from engine.events import (
    BudgetAdvised,
    Calibrated,
    CalibrationProgressed,
    Emit,
    Event,
    HardwareProgressed,
    HardwareReported,
    HistoryRead,
    JobId,
    LoadForeseen,
    ModelLoaded,
    ModelPlanned,
    ModelsFound,
    ModelsListed,
    Noticed,
    Recommended,
    RemoteTried,
    RuntimeStateChanged,
    Scored,
    TelemetrySampled,
    WhatIfAdvised,
    new_job_id,
)
from engine.host.client import HostClient
from engine.host.start import host_runs
from engine.jobs.answers import Answers
from engine.jobs.backends import Backends, wish_for
from engine.jobs.chat_jobs import ChatJobs
from engine.jobs.chat_searching import ChatSearcher
from engine.jobs.chats import Chats
from engine.jobs.desk import USUAL_AIM
from engine.jobs.endpoints import (
    forget_key,
    hold_key,
    models_offered,
    tidied,
    with_remote,
    without_remote,
)
from engine.jobs.keeping import Keeping
from engine.jobs.late import Late
from engine.jobs.lending_switch import LendingSwitch
from engine.jobs.proxy_login import ProxyLogin
from engine.jobs.report_jobs import ReportJobs
from engine.jobs.runtime_jobs import RuntimeJobs
from engine.jobs.runtime_link import RuntimeLink, events_until_end
from engine.jobs.serving import ApiServer
from engine.jobs.storekeeper import StoreKeeper
from engine.jobs.threads import JobThreads, Work, sentence_for
from engine.jobs.titling import Titles
from engine.jobs.update_jobs import UpdateJobs
from engine.jobs.writing import Writing
from engine.messages import Sentence, sentence
from engine.paths import Paths
from engine.remote.keys import Keys
from engine.runtime import state_files
from engine.runtime.backend import Backend
from engine.runtime.values import RuntimeState
from engine.server.keys import OWN_KEY, renew_key
from engine.settings import Loading, Remote, Settings, save_settings
from engine.telemetry.energy import EnergyMeter
from engine.telemetry.sampler import Sampler

if TYPE_CHECKING:
    from engine.chat.attachments import AttachedFile
    from engine.chat.shelf import Shelf
    from engine.download.library_values import KnownModel
    from engine.hardware.report import HardwareReport
    from engine.jobs.downloads import Downloads
    from engine.jobs.node_board import NodeBoard
    from engine.jobs.purchase_questions import BudgetQuestion, WhatIfQuestion
    from engine.jobs.runtimes import Runtimes
    from engine.jobs.updates import Updates
    from engine.planning.plan import Aim, RunPlan

log = logging.getLogger(__name__)

_CLOSE_S: Final = 3.0
_SAMPLE_EVERY_S: Final = 0.5
_WITHOUT_WORKER: Final = (RuntimeState.STOPPED, RuntimeState.CRASHED)


class LocalDesk(ChatJobs, ReportJobs, RuntimeJobs, UpdateJobs):
    """Implements `Desk`.

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

        self._threads.start("settings", work)

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

        self._threads.start("proxy", work)

    def _change(self, change: Callable[[Settings], Settings]) -> None:
        """For jobs: two at once must not undo each other."""
        with self._changing:
            self.change_settings(change(self.settings))

    # check and advice

    def check(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.checking import check_machine

            checked = check_machine(
                self._paths,
                self._command,
                lambda progress: self._emit(HardwareProgressed(job, progress)),
                token,
                self.settings.overrides,
            )
            self._emit(HardwareReported(job, checked.report, checked.changes))

        return self._threads.start("check", work)

    def correct(self, overrides: tuple[tuple[str, str], ...]) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.hardware.overrides import parse_overrides
            from engine.jobs.checking import last_report

            parse_overrides(overrides)
            self._change(lambda settings: replace(settings, overrides=overrides))
            report = last_report(self._paths, overrides)
            if report is not None:
                self._emit(HardwareReported(job, report))

        return self._threads.start("correct", work)

    def recommend(self, report: HardwareReport, aim: Aim = USUAL_AIM) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.advising import advise

            self._emit(Recommended(job, advise(self._paths, report, aim)))

        return self._threads.start("recommend", work)

    def ask_budget(self, question: BudgetQuestion) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.purchases import answer_budget

            self._emit(BudgetAdvised(job, *answer_budget(question, self.settings)))

        return self._threads.start("budget", work)

    def ask_what_if(self, question: WhatIfQuestion) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.purchases import answer_what_if

            self._emit(WhatIfAdvised(job, *answer_what_if(question, self._paths, self.settings)))

        return self._threads.start("what if", work)

    def calibrate(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.hardware.check import quick_report
            from engine.jobs.calibrating import calibrate
            from engine.jobs.checking import last_report

            report = last_report(self._paths, self.settings.overrides) or quick_report([self._paths.models])

            def progress(fraction: float) -> None:
                self._emit(CalibrationProgressed(job, fraction))

            found = calibrate(self._paths, self._command, report, progress, token)
            self._emit(Calibrated(job, kept=found is not None))

        return self._threads.start("calibrate", work)

    def history(self, days: int) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.history import history

            self._emit(HistoryRead(job, history(self._paths.history, days)))

        return self._threads.start("history", work)

    def score(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.scoring import score

            self._emit(Scored(job, score(self._paths, self._library.installed())))

        return self._threads.start("score", work)

    # weights

    def search(self, words: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.searching import last_machine, search

            found = search(self.settings.endpoint, words, last_machine(self._paths))
            token.raise_if_cancelled()
            self._emit(ModelsFound(job, found))

        return self._threads.start("search", work)

    def foresee(self, model: InstalledModel, loading: Loading) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.foreseeing import foresee

            installed = self._library.installed()
            outlook = foresee(self._paths, self.settings, model, loading, installed)
            token.raise_if_cancelled()
            self._emit(LoadForeseen(job, outlook))

        return self._threads.start("foresee", work)

    def plan_elsewhere(self, repository: str, quantization: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.remote_models import plan_remote

            endpoint = self.settings.endpoint
            plan = plan_remote(self._paths, self._command, endpoint, repository, quantization, token)
            self._emit(ModelPlanned(job, repository, plan))

        return self._threads.start("plan-elsewhere", work)

    def test_connection(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            from engine.jobs.connecting import test_connection

            test_connection(job, token, self.settings, self._emit)

        return self._threads.start("connection", work)

    def pull(self, repository: str, quantization: str) -> JobId:
        return self._downloads().pull(self._threads.start, repository, quantization)

    def pull_plan(self, plan: RunPlan) -> JobId:
        return self.pull(plan.quantization.repository, plan.quantization.name)

    def go_on_with_downloads(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._downloads().pull_all(self._threads.start, self._downloads().waiting())
            self._keeping.empty_trash(job, only_old=True)

        return self._threads.start("downloads", work)

    def list_downloads(self) -> JobId:
        return self._threads.start("downloads", lambda job, token: self._downloads().tell())

    def pause_download(self, repository: str, quantization: str) -> JobId:
        return self._threads.start(
            "pause", lambda job, token: self._downloads().pause(repository, quantization)
        )

    def pause_downloads(self) -> JobId:
        return self._threads.start("pause", lambda job, token: self._downloads().pause_all())

    def resume_downloads(self) -> JobId:
        return self._threads.start(
            "resume",
            lambda job, token: self._downloads().pull_all(self._threads.start, self._downloads().standing()),
        )

    def move_download(self, repository: str, quantization: str, position: int) -> JobId:
        return self._threads.start(
            "reorder", lambda job, token: self._downloads().move(repository, quantization, position)
        )

    def discard_download(self, repository: str, quantization: str) -> JobId:
        return self._threads.start(
            "discard", lambda job, token: self._downloads().discard(repository, quantization)
        )

    # the library

    def look_for_models(self, folder: str = "") -> JobId:
        return self._threads.start("look-for", lambda job, token: self._keeping.look(job, token, folder))

    def take_in(self, models: tuple[KnownModel, ...]) -> JobId:
        return self._keep("take-in", lambda job, token: self._keeping.take_in(models))

    def verify_model(self, path: str) -> JobId:
        return self._keep("verify", lambda job, token: self._keeping.verify(job, token, path))

    def move_model(self, path: str, folder: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            new = self._keeping.move(job, token, path, folder)
            if self.settings.last_model == path:
                self._change(lambda settings: replace(settings, last_model=new))

        return self._keep("move", work)

    def remove_model(self, path: str) -> JobId:
        return self._keep("remove", lambda job, token: self._keeping.remove(job, path))

    def restore_model(self, key: str) -> JobId:
        return self._keep("restore", lambda job, token: self._keeping.restore(key))

    def empty_trash(self) -> JobId:
        return self._keep("empty-trash", lambda job, token: self._keeping.empty_trash(job))

    def _keep(self, name: str, change: Work) -> JobId:
        """A change of the library, after which, however it ended, it is listed."""

        def work(job: JobId, token: CancelToken) -> None:
            try:
                change(job, token)
            finally:
                self._list_models(job)

        return self._threads.start(name, work)

    def list_models(self) -> JobId:
        return self._threads.start("models", lambda job, token: self._list_models(job))

    def _list_models(self, job: JobId) -> None:
        self._keeping.list(job)
        self._emit(ModelsListed(job, self._backends.models(self.settings)))

    # the runtime

    def load(self, model: InstalledModel) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            backend = self._backends.of(model)
            # First: what was chosen answers from now on, or says why it cannot. What is written next
            # must never go to the model before it, which may be somewhere else.
            self._remember(model)
            self._follow(job, token, lambda: backend.load(job, wish_for(model, self.settings)), backend)
            self._library.register(model)  # a file that was opened is found again

        return self._threads.start("load", work)

    def unload(self, path: str = "") -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            for backend in self._backends.holding(path):
                self._follow(job, token, partial(backend.unload, job, path), backend)

        return self._threads.start("unload", work)

    def look(self) -> JobId:
        engine = self._backends.local
        return self._following("look", engine.look, engine)

    def _following(self, name: str, ask: Callable[[JobId], None], backend: Backend) -> JobId:
        return self._threads.start(
            name, lambda job, token: self._follow(job, token, lambda: ask(job), backend)
        )

    def _follow(self, job: JobId, token: CancelToken, ask: Callable[[], None], backend: Backend) -> None:
        """Asks, and passes on what is answered. Raises: LoadError, Cancelled."""
        with self._link.inbox(job) as inbox:
            ask()
            for event in events_until_end(inbox, token, lambda: backend.cancel(job), LoadError):
                if event is not None:
                    self._emit(event)

    # other programs, and other machines

    def serve(self) -> JobId:
        return self._threads.start("serve", self._start_api)

    def renew_api_key(self) -> JobId:
        def renew(job: JobId, token: CancelToken) -> None:
            renew_key(self._paths.config / OWN_KEY)
            if self._api.running:
                self._start_api(job, token)

        return self._threads.start("renew-key", renew)

    def _start_api(self, job: JobId, token: CancelToken) -> None:
        settings = self.settings
        self._api.start(job, token, settings.serve_port, settings.serve_beyond)

    def stop_serving(self) -> JobId:
        return self._threads.start("stop-serving", lambda job, token: self._api.stop(job))

    def list_nodes(self) -> JobId:
        return self._threads.start("nodes", lambda job, token: self._nodes().list(job))

    def add_node(self, address: str, key: str) -> JobId:
        return self._threads.start("add-node", lambda job, token: self._nodes().add(job, address, key))

    def renew_node(self, address: str) -> JobId:
        return self._threads.start("try-node", lambda job, token: self._nodes().renew(job, address))

    def remove_node(self, address: str) -> JobId:
        return self._threads.start("remove-node", lambda job, token: self._nodes().remove(job, address))

    def lend(self, new_key: bool = False) -> JobId:
        return self._threads.start(
            "lend",
            lambda job, token: self._lending.start(job, token, self.settings.lend_port, new_key),
        )

    def stop_lending(self) -> JobId:
        return self._threads.start("stop-lending", lambda job, token: self._lending.stop(job))

    def try_remote(self, url: str, key: str) -> JobId:
        return self._threads.start(
            "try-remote",
            lambda job, token: self._emit(RemoteTried(job, models_offered(self._keys, url, key, token))),
        )

    def add_remote(self, remote: Remote, key: str, instead_of: str = "") -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            kept = tidied(remote)
            hold_key(self._keys, kept.url, key)
            self._change(lambda settings: with_remote(settings, kept, instead_of))
            self._list_models(job)
            # Last: a keyring may wait for its owner, and nothing here has to wait for it.
            if instead_of:
                forget_key(self._keys, instead_of, self.settings)
            warning = self._keys.keep(kept.url)
            if warning is not None:
                self._emit(Noticed(job, warning))

        return self._threads.start("add-remote", work)

    def remove_remote(self, url: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._change(lambda settings: without_remote(settings, url))
            self._list_models(job)
            forget_key(self._keys, url, self.settings)

        return self._threads.start("remove-remote", work)

    # conversations: see ChatJobs

    def _end_answers(self, conversation_id: int) -> None:
        for job in self._answers.of(conversation_id):
            self._threads.cancel(job)

    def _forget_states(self, name: str) -> None:
        """What the engine holds of a conversation in memory, and would park later."""
        if host_runs(self._paths):
            self._backends.local.forget(new_job_id(), name)

    # answers

    def list_drafts(self) -> JobId:
        return self._threads.start("drafts", lambda job, token: self._writing.list_drafts(job))

    def keep_draft(self, conversation_id: int | None, text: str) -> JobId:
        self._writing.note_draft(conversation_id, text)
        return self._threads.start("draft", lambda job, token: self._writing.keep_drafts())

    def set_options(self, conversation_id: int, options: ChatOptions) -> JobId:
        return self._threads.start(
            "options", lambda job, token: self._writing.set_options(conversation_id, options)
        )

    def attach(self, path: str) -> JobId:
        return self._threads.start("attach", lambda job, token: self._writing.attach(job, token, Path(path)))

    def read_shelf(self) -> JobId:
        return self._threads.start("shelf", lambda job, token: self._writing.read_shelf(job))

    def keep_shelf(self, shelf: Shelf) -> JobId:
        return self._threads.start("shelf", lambda job, token: self._writing.keep_shelf(job, shelf))

    def send(
        self,
        conversation_id: int | None,
        text: str,
        files: tuple[AttachedFile, ...] = (),
        options: ChatOptions = NOTHING_SET,
    ) -> JobId:
        return self._threads.start(
            "send",
            lambda job, token: self._answers.send(
                job, token, conversation_id, text, self.settings, files, options
            ),
        )

    def edit(self, conversation_id: int, message_id: int, text: str) -> JobId:
        return self._threads.start(
            "edit",
            lambda job, token: self._answers.edit(
                job, token, conversation_id, message_id, text, self.settings
            ),
        )

    def carry_on(self, conversation_id: int, message_id: int) -> JobId:
        return self._threads.start(
            "carry-on",
            lambda job, token: self._answers.carry_on(job, token, conversation_id, message_id, self.settings),
        )

    def regenerate(self, conversation_id: int, message_id: int) -> JobId:
        return self._threads.start(
            "regenerate",
            lambda job, token: self._answers.regenerate(
                job, token, conversation_id, message_id, self.settings
            ),
        )

    def show_branch(self, conversation_id: int, message_id: int) -> JobId:
        return self._threads.start(
            "show-branch", lambda job, token: self._answers.show_branch(job, conversation_id, message_id)
        )

    def make_room(self, conversation_id: int, message_id: int, way: str) -> JobId:
        return self._threads.start(
            "make-room",
            lambda job, token: self._answers.make_room(
                job, token, conversation_id, message_id, way, self.settings
            ),
        )

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
