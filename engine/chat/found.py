"""What a search through all conversations has found."""

from __future__ import annotations

from dataclasses import dataclass

from engine.chat.conversation import Role
from engine.chat.snippets import Snippet


@dataclass(frozen=True, slots=True)
class FoundMessage:
    id: int
    role: Role
    created_at: float  # seconds since the epoch
    snippet: Snippet
    thought: bool = False  # it stands in the model's reasoning


@dataclass(frozen=True, slots=True)
class FoundConversation:
    """`messages`: the newest first; none where only the title has the words."""

    id: int
    title: str
    title_marks: tuple[tuple[int, int], ...]
    updated_at: float
    messages: tuple[FoundMessage, ...]


@dataclass(frozen=True, slots=True)
class ChatsFound:
    """Conversations whose newest hit is the newest come first, those found by their title before all."""

    words: str  # that were looked for
    conversations: tuple[FoundConversation, ...]
    more: bool = False  # there are more messages with these words than are shown
    unread: int = 0  # messages that the index has not read yet

    @property
    def messages(self) -> int:
        return sum(len(chat.messages) for chat in self.conversations)
