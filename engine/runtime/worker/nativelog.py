"""What llama.cpp logs: kept while it explains something, passed on to the worker's log."""

from __future__ import annotations

import os
from typing import Any

# ggml_log_level
_DEBUG, _ERROR, _CONT = 1, 4, 5
_MOST_KEPT = 4000  # lines; a load writes some hundreds
_MOST_FORWARDED = 2 * 1024 * 1024  # bytes in a worker's life, so that no log fills a disk


class NativeLog:
    """Takes the place of the package's own logger, which hides the reason of a failed load."""

    def __init__(self, llama: Any) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._level = _DEBUG
        self._forwarded = 0
        # llama.cpp keeps the bare pointer, so the callback must live as long as the worker.
        self.callback = llama.llama_log_callback(self._take)
        llama.llama_log_set(self.callback, None)

    def forget(self) -> None:
        """Drops what was kept, so that later lines explain later events."""
        self.lines.clear()
        self.errors.clear()

    def reason(self) -> str:
        """Why the last call failed, in llama.cpp's words; "" when it said nothing."""
        telling = [line for line in self.errors if "failed to load model" not in line]
        line = (telling or self.errors or [""])[-1]
        # "function: what happened"
        return (line.partition(": ")[2] or line).removeprefix("error loading model: ")

    def _take(self, level: int, text: bytes | None, _user_data: object) -> None:
        if level != _CONT:
            self._level = level
        if self._level == _DEBUG or not text:
            return
        line = text.decode("utf-8", "replace").strip()
        if line and len(self.lines) < _MOST_KEPT:
            self.lines.append(line)
        if line and self._level == _ERROR:
            self.errors = [*self.errors[-15:], line]
        self._forward(text)

    def _forward(self, text: bytes) -> None:
        if self._forwarded < _MOST_FORWARDED:
            self._forwarded += os.write(2, text)
