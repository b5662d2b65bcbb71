"""Turns: a download waits until it is the topmost that can run, fetches, and gives way to one above it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.download.mirror_choice import mirrors_for
from engine.download.partfile import destination_lock
from engine.download.pull import installed_model, missing_bytes
from engine.download.queue import QueueEntry, QueueState, without
from engine.download.room import Shortage
from engine.download.sizes import size_text
from engine.download.tuning import Tuning
from engine.download.values import DownloadProgress, TransferState
from engine.errors import Cancelled, DiskFull, DownloadError
from engine.events import DownloadProgressed, DownloadVerified, Emit
from engine.jobs.download_board import Board, Task
from engine.jobs.pulling import fetch_model
from engine.jobs.queue_view import View
from engine.messages import Sentence, sentence
from engine.settings import Settings

_LOOK_SECONDS: Final = 0.25  # how often a waiting download looks whether it is its turn
_NOTE_SECONDS: Final = 5.0  # how often the queue's file hears how far a download is
_AFTER_FULL_SECONDS: Final = 2.0


class _GiveWay(Cancelled):
    """The transfer stops so that another one runs, or until there is room."""


class Turns:
    """`patient`: a download waits for room; without, it fails for want of it (DiskFull)."""

    def __init__(
        self,
        board: Board,
        run_lock: Path,
        library: Library,
        emit: Emit,
        settings: Callable[[], Settings],
        patient: bool,
        tuning: Tuning,
    ) -> None:
        """`run_lock` lets one program of a user fetch at a time."""
        self._board = board
        self._run_lock = run_lock
        self._library = library
        self._emit = emit
        self._settings = settings
        self._patient = patient
        self._tuning = tuning

    def take(self, task: Task, token: CancelToken) -> InstalledModel:
        """Until the model is there. Raises: Cancelled; DesksideError."""
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
                        self._board.hold(task, error.message)
            if token.wait(_AFTER_FULL_SECONDS):
                raise Cancelled

    def _await_turn(self, task: Task, token: CancelToken, right: contextlib.ExitStack) -> QueueEntry | None:
        """Waits until it may fetch, and takes the right to; None when the entry is gone."""
        told = ""
        while True:
            token.raise_if_cancelled()
            view = self._board.look()
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

    def _waits_for(self, task: Task, view: View, right: contextlib.ExitStack) -> str:
        """ "" when it is its turn; then `right` holds the lock. Raises: DiskFull, without patience."""
        if task.key in view.short:
            wanting = self._no_room(task, view.short[task.key])
            if not self._patient:
                raise DiskFull(wanting)
            self._board.hold(task, wanting)
            return "room"
        if view.topmost(self._board.mine()) != task.key:
            self._board.hold(task, None)
            return "turn"
        try:
            right.enter_context(destination_lock(self._run_lock, ""))
        except DownloadError:
            self._board.hold(task, sentence("download_waits_elsewhere"))
            return "turn"
        self._board.hold(task, None)
        return ""

    def _run(self, task: Task, token: CancelToken, entry: QueueEntry) -> InstalledModel:
        assert entry.plan is not None
        plan, endpoint = entry.plan, (entry.endpoint or self._settings().endpoint)
        if plan.commit and not any(file.elsewhere for file in plan.files):
            plan = replace(plan, endpoint=endpoint)  # another mirror may be set than when it began
        tuning = replace(self._tuning, mirrors=mirrors_for(endpoint, self._settings().mirrors))
        with self._board.lock:
            self._board.running = task
        self._board.tell()
        noted_at = time.monotonic()

        def watch(progress: DownloadProgress) -> None:
            nonlocal noted_at
            task.done_bytes = progress.done_bytes
            if progress.state not in (TransferState.FETCHING, TransferState.VERIFYING):
                return
            self._reconsider(task)
            if time.monotonic() - noted_at > _NOTE_SECONDS:
                noted_at = time.monotonic()
                self._board.note(task)

        try:
            model = fetch_model(task.job, token, plan, tuning, self._emit, watch)
        finally:
            with self._board.lock:
                self._board.running = None
            self._board.note(task)
        self._library.add_folder(Path(entry.folder))
        self._board.queue.change(lambda entries: without(entries, task.key))
        return model

    def _reconsider(self, task: Task) -> None:
        """In mid-transfer. Raises: Cancelled, where it is not wanted any more; _GiveWay."""
        view = self._board.look()
        entry = view.find(task.key)
        if entry is None or entry.state is not QueueState.WAITING:
            raise Cancelled
        if view.topmost(self._board.mine()) != task.key:
            raise _GiveWay

    def _finished_elsewhere(self, task: Task) -> InstalledModel:
        """The entry is gone: another program has fetched it, or a person took it out. Raises: Cancelled."""
        if task.plan is None or missing_bytes(task.plan):
            raise Cancelled
        model = installed_model(task.plan)
        self._emit(DownloadVerified(task.job, model))
        return model

    def _no_room(self, task: Task, shortage: Shortage) -> Sentence:
        return sentence(
            "queue_no_room",
            folder=task.plan.folder if task.plan else "",
            needed=size_text(shortage.needed_bytes),
            free=size_text(shortage.free_bytes),
            floor=size_text(self._tuning.floor_bytes),
        )


def _standing(entry: QueueEntry, waits_for: str) -> DownloadProgress:
    done, total = entry.done_bytes, entry.total_bytes
    return DownloadProgress(TransferState.QUEUED, done, total, 0.0, None, "", waits_for)
