"""The API for other programs, switched on from the window: `deskside serve` as a child process.

A process of its own, so that whatever its clients do cannot slow the window down or end it.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.cancellation import CancelToken
from engine.errors import UsageError
from engine.events import Emit, JobId, ServerChanged
from engine.messages import Sentence, sentence

_END_S: Final = 5.0  # running answers are given a moment
_POLL_S: Final = 0.05
_LAST_WORDS_S: Final = 1.0  # until they are read, once it has ended; others may hold its output open
_LONGEST_LINE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    lines: queue.SimpleQueue[bytes]  # of its standard output
    reader: threading.Thread  # fills them


class ApiServer:
    """At most one at a time. Thread-safe."""

    def __init__(self, command: Sequence[str], log: Path, emit: Emit) -> None:
        """`command` starts this program; `log` takes what the child says about itself."""
        self._command = tuple(command)
        self._log = log
        self._emit = emit
        self._lock = threading.Lock()
        self._child: _Child | None = None

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
                said = _understood(_first_line(child, token), self._log)
            except BaseException:
                _end(child)
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
        if child is not None and child.process.stdin is not None:
            child.process.stdin.close()

    def _begin(self, port: int, beyond: bool) -> _Child:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        words = ["serve", "--json", "--with-parent", "--port", str(port)]
        if beyond:
            words += ["--host", "0.0.0.0"]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [*self._command, *words],
                stdin=subprocess.PIPE,  # its end tells the child that we are gone
                stdout=subprocess.PIPE,
                stderr=log,
            )
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        reader = threading.Thread(target=_read, args=(process, lines), name="api-server-lines", daemon=True)
        reader.start()
        return _Child(process, lines, reader)

    def _watch(self, child: _Child) -> None:
        """Tells the window when the child ends by itself, and why."""
        code = child.process.wait()
        with self._lock:
            if self._child is not child:
                return  # ended on purpose
            self._child = None
        self._emit(ServerChanged(JobId(0), "", reason=self._why(child, code)))

    def _why(self, child: _Child, code: int) -> Sentence:
        child.reader.join(_LAST_WORDS_S)
        last = b""
        while not child.lines.empty():
            last = child.lines.get()
        if reason := _reason(last):
            return sentence("serve_ended_saying", reason=reason, log=str(self._log))
        if code < 0:
            return sentence("serve_ended_signal", signal=-code, log=str(self._log))
        return sentence("serve_ended", number=code, log=str(self._log))

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            _end(child)


def _read(process: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    assert process.stdout is not None
    while line := process.stdout.readline(_LONGEST_LINE):
        lines.put(line)


def _first_line(child: _Child, token: CancelToken) -> bytes:
    """The one line in which the child says where it listens, or why it does not; b"" for none."""
    while True:
        token.raise_if_cancelled()
        over = not child.reader.is_alive()
        try:
            return child.lines.get(timeout=_POLL_S)
        except queue.Empty:
            if over:
                return b""


def _end(child: _Child) -> None:
    process = child.process
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _changed(job: JobId, said: dict[str, Any]) -> ServerChanged:
    elsewhere = said.get("elsewhere", [])
    return ServerChanged(job, said["address"], said.get("key", ""), "key_file" in said, tuple(elsewhere))


def _understood(line: bytes, log: Path) -> dict[str, Any]:
    said = _object(line)
    if isinstance(said.get("address"), str):
        return said
    detail = _reason(line) or line.decode("utf-8", "replace").strip()[:500]
    raise UsageError.of("serve_not_started", reason=detail or "it ended at once", log=str(log))


def _reason(line: bytes) -> str:
    """With --json a command that fails says why in a line of its own; "" for any other."""
    said = _object(line)
    reason = said.get("message") if said.get("event") == "error" else None
    return reason if isinstance(reason, str) else ""


def _object(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
