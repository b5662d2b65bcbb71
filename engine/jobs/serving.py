"""The API for other programs, switched on from the window: `deskside serve` as a child process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.cancellation import CancelToken
from engine.errors import UsageError
from engine.events import Emit, JobId, ServerChanged
from engine.jobs.child import Child, object_in, reason_in
from engine.messages import Sentence, sentence


class ApiServer:
    """At most one at a time. Thread-safe."""

    def __init__(self, command: Sequence[str], log: Path, emit: Emit) -> None:
        """`command` starts this program; `log` takes what the child says about itself."""
        self._command = tuple(command)
        self._log = log
        self._emit = emit
        self._lock = threading.Lock()
        self._child: Child | None = None

    @property
    def running(self) -> bool:
        return self._child is not None

    def start(self, job: JobId, token: CancelToken, port: int, beyond: bool = False) -> None:
        """ServerChanged with its address; `beyond`: for other computers too, which need a key then.

        Raises: UsageError, when it does not come up; Cancelled.
        """
        with self._lock:
            self._end()
            child = self._begin(port, beyond)
            try:
                said = _understood(child.first_line(token), self._log)
            except BaseException:
                child.end()
                raise
            self._child = child
        self._emit(_changed(job, said))
        threading.Thread(target=self._watch, args=(child,), name="api-server", daemon=True).start()

    def stop(self, job: JobId) -> None:
        """ServerChanged(""); returns when the child is gone."""
        with self._lock:
            self._end()
        self._emit(ServerChanged(job, ""))

    def close(self) -> None:
        """Asks the child to end and does not wait: it ends with its standard input."""
        child, self._child = self._child, None
        if child is not None:
            child.let_go()

    def _begin(self, port: int, beyond: bool) -> Child:
        words = ["serve", "--json", "--with-parent", "--port", str(port)]
        if beyond:
            words += ["--host", "0.0.0.0"]
        return Child([*self._command, *words], self._log, "api-server-lines")

    def _watch(self, child: Child) -> None:
        """Tells the window when the child ends by itself, and why."""
        code = child.wait()
        with self._lock:
            if self._child is not child:
                return  # ended on purpose
            self._child = None
        self._emit(ServerChanged(JobId(0), "", reason=self._why(child, code)))

    def _why(self, child: Child, code: int) -> Sentence:
        if reason := reason_in(child.last_line()):
            return sentence("serve_ended_saying", reason=reason, log=str(self._log))
        if code < 0:
            return sentence("serve_ended_signal", signal=-code, log=str(self._log))
        return sentence("serve_ended", number=code, log=str(self._log))

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


def _changed(job: JobId, said: dict[str, Any]) -> ServerChanged:
    elsewhere = said.get("elsewhere", [])
    return ServerChanged(job, said["address"], said.get("key", ""), "key_file" in said, tuple(elsewhere))


def _understood(line: bytes, log: Path) -> dict[str, Any]:
    said = object_in(line)
    if isinstance(said.get("address"), str):
        return said
    detail = reason_in(line) or line.decode("utf-8", "replace").strip()[:500]
    raise UsageError.of("serve_not_started", reason=detail or "it ended at once", log=str(log))
