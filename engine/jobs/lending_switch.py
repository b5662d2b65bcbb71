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
from engine.jobs.child_switch import ChildSwitch
from engine.messages import Sentence, sentence
from engine.server.listening import addresses_here


class LendingSwitch(ChildSwitch):
    """Thread-safe."""

    def __init__(self, command: Sequence[str], log: Path, emit: Emit) -> None:
        """As ChildSwitch's."""
        super().__init__(command, log)
        self._emit = emit
        self._told = LendingChanged(JobId(0))

    def start(self, job: JobId, token: CancelToken, port: int, new_key: bool = False) -> None:
        """LendingChanged with its key and addresses, and again whenever a guest comes or goes.

        Raises: UsageError, when it does not come up; Cancelled.
        """
        words = ["worker", "--json", "--with-parent", "--listen", f"0.0.0.0:{port}"]
        words += ["--new-key"] if new_key else []
        with self._lock:
            child, said = self._switch_on(words, "lending", token, self._understood)
            self._told = _changed(job, said, port)
        self._emit(self._told)
        threading.Thread(target=self._watch, args=(child,), name="lending", daemon=True).start()

    def stop(self, job: JobId) -> None:
        """LendingChanged without a key; returns when the child is gone."""
        with self._lock:
            self._switch_off()
        self._emit(LendingChanged(job))

    def _watch(self, child: Child) -> None:
        """Tells of guests, and of an end that nobody wanted."""
        last = b""
        while line := child.next_line():
            last = line
            self._hear(child, object_in(line))
        code = child.wait()
        if self._ended_by_itself(child):
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


def _changed(job: JobId, said: dict[str, Any], port: int) -> LendingChanged:
    devices = tuple(
        (str(each.get("name", "")), int(each.get("memory_bytes", 0)))
        for each in said.get("devices", [])
        if isinstance(each, dict)
    )
    addresses = tuple(f"{host}:{port}" for host in addresses_here())
    return LendingChanged(job, said["key"], addresses, devices)
