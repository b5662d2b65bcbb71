"""Asks the drawing process, starts it when it is needed, and ends it when it takes too long."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Sequence

from engine.chat.maths import LONGEST, Formula
from engine.typesetting.limit import Limit
from engine.typesetting.picture import LONGEST_HEADER, Picture, Style, read_reply, write_request

LIMIT_S = 2.0  # of the processor, for a formula
START_LIMIT_S = 10.0  # for the first one of a process, which has libraries to load
_MOST_FAILURES = 5  # starts in a row that brought nothing: the program is broken, not the formula


class Typesetter:
    """`command` is the program with TYPESETTING_WORD. `draw` belongs to one thread, `close` to any."""

    def __init__(self, command: Sequence[str], limit_s: float = LIMIT_S) -> None:
        self._command = list(command)
        self._limit_s = limit_s
        self._process: subprocess.Popen[bytes] | None = None
        self._answered = False  # this process has given a reply
        self._failures = 0
        self._lock = threading.Lock()
        self._closed = False

    def draw(self, formula: Formula, style: Style) -> Picture | None:
        """Waits. None for a formula that cannot be drawn: malformed, too large, or too slow."""
        if not formula.tex or len(formula.tex) > LONGEST:
            return None
        process = self._running()
        if process is None:
            return None
        limit = Limit(process, self._limit_s if self._answered else START_LIMIT_S)
        try:
            picture = _ask(process, formula, style)
        except (OSError, ValueError):  # it was killed or closed, has crashed, or says what it may not
            self._failures += not self._answered
            self._end()
            return None
        finally:
            limit.end()
        self._answered = True
        self._failures = 0
        return picture

    def rest(self) -> None:
        """Ends the process until the next formula, for its memory."""
        self._end()

    def close(self) -> None:
        """For good."""
        with self._lock:
            self._closed = True
        self._end()

    def _running(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._closed or self._failures >= _MOST_FAILURES:
                return None
            if self._process is None:
                try:
                    self._process = subprocess.Popen(
                        self._command,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                    )
                except OSError:
                    self._failures = _MOST_FAILURES
                    return None
                self._answered = False
            return self._process

    def _end(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _ask(process: subprocess.Popen[bytes], formula: Formula, style: Style) -> Picture | None:
    """Raises OSError or ValueError where no proper reply comes."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(write_request(formula, style))
    process.stdin.flush()
    header = process.stdout.readline(LONGEST_HEADER)
    return read_reply(header, style, process.stdout.read)
