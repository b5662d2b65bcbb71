"""A command of this program that the window switches on and off: at most one child process at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from engine.cancellation import CancelToken
from engine.jobs.child import Child

Said = TypeVar("Said")


class ChildSwitch:
    """Thread-safe."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        """`command` starts this program; `log` takes what the child says about itself."""
        self._command = tuple(command)
        self._log = log
        self._lock = threading.Lock()
        self._child: Child | None = None

    @property
    def running(self) -> bool:
        return self._child is not None

    def close(self) -> None:
        """Asks the child to end and does not wait: it ends with its standard input."""
        child, self._child = self._child, None
        if child is not None:
            child.let_go()

    def _switch_on(
        self, words: Sequence[str], name: str, token: CancelToken, understood: Callable[[bytes], Said]
    ) -> tuple[Child, Said]:
        """Under the lock. Another one in place of the child that runs, once its first line is understood.
        Raises: what `understood` raises; Cancelled; OSError."""
        self._switch_off()
        child = Child([*self._command, *words], self._log, f"{name}-lines")
        try:
            said = understood(child.first_line(token))
        except BaseException:
            child.end()
            raise
        self._child = child
        return child, said

    def _switch_off(self) -> None:
        """Under the lock. Returns when the child is gone."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def _ended_by_itself(self, child: Child) -> bool:
        """Of a child that has ended; False where that was wanted."""
        with self._lock:
            if self._child is not child:
                return False
            self._child = None
            return True
