"""This machine for another one, switched on from the window: `deskside worker` as a child process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.cancellation import CancelToken
from engine.errors import UsageError
from engine.events import Emit, JobId, LendingChanged
from engine.jobs.child import Child, object_in, reason_in
from engine.messages import Sentence, sentence
from engine.server.listening import addresses_here


class LendingSwitch:
    """At most one at a time. Thread-safe."""

    def __init__(self, command: Sequence[str], log: Path, emit: Emit) -> None:
        """`command` starts this program; `log` takes what the child says about itself."""
        self._command = tuple(command)
        self._log = log
        self._emit = emit
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._told = LendingChanged(JobId(0))

    @property
    def running(self) -> bool:
        return self._child is not None

    def start(self, job: JobId, token: CancelToken, port: int, new_key: bool = False) -> None:
        """LendingChanged with its key and addresses, and again whenever a guest comes or goes.

        Raises: UsageError, when it does not come up; Cancelled.
        """
        with self._lock:
            self._end()
            words = ["worker", "--json", "--with-parent", "--listen", f"0.0.0.0:{port}"]
            words += ["--new-key"] if new_key else []
            child = Child([*self._command, *words], self._log, "lending-lines")
            try:
                said = self._understood(child.first_line(token))
            except BaseException:
                child.end()
                raise
            self._child = child
            self._told = _changed(job, said, port)
        self._emit(self._told)
        threading.Thread(target=self._watch, args=(child,), name="lending", daemon=True).start()

    def stop(self, job: JobId) -> None:
        """LendingChanged without a key; returns when the child is gone."""
        with self._lock:
            self._end()
        self._emit(LendingChanged(job))

    def close(self) -> None:
        """Asks the child to end and does not wait: it ends with its standard input."""
        child, self._child = self._child, None
        if child is not None:
            child.let_go()

    def _watch(self, child: Child) -> None:
        """Tells of guests, and of an end that nobody wanted."""
        last = b""
        while line := child.next_line():
            last = line
            self._hear(child, object_in(line))
        code = child.wait()
        with self._lock:
            if self._child is not child:
                return  # ended on purpose
            self._child = None
        self._emit(LendingChanged(JobId(0), reason=self._why(last, code)))

    def _hear(self, child: Child, said: dict[str, Any]) -> None:
        who, what = said.get("address"), said.get("event")
        if not isinstance(who, str) or what not in ("joined", "left", "refused"):
            return
        told = self._told
        guest = who if what == "joined" else told.guest if what == "refused" else ""
        with self._lock:
            if self._child is not child:
                return
            refused = who if what == "refused" else told.refused
            self._told = told = LendingChanged(
                JobId(0), told.key, told.addresses, told.devices, guest, refused
            )
        self._emit(told)

    def _why(self, last: bytes, code: int) -> Sentence:
        reason = reason_in(last) or f"exit status {code}"
        return sentence("lending_ended", reason=reason, log=str(self._log))

    def _understood(self, line: bytes) -> dict[str, Any]:
        said = object_in(line)
        if isinstance(said.get("key"), str):
            return said
        detail = reason_in(line) or line.decode("utf-8", "replace").strip()[:500]
        raise UsageError.of("lending_not_started", reason=detail or "it ended at once", log=str(self._log))

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


def _changed(job: JobId, said: dict[str, Any], port: int) -> LendingChanged:
    devices = tuple(
        (str(each.get("name", "")), int(each.get("memory_bytes", 0)))
        for each in said.get("devices", [])
        if isinstance(each, dict)
    )
    addresses = tuple(f"{host}:{port}" for host in addresses_here())
    return LendingChanged(job, said["key"], addresses, devices)
