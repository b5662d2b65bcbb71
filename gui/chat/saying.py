"""The words of messages' own rows, where they depend on the conversation around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QLocale

from engine.chat.conversation import ChatMessage, PartKind
from gui.chat.details import Electricity, details_of
from gui.chat.message_box import MessageBox, Wording, is_reading_start
from gui.chat.part_rows import VersionWords
from gui.chat.wording import footer_words, reading_words, thought_title, tool_words, version_words


class Saying:
    """`boxes` is the list that the canvas shows. `busy`: an answer is written, no other can be asked for."""

    def __init__(self, boxes: Sequence[MessageBox]) -> None:
        self._boxes = boxes
        self.busy = False
        self.electricity: Electricity | None = None
        self.versions_of: Callable[[int], tuple[int, ...]] = lambda message_id: (message_id,)
        self.wording = Wording(
            lambda thought: thought_title(thought, QLocale()),
            lambda message: footer_words(message, QLocale(), self._is_last(message), self.busy),
            lambda message: details_of(message, QLocale(), self.electricity),
            lambda message: reading_words(
                self._is_reading_start(message), bool(message.text(PartKind.SUMMARY))
            ),
            tool_words,
            self._version_words,
        )

    def _version_words(self, message: ChatMessage) -> VersionWords | None:
        versions = self.versions_of(message.id)
        return version_words(versions.index(message.id) + 1, len(versions), QLocale(), self.busy)

    def _is_last(self, message: ChatMessage) -> bool:
        return bool(self._boxes) and self._boxes[-1].message.id == message.id

    def _is_reading_start(self, message: ChatMessage) -> bool:
        """True where reading begins now, not at an earlier mark."""
        marked = (box.message.id for box in reversed(self._boxes) if is_reading_start(box.message))
        return next(marked, None) == message.id
