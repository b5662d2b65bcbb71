"""Background work: one plain thread a job, a cancel token each, one ending each."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from engine.cancellation import CancelToken
from engine.errors import Cancelled, DesksideError
from engine.events import Emit, JobCancelled, JobFailed, JobFinished, JobId, new_job_id
from engine.messages import Sentence, sentence
from engine.releases.replaced import was_replaced

log = logging.getLogger(__name__)

Work = Callable[[JobId, CancelToken], None]


@dataclass(frozen=True, slots=True)
class _Running:
    thread: threading.Thread
    token: CancelToken


class JobThreads:
    """Starts jobs and turns how they end into JobFinished, JobCancelled or JobFailed."""

    def __init__(self, emit: Emit, log_path: str) -> None:
        self._emit = emit
        self._log_path = log_path
        self._lock = threading.Lock()
        self._running: dict[JobId, _Running] = {}
        self._closed = False

    def start(self, name: str, work: Work) -> JobId:
        """Runs `work` on a thread of its own and returns at once."""
        job = new_job_id()
        token = CancelToken()
        # Daemon: a job stuck in a system call must not keep the program from ending.
        thread = threading.Thread(
            target=self._run, args=(job, token, work), name=f"job-{job}-{name}", daemon=True
        )
        with self._lock:
            if self._closed:
                token.cancel()
            self._running[job] = _Running(thread, token)
        thread.start()
        return job

    def cancel(self, job: JobId) -> None:
        with self._lock:
            running = self._running.get(job)
        if running is not None:
            running.token.cancel()

    def close(self, timeout_s: float) -> None:
        """Cancels every job and waits for all of them, for `timeout_s` in all."""
        with self._lock:
            self._closed = True
            running = tuple(self._running.values())
        for each in running:
            each.token.cancel()
        deadline = time.monotonic() + timeout_s
        for each in running:
            each.thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, job: JobId, token: CancelToken, work: Work) -> None:
        ending: JobFinished | JobCancelled | JobFailed
        try:
            work(job, token)
            ending = JobFinished(job)
        except Cancelled:
            ending = JobCancelled(job)
        except (Exception, SystemExit) as error:  # noqa: BLE001  the boundary; PyInstaller may wish to exit
            ending = JobFailed(job, sentence_for(error, self._log_path))
        with self._lock:
            del self._running[job]
        self._emit(ending)


def sentence_for(error: Exception | SystemExit, log_path: str) -> Sentence:
    """What to tell people about any exception; unforeseen ones go to the log in full."""
    if isinstance(error, DesksideError):
        log.warning("job failed: %s", error)
        return error.message
    log.error("job failed", exc_info=error)
    if was_replaced():
        return sentence("program_replaced")
    return sentence("unexpected", detail=f"{type(error).__name__}: {error}", log=log_path)
