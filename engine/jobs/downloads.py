"""The queue at work: one job a download, of which one at a time fetches.

The topmost entry that can run, runs; one that is moved above it takes its place. What is in the
queue's file outlives the program: whatever waited when it ended, however it ended, goes on with
the next one that begins. Several programs share the file; a lock lets one of them fetch.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.download.fetcher import Tuning
from engine.download.library import Library
from engine.download.mirrors import mirrors_for
from engine.download.pace import Pace
from engine.download.partfile import destination_lock
from engine.download.pull import discard, discard_plan, installed_model, missing_bytes
from engine.download.queue import (
    DownloadQueue,
    QueueEntry,
    QueueState,
    changed,
    key_of,
    moved,
    planned,
    with_entry,
    without,
)
from engine.download.room import Shortage
from engine.download.sizes import size_text
from engine.download.unfinished import unfinished_downloads
from engine.download.values import DownloadPlan, DownloadProgress, QueuedDownload, TransferState
from engine.errors import Cancelled, DesksideError, DiskFull, DownloadError
from engine.events import DownloadPlanned, DownloadProgressed, DownloadsListed, DownloadVerified, Emit, JobId
from engine.jobs.pulling import fetch_model, plan_model
from engine.jobs.queue_view import Key, QueueWatch, View
from engine.jobs.threads import Work
from engine.messages import Sentence, sentence
from engine.paths import Paths
from engine.settings import Settings

_LOOK_SECONDS: Final = 0.25  # how often a waiting download looks whether it is its turn
_NOTE_SECONDS: Final = 5.0  # how often the queue's file hears how far a download is
_DISCARD_SECONDS: Final = 10.0  # how long a transfer may take to let go of its files
_AFTER_FULL_SECONDS: Final = 2.0
_QUEUED_SECONDS: Final = 15.0  # a queue that stays locked that long fails by itself
# The hub has another file now, or gave a wrong one: what is asked for next is its present version.
_STALE: Final = frozenset({"download_changed", "download_missing", "download_mismatch"})
_SHOWN: Final = {
    QueueState.WAITING: TransferState.QUEUED,
    QueueState.PAUSED: TransferState.PAUSED,
    QueueState.FAILED: TransferState.FAILED,
}


class _GiveWay(Cancelled):
    """The transfer stops so that another one runs, or until there is room."""


@dataclass(slots=True)
class _Task:
    """A download that this program works for. `key` changes once the hub names the quantisation."""

    key: Key
    job: JobId
    token: CancelToken | None = None
    plan: DownloadPlan | None = None
    hold: Sentence | None = None
    done_bytes: int = 0
    before: threading.Event | None = None  # the one that was asked for before it stands in the queue
    is_entered: threading.Event = field(default_factory=threading.Event)


class Downloads:
    """`patient`: a download waits for room; without, it fails for want of it (DiskFull)."""

    def __init__(
        self,
        paths: Paths,
        library: Library,
        emit: Emit,
        settings: Callable[[], Settings],
        patient: bool = True,
        tuning: Tuning | None = None,
    ) -> None:
        self._models = paths.models
        self._library = library
        self._run_lock = paths.state / "downloads.run"
        self._emit = emit
        self._settings = settings
        self._patient = patient
        self._pace = Pace(settings().speed_limit_kib << 10)
        self._tuning = replace(tuning or Tuning(), pace=self._pace)
        self._queue = DownloadQueue(queue_path(paths))
        self._watch = QueueWatch(self._queue, self._tuning)
        self._lock = threading.RLock()
        self._tasks: list[_Task] = []
        self._running: _Task | None = None
        self._closing = False

    # commands
    def pull(
        self,
        start: Callable[[str, Work], JobId],
        repository: str,
        quantization: str,
        endpoint: str = "",
    ) -> JobId:
        """Asks for a model, at the end of the queue; one that stood still goes on in its place.

        `start` runs the work as a job. One that is under way keeps its job.
        """
        with self._lock:
            known = self._task(key_of(repository, quantization))
            if known is not None:
                return known.job
            task = _Task(key_of(repository, quantization), JobId(0))
            task.before = self._tasks[-1].is_entered if self._tasks else None
            self._tasks.append(task)

            def work(job: JobId, token: CancelToken) -> None:
                self._serve(task, job, token, repository, quantization, endpoint)

            task.job = start("pull", work)
        return task.job

    def fetch(
        self, job: JobId, token: CancelToken, repository: str, quantization: str, endpoint: str = ""
    ) -> InstalledModel:
        """As `pull`, on the thread of the caller. Raises: Cancelled (it is paused now); DesksideError."""
        task = _Task(key_of(repository, quantization), JobId(0))
        with self._lock:
            self._tasks.append(task)
        return self._serve(task, job, token, repository, quantization, endpoint)

    def put_in(self, repository: str, quantization: str, endpoint: str = "") -> None:
        """Into the queue, where it waits until somebody works for it. Raises: DataFolderError."""
        entry = QueueEntry(endpoint, repository, quantization, str(self._folder()))
        self._queue.change(
            lambda entries: entries if any(e.key == entry.key for e in entries) else (*entries, entry)
        )

    def waiting(self) -> tuple[QueueEntry, ...]:
        """What waited when a program ended, and goes on. Parts that no queue knows of become entries."""
        orphans = unfinished_downloads(self._models, self._queue.entries())
        if orphans:
            self._queue.change(lambda entries: (*entries, *orphans))
        return tuple(entry for entry in self._queue.entries() if entry.state is QueueState.WAITING)

    def pause(self, repository: str, quantization: str) -> None:
        """Stops it until it is asked for again, whichever program fetches it. Raises: DataFolderError."""
        key = key_of(repository, quantization)
        self._queue.change(lambda entries: changed(entries, key, state=QueueState.PAUSED))
        self._stop(key)
        self.tell()

    def move(self, repository: str, quantization: str, position: int) -> None:
        """Raises: DataFolderError."""
        self._queue.change(lambda entries: moved(entries, key_of(repository, quantization), position))
        self.tell()

    def discard(self, repository: str, quantization: str) -> None:
        """Forgets it and deletes what was fetched of it. Raises: DesksideError."""
        key = key_of(repository, quantization)
        entry = self._queue.find(key)
        self._queue.change(lambda entries: without(entries, key))
        self._stop(key)
        self.tell()
        deadline = time.monotonic() + _DISCARD_SECONDS
        while True:
            try:
                if entry is not None and entry.plan is not None:
                    discard_plan(entry.plan)
                else:
                    discard(Path(entry.folder) if entry else self._models, repository, quantization)
                return
            except DownloadError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_SECONDS)

    def limit_speed(self, kib_per_second: int) -> None:
        """0 for no limit; takes effect at once."""
        self._pace.change(kib_per_second << 10)

    def close(self) -> None:
        """Jobs that are cancelled from now on are not paused: they go on with the next program."""
        self._closing = True

    def tell(self) -> None:
        view = self._look(afresh=True)
        with self._lock:
            self._emit(DownloadsListed(JobId(0), tuple(self._shown(entry) for entry in view.entries)))

    # the work of one download
    def _serve(
        self, task: _Task, job: JobId, token: CancelToken, repository: str, quantization: str, endpoint: str
    ) -> InstalledModel:
        with self._lock:
            task.job, task.token = job, token
        try:
            self._enter(task, QueueEntry(endpoint, repository, quantization, str(self._folder())))
            return self._take_turns(task, token)
        except Cancelled:
            if not self._closing:
                self._note(task, state=QueueState.PAUSED)
            raise
        except DesksideError as error:
            if task.plan is None and not self._patient:
                # A command that was mistyped leaves nothing behind.
                self._queue.change(lambda entries: without(entries, task.key))
            else:
                self._note(task, state=QueueState.FAILED, failure=error.message)
            raise
        finally:
            task.is_entered.set()
            with self._lock:
                self._tasks.remove(task)
            if not self._closing:
                self.tell()

    def _enter(self, task: _Task, wish: QueueEntry) -> None:
        """Puts it into the queue, planned. Raises: DesksideError."""
        if task.before is not None:
            task.before.wait(_QUEUED_SECONDS)  # so that the queue has the order of the asking
        known = self._queue.find(task.key)
        if known is not None:
            stale = known.failure is not None and known.failure.code in _STALE
            wish = replace(
                known,
                endpoint=wish.endpoint or known.endpoint,
                state=QueueState.WAITING,
                failure=None,
                plan=None if stale else known.plan,
            )
        self._queue.change(lambda entries: with_entry(entries, wish))
        task.is_entered.set()
        self.tell()
        plan = wish.plan
        if plan is None:
            plan = self._plan(task, wish)
        else:
            self._emit(DownloadPlanned(task.job, plan))
        with self._lock:
            task.plan, task.done_bytes = plan, wish.done_bytes
            task.key = key_of(plan.repository, plan.quantization)
        self.tell()

    def _plan(self, task: _Task, wish: QueueEntry) -> DownloadPlan:
        """Asks the hub. Raises: DesksideError."""
        plan = plan_model(
            task.job,
            self._endpoint(wish),
            self._settings().mirrors,
            wish.repository,
            wish.quantization,
            Path(wish.folder),
            self._emit,
        )
        self._queue.change(lambda entries: planned(entries, task.key, plan))
        return plan

    def _take_turns(self, task: _Task, token: CancelToken) -> InstalledModel:
        while True:
            with contextlib.ExitStack() as right:
                entry = self._await_turn(task, token, right)
                if entry is None:
                    return self._finished_elsewhere(task)
                try:
                    return self._run(task, token, entry)
                except _GiveWay:
                    continue
                except DiskFull as error:
                    if not self._patient:
                        raise
                    if error.message.code != "disk_at_floor":  # the queue says that better in a moment
                        self._hold(task, error.message)
            if token.wait(_AFTER_FULL_SECONDS):
                raise Cancelled

    def _await_turn(self, task: _Task, token: CancelToken, right: contextlib.ExitStack) -> QueueEntry | None:
        """Waits until it may fetch, and takes the right to; None when the entry is gone."""
        told = ""
        while True:
            token.raise_if_cancelled()
            view = self._look()
            entry = view.find(task.key)
            if entry is None:
                return None
            if entry.state is not QueueState.WAITING:
                raise Cancelled  # by another program
            waits_for = self._waits_for(task, view, right)
            if not waits_for:
                return entry
            if told != waits_for:
                told = waits_for
                self._emit(DownloadProgressed(task.job, _standing(entry, waits_for)))
            token.wait(_LOOK_SECONDS)

    def _waits_for(self, task: _Task, view: View, right: contextlib.ExitStack) -> str:
        """ "" when it is its turn; then `right` holds the lock. Raises: DiskFull, without patience."""
        if task.key in view.short:
            wanting = self._no_room(task, view.short[task.key])
            if not self._patient:
                raise DiskFull(wanting)
            self._hold(task, wanting)
            return "room"
        if view.topmost(self._mine()) != task.key:
            self._hold(task, None)
            return "turn"
        try:
            right.enter_context(destination_lock(self._run_lock, ""))
        except DownloadError:
            self._hold(task, sentence("download_waits_elsewhere"))
            return "turn"
        self._hold(task, None)
        return ""

    def _run(self, task: _Task, token: CancelToken, entry: QueueEntry) -> InstalledModel:
        assert entry.plan is not None
        plan, endpoint = entry.plan, self._endpoint(entry)
        if plan.commit and not any(file.elsewhere for file in plan.files):
            plan = replace(plan, endpoint=endpoint)  # another mirror may be set than when it began
        tuning = replace(self._tuning, mirrors=mirrors_for(endpoint, self._settings().mirrors))
        with self._lock:
            self._running = task
        self.tell()
        noted_at = time.monotonic()

        def watch(progress: DownloadProgress) -> None:
            nonlocal noted_at
            task.done_bytes = progress.done_bytes
            if progress.state not in (TransferState.FETCHING, TransferState.VERIFYING):
                return
            self._reconsider(task)
            if time.monotonic() - noted_at > _NOTE_SECONDS:
                noted_at = time.monotonic()
                self._note(task)

        try:
            model = fetch_model(task.job, token, plan, tuning, self._emit, watch)
        finally:
            with self._lock:
                self._running = None
            self._note(task)
        self._library.add_folder(Path(entry.folder))
        self._queue.change(lambda entries: without(entries, task.key))
        return model

    def _reconsider(self, task: _Task) -> None:
        """In mid-transfer. Raises: Cancelled, where it is not wanted any more; _GiveWay."""
        view = self._look()
        entry = view.find(task.key)
        if entry is None or entry.state is not QueueState.WAITING:
            raise Cancelled
        if view.topmost(self._mine()) != task.key:
            raise _GiveWay

    def _finished_elsewhere(self, task: _Task) -> InstalledModel:
        """The entry is gone: another program has fetched it, or a person took it out. Raises: Cancelled."""
        if task.plan is None or missing_bytes(task.plan):
            raise Cancelled
        model = installed_model(task.plan)
        self._emit(DownloadVerified(task.job, model))
        return model

    # small things
    def _look(self, afresh: bool = False) -> View:
        running = self._running
        return self._watch.look(running.key if running else None, afresh)

    def _mine(self) -> set[Key]:
        with self._lock:
            return {task.key for task in self._tasks}

    def _task(self, key: Key) -> _Task | None:
        return next((task for task in self._tasks if task.key == key), None)

    def _stop(self, key: Key) -> None:
        with self._lock:
            task = self._task(key)
        if task is not None and task.token is not None:
            task.token.cancel()

    def _note(self, task: _Task, **values: Any) -> None:
        """What the queue's file should know. Raises: DataFolderError."""
        self._queue.change(lambda entries: changed(entries, task.key, done_bytes=task.done_bytes, **values))

    def _hold(self, task: _Task, why: Sentence | None) -> None:
        if task.hold != why:
            task.hold = why
            self.tell()

    def _no_room(self, task: _Task, shortage: Shortage) -> Sentence:
        return sentence(
            "queue_no_room",
            folder=task.plan.folder if task.plan else "",
            needed=size_text(shortage.needed_bytes),
            free=size_text(shortage.free_bytes),
            floor=size_text(self._tuning.floor_bytes),
        )

    def _folder(self) -> Path:
        chosen = self._settings().download_folder
        return Path(chosen) if chosen else self._models

    def _endpoint(self, entry: QueueEntry) -> str:
        return entry.endpoint or self._settings().endpoint

    def _shown(self, entry: QueueEntry) -> QueuedDownload:
        task = self._task(entry.key)
        state = _SHOWN[entry.state]
        if task is not None and task is self._running and state is TransferState.QUEUED:
            state = TransferState.FETCHING
        return QueuedDownload(
            entry.repository,
            entry.quantization,
            entry.folder,
            state,
            task.done_bytes if task and task.done_bytes else entry.done_bytes,
            entry.total_bytes,
            task.job if task else 0,
            entry.failure,
            task.hold if task else None,
        )


def _standing(entry: QueueEntry, waits_for: str) -> DownloadProgress:
    done, total = entry.done_bytes, entry.total_bytes
    return DownloadProgress(TransferState.QUEUED, done, total, 0.0, None, "", waits_for)


def queue_path(paths: Paths) -> Path:
    return paths.state / "downloads.json"
