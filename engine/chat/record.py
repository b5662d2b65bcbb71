"""A conversation as it leaves or enters: with everything that is kept of it, in plain values."""

from __future__ import annotations

from dataclasses import dataclass

from engine.chat.conversation import Conversation, TitleBy


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """Ids in `conversation` tell its messages apart and mean nothing elsewhere."""

    conversation: Conversation
    uid: str  # the same wherever it goes, so that it is not taken in twice
    created_at: float  # seconds since the epoch
    updated_at: float
    folder: str = ""  # its name; "" for none
    pinned: bool = False
    title_by: TitleBy = TitleBy.PERSON
