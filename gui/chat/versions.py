"""Which messages stand beside each other in a conversation's tree. No Qt."""

from __future__ import annotations

from collections.abc import Iterable

from engine.chat.conversation import ChatMessage


class Versions:
    """Questions that were edited, and answers that were asked for again."""

    def __init__(self, messages: Iterable[ChatMessage] = ()) -> None:
        self._parents: dict[int, int | None] = {}
        self._children: dict[int | None, list[int]] = {}
        for message in messages:
            self.add(message)

    def add(self, message: ChatMessage) -> None:
        """A new message, or one that is known already."""
        if message.id not in self._parents:
            self._parents[message.id] = message.parent_id
            self._children.setdefault(message.parent_id, []).append(message.id)

    def of(self, message_id: int) -> tuple[int, ...]:
        """The message and those beside it, the oldest first."""
        if message_id not in self._parents:
            return (message_id,)
        return tuple(sorted(self._children[self._parents[message_id]]))
