"""What was asked before, brought back by Up and Down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_MOST: Final = 500


class InputHistory:
    """Knows no widget. Walks only from an empty field, or from a text that it gave itself."""

    def __init__(self) -> None:
        self._entries: list[str] = []
        self._place = 0  # len: below the newest

    def show(self, entries: Iterable[str]) -> None:
        """Those of another conversation, oldest first."""
        self._entries = []
        for entry in entries:
            self.add(entry)

    def add(self, text: str) -> None:
        if text.strip() and self._entries[-1:] != [text]:
            self._entries = [*self._entries[-_MOST:], text]
        self._place = len(self._entries)

    def walk(self, text: str, step: int) -> str | None:
        """What takes the place of `text`; None where nothing does. Down from the newest empties it."""
        if not text:
            self._place = len(self._entries)
        elif self._place >= len(self._entries) or text != self._entries[self._place]:
            return None
        place = self._place + step
        if not 0 <= place <= len(self._entries) or (not text and step > 0):
            return None
        self._place = place
        return self._entries[place] if place < len(self._entries) else ""
