"""The API for other programs, switched on from the window: `deskside serve` as a child process.

A process of its own, so that whatever its clients do cannot slow the window down or end it.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.cancellation import CancelToken
from engine.errors import UsageError
from engine.events import Emit, JobId, ServerChanged

_END_S: Final = 5.0  # running answers are given a moment
_POLL_S: Final = 0.05
_LONGEST_LINE: Final = 64 * 1024


class ApiServer:
    """At most one at a time. Thread-safe."""

    def __init__(self, command: Sequence[str], log: Path, emit: Emit) -> None:
        """`command` starts this program; `log` takes what the child says about itself."""
        self._command = tuple(command)
        self._log = log
        self._emit = emit
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, job: JobId, token: CancelToken, port: int) -> None:
        """ServerChanged with its address. Raises: UsageError, when it does not come up; Cancelled."""
        with self._lock:
            self._end()
            process = self._begin(port)
            try:
                said = self._first_line(process, token)
            except BaseException:
                _end(process)
                raise
            self._process = process
        self._emit(ServerChanged(job, said["address"], said.get("key", "")))
        threading.Thread(target=self._watch, args=(process,), name="api-server", daemon=True).start()

    def stop(self, job: JobId) -> None:
        """ServerChanged(""); returns when the child is gone."""
        with self._lock:
            self._end()
        self._emit(ServerChanged(job, ""))

    def close(self) -> None:
        """Asks the child to end and does not wait: it ends with its standard input."""
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()

    def _begin(self, port: int) -> subprocess.Popen[bytes]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [*self._command, "serve", "--json", "--with-parent", "--port", str(port)],
                stdin=subprocess.PIPE,  # its end tells the child that we are gone
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def _first_line(self, process: subprocess.Popen[bytes], token: CancelToken) -> dict[str, Any]:
        """The one line in which the child says where it listens, or why it does not."""
        lines: list[bytes] = []
        assert process.stdout is not None
        reader = threading.Thread(
            target=lambda out=process.stdout: lines.append(out.readline(_LONGEST_LINE)),
            name="api-server-line",
            daemon=True,
        )
        reader.start()
        while reader.is_alive():
            token.raise_if_cancelled()
            reader.join(_POLL_S)
        return _understood(lines[0] if lines else b"", self._log)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Tells the window when the child ends by itself."""
        process.wait()
        with self._lock:
            if self._process is not process:
                return  # ended on purpose
            self._process = None
        self._emit(ServerChanged(JobId(0), ""))

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _understood(line: bytes, log: Path) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if isinstance(said, dict) and isinstance(said.get("address"), str):
        return said
    # With --json a command that fails says so in the same form.
    reason = said.get("message") if isinstance(said, dict) else None
    detail = reason if isinstance(reason, str) else line.decode("utf-8", "replace").strip()[:500]
    raise UsageError.of("serve_not_started", reason=detail or "it ended at once", log=str(log))
