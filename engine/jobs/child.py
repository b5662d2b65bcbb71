"""A command of this program as a child of the window: what it says line by line, and its end.

A process of its own, so that whatever it does cannot slow the window down or end it. It ends with the pipe
that is its standard input, however we end.
"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.cancellation import CancelToken

_END_S: Final = 5.0  # running answers are given a moment
_POLL_S: Final = 0.05
_LAST_WORDS_S: Final = 1.0  # until they are read, once it has ended; others may hold its output open
_LONGEST_LINE: Final = 64 * 1024


class Child:
    """Started with `--json --with-parent` among its words. Thread-safe."""

    def __init__(self, command: Sequence[str], log: Path, name: str) -> None:
        """`log` takes what it says about itself; `name` is that of a thread. Raises: OSError."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [*command],
                stdin=subprocess.PIPE,  # its end tells the child that we are gone
                stdout=subprocess.PIPE,
                stderr=file,
            )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()  # b"" last: there will be no more
        self._reader = threading.Thread(target=self._read, name=name, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def first_line(self, token: CancelToken) -> bytes:
        """The one in which it says that it is ready, or why it is not; b"" for none. Raises: Cancelled."""
        token.raise_if_cancelled()
        while self._lines.empty():
            token.wait(_POLL_S)
            token.raise_if_cancelled()
        return self.next_line()

    def next_line(self) -> bytes:
        """Waits for it; b"" when there will be no more."""
        line = self._lines.get()
        if not line:
            self._lines.put(line)  # it stays the last
        return line

    def wait(self) -> int:
        """For its end; its exit code."""
        return self._process.wait()

    def last_line(self) -> bytes:
        """Of one that has ended."""
        self._reader.join(_LAST_WORDS_S)
        last = b""
        while not self._lines.empty() and (line := self.next_line()):
            last = line
        return last

    def let_go(self) -> None:
        """Asks it to end and does not wait."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def end(self) -> None:
        """Returns when it is gone."""
        self.let_go()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while line := self._process.stdout.readline(_LONGEST_LINE):
                self._lines.put(line)
        finally:
            self._lines.put(b"")


def object_in(line: bytes) -> dict[str, Any]:
    """What a line says; empty for any that is no object."""
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def reason_in(line: bytes) -> str:
    """With --json a command that fails says why in a line of its own; "" for any other."""
    said = object_in(line)
    reason = said.get("message") if said.get("event") == "error" else None
    return reason if isinstance(reason, str) else ""
