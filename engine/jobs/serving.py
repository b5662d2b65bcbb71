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
from engine.jobs.child_switch import ChildSwitch
from engine.messages import Sentence, sentence


class ApiServer(ChildSwitch):
    """Thread-safe."""

    def __init__(self, command: Sequence[str], log: Path, emit: Emit) -> None:
        """As ChildSwitch's."""
        super().__init__(command, log)
        self._emit = emit

    def start(self, job: JobId, token: CancelToken, port: int, beyond: bool = False) -> None:
        """ServerChanged with its address; `beyond`: for other computers too, which need a key then.

        Raises: UsageError, when it does not come up; Cancelled.
        """
        words = ["serve", "--json", "--with-parent", "--port", str(port)]
        words += ["--host", "0.0.0.0"] if beyond else []
        with self._lock:
            child, said = self._switch_on(words, "api-server", token, self._understood)
        self._emit(_changed(job, said))
        threading.Thread(target=self._watch, args=(child,), name="api-server", daemon=True).start()

    def stop(self, job: JobId) -> None:
        """ServerChanged(""); returns when the child is gone."""
        with self._lock:
            self._switch_off()
        self._emit(ServerChanged(job, ""))

    def _watch(self, child: Child) -> None:
        """Tells the window when the child ends by itself, and why."""
        code = child.wait()
        if self._ended_by_itself(child):
            self._emit(ServerChanged(JobId(0), "", reason=self._why(child, code)))

    def _why(self, child: Child, code: int) -> Sentence:
        if reason := reason_in(child.last_line()):
            return sentence("serve_ended_saying", reason=reason, log=str(self._log))
        if code < 0:
            return sentence("serve_ended_signal", signal=-code, log=str(self._log))
        return sentence("serve_ended", number=code, log=str(self._log))

    def _understood(self, line: bytes) -> dict[str, Any]:
        said = object_in(line)
        if isinstance(said.get("address"), str):
            return said
        detail = reason_in(line) or line.decode("utf-8", "replace").strip()[:500]
        raise UsageError.of("serve_not_started", reason=detail or "it ended at once", log=str(self._log))


def _changed(job: JobId, said: dict[str, Any]) -> ServerChanged:
    elsewhere = said.get("elsewhere", [])
    return ServerChanged(job, said["address"], said.get("key", ""), "key_file" in said, tuple(elsewhere))
