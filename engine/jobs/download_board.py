"""What is asked for, and what of it this program works for: the queue's file beside the tasks of its jobs."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Final

from engine.cancellation import CancelToken
from engine.download.queue import DownloadQueue, QueueEntry, QueueState, changed
from engine.download.tuning import Tuning
from engine.download.values import DownloadPlan, QueuedDownload, TransferState
from engine.events import DownloadsListed, Emit, JobId
from engine.jobs.queue_view import Key, QueueWatch, View
from engine.messages import Sentence

_SHOWN: Final = {
    QueueState.WAITING: TransferState.QUEUED,
    QueueState.PAUSED: TransferState.PAUSED,
    QueueState.FAILED: TransferState.FAILED,
}


@dataclass(slots=True)
class Task:
    """A download that this program works for. `key` changes once the hub names the quantisation."""

    key: Key
    job: JobId
    token: CancelToken | None = None
    plan: DownloadPlan | None = None
    hold: Sentence | None = None
    done_bytes: int = 0
    before: threading.Event | None = None  # the one that was asked for before it stands in the queue
    is_entered: threading.Event = field(default_factory=threading.Event)


class Board:
    """Thread-safe; `lock` is held while tasks come, go or change."""

    def __init__(self, queue: DownloadQueue, tuning: Tuning, emit: Emit) -> None:
        self.queue = queue
        self.lock = threading.RLock()
        self.tasks: list[Task] = []
        self.running: Task | None = None
        self._watch = QueueWatch(queue, tuning)
        self._emit = emit

    def look(self, afresh: bool = False) -> View:
        running = self.running
        return self._watch.look(running.key if running else None, afresh)

    def mine(self) -> set[Key]:
        with self.lock:
            return {task.key for task in self.tasks}

    def task(self, key: Key) -> Task | None:
        return next((task for task in self.tasks if task.key == key), None)

    def stop(self, key: Key) -> None:
        with self.lock:
            task = self.task(key)
        if task is not None and task.token is not None:
            task.token.cancel()

    def note(self, task: Task, **values: Any) -> None:
        """What the queue's file should know. Raises: DataFolderError."""
        self.queue.change(lambda entries: changed(entries, task.key, done_bytes=task.done_bytes, **values))

    def hold(self, task: Task, why: Sentence | None) -> None:
        if task.hold != why:
            task.hold = why
            self.tell()

    def tell(self) -> None:
        view = self.look(afresh=True)
        with self.lock:
            self._emit(DownloadsListed(JobId(0), tuple(self._shown(entry) for entry in view.entries)))

    def _shown(self, entry: QueueEntry) -> QueuedDownload:
        task = self.task(entry.key)
        state = _SHOWN[entry.state]
        if task is not None and task is self.running and state is TransferState.QUEUED:
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
