"""The queue at work: one job a download, of which one at a time fetches.

The topmost entry that can run, runs; one that is moved above it takes its place. What is in the
queue's file outlives the program: whatever waited when it ended, however it ended, goes on with
the next one that begins. Several programs share the file; a lock lets one of them fetch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.download.discarding import discard, discard_plan
from engine.download.endpoints import is_address
from engine.download.library import Library
from engine.download.pace import Pace
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
from engine.download.tuning import Tuning
from engine.download.unfinished import unfinished_downloads
from engine.download.values import DownloadPlan
from engine.errors import Cancelled, DesksideError, DownloadError
from engine.events import DownloadPlanned, Emit, JobId
from engine.jobs.download_board import Board, Task
from engine.jobs.download_turns import Turns
from engine.jobs.pulling import plan_model
from engine.jobs.threads import Work
from engine.paths import Paths
from engine.settings import Settings

_DISCARD_SECONDS: Final = 10.0  # how long a transfer may take to let go of its files
_LOOK_SECONDS: Final = 0.25
_QUEUED_SECONDS: Final = 15.0  # a queue that stays locked that long fails by itself
# The hub has another file now, or gave a wrong one: what is asked for next is its present version.
_STALE: Final = frozenset({"download_changed", "download_missing", "download_mismatch"})

Start = Callable[[str, Work], JobId]  # of a job


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
        self._emit = emit
        self._settings = settings
        self._patient = patient
        self._pace = Pace(settings().speed_limit_kib << 10)
        tuning = replace(tuning or Tuning(), pace=self._pace)
        self._board = Board(DownloadQueue(queue_path(paths)), tuning, emit)
        run_lock = paths.state / "downloads.run"
        self._turns = Turns(self._board, run_lock, library, emit, settings, patient, tuning)
        self._closing = False

    # commands
    def pull(
        self,
        start: Start,
        repository: str,
        quantization: str,
        endpoint: str = "",
    ) -> JobId:
        """Asks for a model, at the end of the queue; one that stood still goes on in its place.

        `start` runs the work as a job. One that is under way keeps its job.
        """
        with self._board.lock:
            known = self._board.task(key_of(repository, quantization))
            if known is not None:
                return known.job
            task = Task(key_of(repository, quantization), JobId(0))
            task.before = self._board.tasks[-1].is_entered if self._board.tasks else None
            self._board.tasks.append(task)

            def work(job: JobId, token: CancelToken) -> None:
                self._serve(task, job, token, repository, quantization, endpoint)

            task.job = start("pull", work)
        return task.job

    def fetch(
        self, job: JobId, token: CancelToken, repository: str, quantization: str, endpoint: str = ""
    ) -> InstalledModel:
        """As `pull`, on the thread of the caller. Raises: Cancelled (it is paused now); DesksideError."""
        task = Task(key_of(repository, quantization), JobId(0))
        with self._board.lock:
            self._board.tasks.append(task)
        return self._serve(task, job, token, repository, quantization, endpoint)

    def put_in(self, repository: str, quantization: str, endpoint: str = "") -> None:
        """Into the queue, where it waits until somebody works for it. Raises: DataFolderError."""
        entry = QueueEntry(endpoint, repository, quantization, str(self._folder()))
        self._board.queue.change(
            lambda entries: entries if any(e.key == entry.key for e in entries) else (*entries, entry)
        )

    def waiting(self) -> tuple[QueueEntry, ...]:
        """What waited when a program ended, and goes on. Parts that no queue knows of become entries."""
        orphans = unfinished_downloads(self._models, self._board.queue.entries())
        if orphans:
            self._board.queue.change(lambda entries: (*entries, *orphans))
        return tuple(entry for entry in self._board.queue.entries() if entry.state is QueueState.WAITING)

    def pause(self, repository: str, quantization: str) -> None:
        """Stops it until it is asked for again, whichever program fetches it. Raises: DataFolderError."""
        key = key_of(repository, quantization)
        self._board.queue.change(lambda entries: changed(entries, key, state=QueueState.PAUSED))
        self._board.stop(key)
        self.tell()

    def pause_all(self) -> None:
        """Whatever waits or is fetched, by any program. Raises: DataFolderError."""
        waiting = [entry.key for entry in self._board.queue.entries() if entry.state is QueueState.WAITING]
        for key in waiting:
            self._board.queue.change(partial(changed, key=key, state=QueueState.PAUSED))
        for key in waiting:
            self._board.stop(key)
        self.tell()

    def standing(self) -> tuple[QueueEntry, ...]:
        """What was paused or has failed, in the order of the queue."""
        return tuple(entry for entry in self._board.queue.entries() if entry.state is not QueueState.WAITING)

    def pull_all(self, start: Start, entries: tuple[QueueEntry, ...]) -> None:
        for entry in entries:
            self.pull(start, entry.repository, entry.quantization, entry.endpoint)
        self.tell()

    def move(self, repository: str, quantization: str, position: int) -> None:
        """Raises: DataFolderError."""
        self._board.queue.change(lambda entries: moved(entries, key_of(repository, quantization), position))
        self.tell()

    def discard(self, repository: str, quantization: str) -> None:
        """Forgets it and deletes what was fetched of it. Raises: DesksideError."""
        key = key_of(repository, quantization)
        entry = self._board.queue.find(key)
        self._board.queue.change(lambda entries: without(entries, key))
        self._board.stop(key)
        self.tell()
        deadline = time.monotonic() + _DISCARD_SECONDS
        while True:
            try:
                if entry is not None and entry.plan is not None:
                    discard_plan(entry.plan)
                elif not is_address(repository):
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
        self._board.tell()

    # the work of one download
    def _serve(
        self, task: Task, job: JobId, token: CancelToken, repository: str, quantization: str, endpoint: str
    ) -> InstalledModel:
        with self._board.lock:
            task.job, task.token = job, token
        try:
            self._enter(task, QueueEntry(endpoint, repository, quantization, str(self._folder())))
            return self._turns.take(task, token)
        except Cancelled:
            if not self._closing:
                self._board.note(task, state=QueueState.PAUSED)
            raise
        except DesksideError as error:
            if task.plan is None and not self._patient:
                # A command that was mistyped leaves nothing behind.
                self._board.queue.change(lambda entries: without(entries, task.key))
            else:
                self._board.note(task, state=QueueState.FAILED, failure=error.message)
            raise
        finally:
            task.is_entered.set()
            with self._board.lock:
                self._board.tasks.remove(task)
            if not self._closing:
                self.tell()

    def _enter(self, task: Task, wish: QueueEntry) -> None:
        """Puts it into the queue, planned. Raises: DesksideError."""
        if task.before is not None:
            task.before.wait(_QUEUED_SECONDS)  # so that the queue has the order of the asking
        known = self._board.queue.find(task.key)
        if known is not None:
            stale = known.failure is not None and known.failure.code in _STALE
            wish = replace(
                known,
                endpoint=wish.endpoint or known.endpoint,
                state=QueueState.WAITING,
                failure=None,
                plan=None if stale else known.plan,
            )
        self._board.queue.change(lambda entries: with_entry(entries, wish))
        task.is_entered.set()
        self.tell()
        plan = wish.plan
        if plan is None:
            plan = self._plan(task, wish)
        else:
            self._emit(DownloadPlanned(task.job, plan))
        with self._board.lock:
            task.plan, task.done_bytes = plan, wish.done_bytes
            task.key = key_of(plan.repository, plan.quantization)
        self.tell()

    def _plan(self, task: Task, wish: QueueEntry) -> DownloadPlan:
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
        self._board.queue.change(lambda entries: planned(entries, task.key, plan))
        return plan

    def _folder(self) -> Path:
        chosen = self._settings().download_folder
        return Path(chosen) if chosen else self._models

    def _endpoint(self, entry: QueueEntry) -> str:
        return entry.endpoint or self._settings().endpoint


def queue_path(paths: Paths) -> Path:
    return paths.state / "downloads.json"
