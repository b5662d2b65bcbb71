"""The desk over the rooms of this machine: builds jobs, starts them, routes their events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.chat.store import ChatStore
from engine.download.library import Library
from engine.download.pull import discard
from engine.events import (
    ConversationOpened,
    ConversationsListed,
    Emit,
    Event,
    HardwareProgressed,
    HardwareReported,
    JobId,
    ModelLoaded,
    ModelsListed,
    Noticed,
    Recommended,
    RuntimeStateChanged,
)
from engine.hardware.report import HardwareReport
from engine.jobs.advising import advise
from engine.jobs.answers import Answers
from engine.jobs.checking import check_machine
from engine.jobs.loading import Loader
from engine.jobs.pulling import pull_model
from engine.jobs.runtime_link import RuntimeLink
from engine.jobs.storekeeper import StoreKeeper
from engine.jobs.threads import JobThreads, sentence_for
from engine.messages import Sentence
from engine.paths import Paths
from engine.planning.plan import RunPlan
from engine.runtime.client import RuntimeClient
from engine.runtime.values import RuntimeState
from engine.settings import Settings, save_settings
from engine.telemetry.sampler import Sampler

_CLOSE_S: Final = 3.0
_SAMPLE_EVERY_S: Final = 0.5
_WITHOUT_WORKER: Final = (RuntimeState.STOPPED, RuntimeState.CRASHED)


class LocalDesk:
    """Implements `Desk`.

    `worker_command` starts this program; the worker adds its own words. `live` samples the
    machine for graphs. `remark` is said first (settings that had to be put aside, say).
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
        self._saving = threading.Lock()
        self._sampler = Sampler(emit, JobId(0), _SAMPLE_EVERY_S) if live else None
        self._outside = emit
        emit = self._emit
        self._paths = paths
        self._command = tuple(worker_command)
        self._threads = JobThreads(emit, str(paths.log))
        self._keeper = StoreKeeper(paths.chats)
        self._library = Library(paths.models, paths.state)
        self._link = RuntimeLink(emit)
        self._client = RuntimeClient(self._command, self._link.on_event, paths.state / "worker.log")
        self._loader = Loader(self._client, self._link, self._library, paths, emit)
        self._answers = Answers(self._keeper, self._loader, self._client, self._link, emit)
        if self._sampler is not None:
            self._sampler.start()
        if remark is not None:
            emit(Noticed(JobId(0), remark))

    # settings

    def change_settings(self, settings: Settings) -> None:
        self.settings = settings

        def work(job: JobId, token: CancelToken) -> None:
            try:
                with self._saving:
                    # Not the argument: the newest settings win, whatever the order of the threads.
                    save_settings(self._paths.settings, self.settings)
            except OSError as error:
                self._emit(Noticed(job, sentence_for(error, str(self._paths.log))))

        self._threads.start("settings", work)

    # check and advice

    def check(self) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            report = check_machine(
                self._paths,
                self._command,
                lambda progress: self._emit(HardwareProgressed(job, progress)),
                token,
            )
            self._emit(HardwareReported(job, report))

        return self._threads.start("check", work)

    def recommend(self, report: HardwareReport) -> JobId:
        return self._threads.start(
            "recommend", lambda job, token: self._emit(Recommended(job, advise(report)))
        )

    # weights

    def pull(self, repository: str, quantization: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            endpoint = self.settings.endpoint
            pull_model(job, token, self._paths.models, endpoint, repository, quantization, self._emit)

        return self._threads.start("pull", work)

    def pull_plan(self, plan: RunPlan) -> JobId:
        return self.pull(plan.quantization.repository, plan.quantization.name)

    def discard_download(self, repository: str, quantization: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            discard(self._paths.models, repository, quantization)

        return self._threads.start("discard", work)

    def list_models(self) -> JobId:
        return self._threads.start(
            "models", lambda job, token: self._emit(ModelsListed(job, self._library.installed()))
        )

    # the runtime

    def load(self, model: InstalledModel) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._loader.load(job, token, model, self.settings)
            self._remember(model)

        return self._threads.start("load", work)

    def unload(self) -> JobId:
        return self._threads.start("unload", self._loader.unload)

    # conversations

    def list_conversations(self) -> JobId:
        return self._changing_the_list("conversations", lambda store: None)

    def open_conversation(self, conversation_id: int) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            found = self._keeper.call(lambda store: store.conversation(conversation_id))
            self._emit(ConversationOpened(job, found))

        return self._threads.start("open", work)

    def rename_conversation(self, conversation_id: int, title: str) -> JobId:
        return self._changing_the_list("rename", lambda store: store.rename(conversation_id, title))

    def delete_conversation(self, conversation_id: int) -> JobId:
        return self._changing_the_list("delete", lambda store: store.delete(conversation_id))

    def restore_conversation(self, conversation_id: int) -> JobId:
        return self._changing_the_list("restore", lambda store: store.restore(conversation_id))

    def _changing_the_list(self, name: str, change: Callable[[ChatStore], None]) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._keeper.call(change)
            self._emit(ConversationsListed(job, self._keeper.call(lambda store: store.conversations())))

        return self._threads.start(name, work)

    # answers

    def send(self, conversation_id: int | None, text: str) -> JobId:
        return self._threads.start(
            "send",
            lambda job, token: self._answers.send(job, token, conversation_id, text, self.settings),
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

    # the end

    def cancel(self, job: JobId) -> None:
        self._threads.cancel(job)

    def close(self) -> None:
        deadline = time.monotonic() + _CLOSE_S
        if self._sampler is not None:
            self._sampler.stop()
        self._threads.close(timeout_s=_CLOSE_S / 2)
        self._client.close(max(0.1, deadline - time.monotonic()))
        # The end of the worker has ended answers that did not heed the cancel; they save themselves.
        self._threads.close(timeout_s=max(0.1, deadline - time.monotonic()))
        self._keeper.close(max(0.1, deadline - time.monotonic()))

    def _emit(self, event: Event) -> None:
        if self._sampler is not None:
            if isinstance(event, ModelLoaded):
                self._sampler.watch(event.facts.pid)
            elif isinstance(event, RuntimeStateChanged) and event.state in _WITHOUT_WORKER:
                self._sampler.watch(None)
        self._outside(event)

    def _remember(self, model: InstalledModel) -> None:
        if self.settings.last_model != model.path:
            self.change_settings(replace(self.settings, last_model=model.path))
